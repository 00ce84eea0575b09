// kill -9 between any two steps of putting a published folder away: the next call finishes it, and the folder is in exactly one
// place, or gone where it was to go.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { publishScene } from "../support/publish-scene.ts";

const MOVER = fileURLToPath(new URL("../support/publish-mover.ts", import.meta.url));
const STEPS_MAX = 20;

async function open(context: TestContext, isPublished = true) {
  const scene = await publishScene(context);
  await scene.commit({ "product/shop/a": "1" }, 50);
  if (isPublished) assert.ok((await scene.publish()).ok);
  const archive = join(scene.stateDir, "archive");
  return {
    ...scene,
    /** Whether it was killed. */
    work: async (what: "cleanup" | "remove", dieAfter: number): Promise<boolean> => {
      const args = [MOVER, scene.dir, scene.forge.url, scene.owner.token, what, String(dieAfter)];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
      const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
      assert.ok(code === 0 || signal === "SIGKILL", `${code} ${signal}`);
      return signal === "SIGKILL";
    },
    places: (): readonly [boolean, number] => [
      existsSync(join(scene.dir, "product/shop")),
      existsSync(archive) ? readdirSync(archive).length : 0,
    ],
    state: async () => (await scene.rows()).map(({ state }) => state),
  };
}

test("R-73 killed at any step of archiving, the next call has the folder in the archive, once, and says so", async (context) => {
  for (let dieAfter = 1; dieAfter <= STEPS_MAX; dieAfter += 1) {
    const scene = await open(context);
    const wasKilled = await scene.work("cleanup", dieAfter);
    const [isThere, away] = scene.places();
    assert.equal(Number(isThere) + away, 1);
    assert.equal(await scene.work("cleanup", 0), false);
    assert.deepEqual([scene.places(), await scene.state()], [[false, 1], ["archived"]]);
    const events = (await scene.events()).filter((one) => one.startsWith("product-archived"));
    assert.equal(events.length, 1);
    if (wasKilled) continue;
    // What is written before, the move, what is written after.
    assert.equal(dieAfter, 4);
    return;
  }
  assert.fail("It never came to its end.");
});

test("R-72 killed at any step of publishing and of deleting after it, the next call finishes both", async (context) => {
  for (let dieAfter = 1; dieAfter <= STEPS_MAX; dieAfter += 1) {
    const scene = await open(context, false);
    const wasKilled = await scene.work("remove", dieAfter);
    assert.equal(await scene.work("remove", 0), false);
    assert.deepEqual([scene.places(), await scene.state()], [[false, 0], ["deleted"]]);
    assert.deepEqual(await scene.events(), [
      "product-published human:ann",
      "product-deleted human:ann",
    ]);
    if (wasKilled) continue;
    // The push, its note and its proof, then three writes with the move and the deletion between them.
    assert.equal(dieAfter, 9);
    return;
  }
  assert.fail("It never came to its end.");
});

test("R-73 a folder that was made anew under the name of one that was being put away stays", async (context) => {
  const scene = await open(context);
  // The row is written, the folder is moved, and then it is over.
  assert.ok(await scene.work("cleanup", 2));
  await scene.write("product/shop/a", "another");
  assert.equal(await scene.work("cleanup", 0), false);
  assert.deepEqual([scene.places(), await scene.state()], [[true, 1], ["archived"]]);
});
