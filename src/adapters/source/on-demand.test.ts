// The grammars stay unloaded until a text is to be read, and texts that come together are read by one parser.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createSourceParserOnDemand } from "./on-demand.ts";

test("texts asked for at the same time all get their facts", async () => {
  const { parse } = createSourceParserOnDemand();
  const facts = await Promise.all([
    parse("python", "class One: pass\n"),
    parse("javascript", "export class Two {}\n"),
    parse("typescript", "const broken: = 1;\n"),
  ]);
  assert.deepEqual(
    facts.map(({ classes, errorLine }) => [classes.length, errorLine]),
    [
      [1, null],
      [1, null],
      [0, 1],
    ],
  );
});

test("neither parser nor model library is loaded by putting an engine together", () => {
  const program = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    await import(${JSON.stringify(new URL("../../assemble.ts", import.meta.url).href)});
    console.log(JSON.stringify(loaded));
  `;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
    cwd: fileURLToPath(new URL("../../../", import.meta.url)),
    stdio: ["ignore", "pipe", "ignore"],
  });
  const loaded = JSON.parse(output) as readonly string[];
  assert.ok(loaded.some((url) => url.includes("/kysely/")));
  const heavy = /\/node_modules\/(?:@babel\/parser|@lezer|ai|@ai-sdk|undici)\//;
  assert.deepEqual(
    loaded.filter((url) => heavy.test(url)),
    [],
  );
});
