// The escape table: what must not work behind walls. Every program is run bare as well, and gets out there: a table that
// cannot fail shows nothing. Limits and ends are in containment-limits.suite.ts.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import type { Containment } from "../../src/ports/containment.ts";
import { argvOf, commandIn, openAttackScene, runBare } from "../support/attack-scene.ts";
import type { Attack } from "../support/attacks.ts";
import { ATTACKS } from "../support/attacks.ts";

export type Walls = {
  readonly name: string;
  readonly open: () => Containment;
  readonly languages: readonly Attack["language"][];
};

const NEVER = new AbortController().signal;

export function testEscapes({ name, open, languages }: Walls): void {
  for (const [theme, attacks] of Object.entries(ATTACKS)) {
    describe(`${name}: ${theme}`, () => {
      for (const attack of attacks.filter(({ language }) => languages.includes(language)))
        test(`R-29 holds ${attack.name} (${attack.language})`, (context) => hold(context, attack));
    });
  }

  async function hold(context: Parameters<typeof openAttackScene>[0], attack: Attack) {
    const scene = await openAttackScene(context);
    await symlink(String(scene.facts["canaryPath"]), join(scene.workspaceDir, "linked-file"));
    await symlink(scene.outsideDir, join(scene.workspaceDir, "linked-folder"));
    const facts = await open().run(
      commandIn(scene.workspaceDir, argvOf(attack, scene.facts)),
      NEVER,
    );
    assert.ok(facts.ok, JSON.stringify(facts));
    const { stdout, stderr, ended } = facts.value;
    assert.equal(ended, "exited", stderr.head);
    assert.match(stdout.head, /held/, stderr.head);
    assert.doesNotMatch(stdout.head, /ESCAPED/);
    assert.equal(scene.hits(), 0);
    assert.ok(scene.victimsAlive());
    assert.equal(existsSync(join(scene.outsideDir, "written")), false);
    if (attack.noControl !== null) context.diagnostic(`not shown bare: ${attack.noControl}`);
    else {
      const said = await runBare(scene, attack);
      assert.ok(said.includes("ESCAPED") || scene.hits() > 0, `no attack without walls: ${said}`);
    }
  }

  describe(`${name}: the workspace`, () => {
    test("R-29 refuses a link in the place of the workspace, and runs nothing", async (context) => {
      const scene = await openAttackScene(context);
      const swapped = join(dirname(scene.workspaceDir), "swapped");
      await symlink(scene.outsideDir, swapped);
      const facts = await open().run(commandIn(swapped, ["touch", "sprung"]), NEVER);
      assert.ok(!facts.ok || facts.value.ended !== "exited", JSON.stringify(facts));
      assert.equal(existsSync(join(scene.outsideDir, "sprung")), false);
    });

    test("R-29 follows no link that a program left behind as its folder", async (context) => {
      const scene = await openAttackScene(context);
      const left = ["ln", "-s", scene.outsideDir, "left"];
      const made = await open().run(commandIn(scene.workspaceDir, left), NEVER);
      assert.ok(made.ok && made.value.exitCode === 0, JSON.stringify(made));
      const touch = commandIn(scene.workspaceDir, ["touch", "sprung"], { cwd: "left" });
      const facts = await open().run(touch, NEVER);
      assert.ok(!facts.ok || facts.value.exitCode !== 0, JSON.stringify(facts));
      assert.equal(existsSync(join(scene.outsideDir, "sprung")), false);
    });

    test("R-29 stays in the workspace whatever folder is asked for", async (context) => {
      const scene = await openAttackScene(context);
      for (const cwd of ["..", "../..", "a/../..", scene.outsideDir, `/${"../".repeat(9)}root`]) {
        const touch = commandIn(scene.workspaceDir, ["touch", "sprung"], { cwd });
        await open().run(touch, NEVER);
        const places = [dirname(scene.workspaceDir), scene.outsideDir, "/", "/root"];
        assert.deepEqual(
          places.filter((place) => existsSync(join(place, "sprung"))),
          [],
          cwd,
        );
      }
    });

    test("R-29 lets a program write its workspace, and not a read-only one", async (context) => {
      const scene = await openAttackScene(context);
      const write = (workspace: "writable" | "read-only", file: string) =>
        open().run(
          commandIn(scene.workspaceDir, ["sh", "-c", `echo kept > ${file}`], { workspace }),
          NEVER,
        );
      const kept = await write("writable", "kept");
      assert.ok(kept.ok && kept.value.exitCode === 0, JSON.stringify(kept));
      assert.equal(readFileSync(join(scene.workspaceDir, "kept"), "utf8"), "kept\n");
      const held = await write("read-only", "held");
      assert.ok(held.ok && held.value.exitCode !== 0);
      assert.equal(existsSync(join(scene.workspaceDir, "held")), false);
    });

    test("R-29 shows other folders read-only, and nothing beside them", async (context) => {
      const scene = await openAttackScene(context);
      const folders = { "/verification": scene.outsideDir };
      const script = "cat /verification/secret.txt && ! touch /verification/new";
      const read = commandIn(scene.workspaceDir, ["sh", "-c", script], { folders });
      const facts = await open().run(read, NEVER);
      assert.ok(facts.ok);
      assert.equal(facts.value.exitCode, 0, facts.value.stderr.head);
      assert.deepEqual(
        [facts.value.stdout.head.length, existsSync(join(scene.outsideDir, "new"))],
        [24, false],
      );
    });
  });
}
