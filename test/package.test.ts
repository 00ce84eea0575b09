// The published package: built, packed, installed into an empty folder and run from there as a user would.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, test } from "node:test";

const root = join(import.meta.dirname, "..");
const temporaryDir = mkdtempSync(join(tmpdir(), "orket-package-"));
after(() => rmSync(temporaryDir, { recursive: true, force: true }));

// The Node that runs this test comes first, so that the installed package finds one new enough and nothing of the checkout.
const env = {
  ...process.env,
  PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`,
};
const run = (command: string, argv: readonly string[], cwd: string): string =>
  execFileSync(command, argv, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

type Packed = { readonly filename: string; readonly files: readonly { readonly path: string }[] };

const buildAndPack = (): Packed => {
  run("npm", ["run", "build"], root);
  const answer: unknown = JSON.parse(
    run("npm", ["pack", "--json", "--pack-destination", temporaryDir], root),
  );
  const packed: unknown = Object.values(answer as object)[0];
  return packed as Packed;
};

test("the package", async (t) => {
  const { filename, files } = buildAndPack();
  const paths = files.map(({ path }) => path);

  await t.test("holds what a user needs", () => {
    const needed = [
      "LICENSE",
      "README.md",
      "package.json",
      "bin/orket",
      "bin/package.json",
      "dist/main.js",
      "web/dist/index.html",
    ];
    assert.deepEqual(
      needed.filter((path) => !paths.includes(path)),
      [],
    );
    for (const folder of ["migrations/sqlite/", "examples/", "harness/"])
      assert.ok(
        paths.some((path) => path.startsWith(folder)),
        folder,
      );
  });

  await t.test("holds neither sources nor tests of the engine", () => {
    const unwanted = paths.filter((path) =>
      /^(?:src|test|scripts|bench|docs)\/|^dist\/.*\.(?:test\.js|suite\.js|ts)$/.test(path),
    );
    assert.deepEqual(unwanted, []);
  });

  await t.test("installs into an empty folder and runs there", () => {
    const options = [
      "--ignore-scripts",
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
    ];
    run("npm", ["install", ...options, join(temporaryDir, filename)], temporaryDir);
    const orket = join(temporaryDir, "node_modules", ".bin", "orket");
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      readonly version: string;
    };
    assert.equal(run(orket, ["--version"], temporaryDir).trim(), version);
    const helper = join(temporaryDir, "node_modules/orket/harness/askpass.sh");
    assert.doesNotThrow(() => accessSync(helper, constants.X_OK));
    run(orket, ["demo"], temporaryDir);
  });
});
