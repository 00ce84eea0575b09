// The first part of `npm run test:products`: says which products are tested, which suites that are and why these; red when a
// product has no suite of its own.
import { readdirSync } from "node:fs";
import { SUITES } from "../test/suites.ts";

const products = readdirSync("products", { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

console.log(`Scope: ${products.length} in products/: ${products.join(", ")}`);
for (const product of products) {
  const suites = SUITES.filter(({ folder }) => folder === `products/${product}`);
  for (const { name, files, why } of suites)
    console.log(`  suite ${name}: ${files.join(", ")}\n    ${why}`);
  if (suites.length === 0) {
    console.error(`✗ products/${product} has no suite: name one in test/suites.ts.`);
    process.exitCode = 1;
  }
}
console.log(`Left out: the engine, which products never import and which never imports them; quality tests it.
Why apart: a product is held to its own types and tests as the package that it will be published as, so that a red product
names itself and an engine that is green does not hide it.
`);
