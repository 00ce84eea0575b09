// A folder of its own for one test, gone afterwards.
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export async function tempFolder(context: TestContext): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "orket-test-")));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
