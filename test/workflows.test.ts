// The workflows keep what the list of suites promises, and whoever changes one of them so that it does not is told.
import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { findWorkflowFaults } from "../scripts/workflows.ts";
import { SUITES } from "./suites.ts";
import { tempFolder } from "./support/temp-folder.ts";

test("every workflow is of Gitea's dialect, runs npm scripts alone, and runs each suite that it promises", () =>
  assert.deepEqual(findWorkflowFaults(".", SUITES), []));

type Change = (text: string) => string;
const replaced =
  (from: string | RegExp, to: string): Change =>
  (text) => {
    const changed = text.replace(from, to);
    assert.notEqual(changed, text, `${from} is not there`);
    return changed;
  };

/** The workflows of this repository, with one file changed. */
async function faultsAfter(
  context: TestContext,
  path: string,
  change: Change | null,
): Promise<readonly string[]> {
  const root = await tempFolder(context);
  cpSync(".gitea", join(root, ".gitea"), { recursive: true });
  cpSync("package.json", join(root, "package.json"));
  const file = join(root, path);
  if (change === null) rmSync(file);
  else writeFileSync(file, change(readFileSync(file, "utf8")));
  return findWorkflowFaults(root, SUITES);
}

const of = (name: string): string => `.gitea/workflows/${name}.yaml`;
const RUN = "      - run: npm run check\n";

const SPOILT: readonly (readonly [
  name: string,
  path: string,
  change: Change | null,
  says: RegExp,
])[] = [
  ["a workflow that is gone", of("quality"), null, /quality\.yaml is missing/],
  [
    "a suite that is not run any more",
    of("quality"),
    replaced("      - run: npm run test:failure\n", ""),
    /long disasters is promised by quality, which does not run it/,
  ],
  [
    "a suite that is left out by an argument",
    of("quality"),
    replaced("npm test -- --coverage", "npm test -- --suite unit"),
    /The suite flows is promised by quality/,
  ],
  [
    "a script that runs something else now",
    "package.json",
    replaced("--suite sneaky-price-watch", "--suite unit"),
    /sneaky-price-watch is promised by product_quality/,
  ],
  [
    "a script that is gone",
    "package.json",
    replaced('"check":', '"checks":'),
    /there is no script check\b/,
  ],
  [
    "a shell of its own",
    of("quality"),
    replaced(RUN, "      - run: npm run check || true\n"),
    /is not npm and one script/,
  ],
  [
    "an expression in a command",
    of("quality"),
    replaced(RUN, "      - run: npm run check -- ${{ github.event.pull_request.title }}\n"),
    /is not npm and one script/,
  ],
  [
    "a key that servers ignore",
    of("quality"),
    replaced("    runs-on: orket\n", "    runs-on: orket\n    timeout-minutes: 5\n"),
    /timeout-minutes/,
  ],
  [
    "a step that may fail",
    of("quality"),
    replaced(RUN, `${RUN}        continue-on-error: true\n`),
    /continue-on-error/,
  ],
  [
    "a condition that leaves the tests out",
    of("quality"),
    replaced("    runs-on: orket\n", "    runs-on: orket\n    if: github.actor != 'bob'\n"),
    /a condition can leave it out/,
  ],
  [
    "an action that fails on this forge",
    of("quality"),
    replaced(RUN, `${RUN}      - uses: actions/upload-artifact@v4\n`),
    /upload-artifact@v4 does not work here/,
  ],
  [
    "an event that this forge does not know",
    of("quality"),
    replaced("  pull_request:\n", "  pull_request:\n  merge_group:\n"),
    /merge_group/,
  ],
  [
    "no run for pull requests",
    of("docker_smoke"),
    replaced("  pull_request:\n", ""),
    /does not run for pull requests/,
  ],
  [
    "a secret where anybody's pull request runs",
    of("quality"),
    replaced('      CI: "true"\n', '      CI: "true"\n      TOKEN: ${{ secrets.TOKEN }}\n'),
    /it is given a secret/,
  ],
  [
    "skips that would be green",
    of("product_quality"),
    replaced('      CI: "true"\n', '      CI: "false"\n'),
    /CI is not set/,
  ],
  [
    "a publication that nobody asked for",
    of("publish"),
    replaced(/ {4}if: .*\n/, ""),
    /no variable has to ask for it/,
  ],
  [
    "a publication by pull request",
    of("publish"),
    replaced("  workflow_dispatch:\n", "  workflow_dispatch:\n  pull_request:\n"),
    /a pull request must not start it/,
  ],
  [
    "two keys of one name",
    of("quality"),
    replaced("name: quality\n", "name: quality\nname: quality\n"),
    /unique/,
  ],
];

for (const [name, path, change, says] of SPOILT)
  test(`${name} is a fault`, async (context) =>
    assert.match((await faultsAfter(context, path, change)).join("\n"), says));

test("a suite that no workflow promises is a fault", () => {
  const [first] = SUITES;
  assert.ok(first);
  const lonely = { ...first, name: "lonely", workflows: [] };
  assert.deepEqual(findWorkflowFaults(".", [lonely]), ["No workflow runs the suite lonely."]);
});
