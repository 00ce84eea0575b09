// What every source of a project's assets must do, whatever it reads them from. The maker gives it the files of a project.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Assets } from "../../src/ports/assets.ts";
import type { ProjectFiles } from "../support/asset-project.ts";
import { ASSET_BASE, epicOf } from "../support/asset-project.ts";

export type OpenAssets = (context: TestContext, files: ProjectFiles) => Promise<Assets>;

const BYTES = 1000;

export function testAssets(name: string, open: OpenAssets): void {
  test(`${name}: a valid project loads, every name in it resolved`, async (context) => {
    const files = {
      ...ASSET_BASE,
      "model/core/epics/work.yaml": epicOf([{ id: "a" }, { id: "b", depends_on: ["a"] }]),
    };
    const loaded = await (await open(context, files)).load();
    assert.ok(loaded.ok);
    const epic = loaded.value.epics["core/work"];
    const team = loaded.value.teams[`core/${epic?.team}`];
    assert.deepEqual(
      epic?.issues.map(({ id, seat, dependsOn }) => [id, seat, dependsOn]),
      [
        ["a", "coder", []],
        ["b", "coder", ["a"]],
      ],
    );
    for (const seat of team?.seats ?? [])
      for (const role of seat.roles) assert.equal(team?.roles[role]?.name, role);
    assert.equal(
      loaded.value.environments[`core/${epic?.environment}`]?.model,
      "scripted:script.yaml",
    );
  });

  test(`${name}: one problem makes the load fail, and every problem is told, by file, then place`, async (context) => {
    const files = {
      ...ASSET_BASE,
      "model/core/epics/work.yaml": epicOf([{ id: "b", zzz: 1, seat: "nobody" }]),
      "config/organization.yaml": "name: 1",
    };
    const loaded = await (await open(context, files)).load();
    assert.ok(!loaded.ok);
    assert.deepEqual(
      loaded.error.map(({ file, path }) => [file, path]),
      [
        ["config/organization.yaml", "$.ethos"],
        ["config/organization.yaml", "$.name"],
        ["config/organization.yaml", "$.vision"],
        ["model/core/epics/work.yaml", "$.issues[0].seat"],
        ["model/core/epics/work.yaml", "$.issues[0].zzz"],
      ],
    );
  });

  test(`${name}: text of the project is given as it stands, up to the bytes that are asked for`, async (context) => {
    const assets = await open(context, {
      "docs/a b/é.md": "Grüße\n",
      "AGENTS.md": "x".repeat(BYTES),
    });
    assert.equal(await assets.readText("docs/a b/é.md", BYTES), "Grüße\n");
    assert.equal(await assets.readText("./docs/./a b/é.md", BYTES), "Grüße\n");
    assert.equal((await assets.readText("AGENTS.md", BYTES))?.length, BYTES);
    assert.equal(await assets.readText("AGENTS.md", BYTES - 1), null);
  });

  test(`${name}: what is missing, no text, outside or protected is not given`, async (context) => {
    const secrets = [
      ".env",
      ".env.local",
      "a/.git/config",
      ".orket/orket.db",
      "keys/server.pem",
      "id_rsa",
      "data/x.sqlite",
      ".ssh/config",
    ];
    const files = Object.fromEntries(secrets.map((path) => [path, "secret"]));
    const assets = await open(context, { ...files, "docs/x.md": "x", "docs/nul.md": "a\0b" });
    const paths = [
      "missing.md",
      "docs",
      "docs/nul.md",
      "",
      ".",
      "..",
      "../x",
      "docs/../docs/x.md",
      "/etc/hostname",
      "docs//x.md",
      "docs\\x.md",
      "docs/x.md\0",
      "docs/x.md/",
      `${"d/".repeat(70)}x`,
      "n".repeat(5000),
      ".GIT/config",
      "a/.Git/config",
    ];
    for (const path of [...secrets, ...paths])
      assert.equal(await assets.readText(path, BYTES), null, JSON.stringify(path));
  });
}
