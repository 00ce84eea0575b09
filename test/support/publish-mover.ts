// Puts folders away, or deletes them after publishing, in a process that a kill ends after so many steps: each write of the
// registry and each change on the disk is one, and so is the push. It takes the project's folder, the forge's address and token, what to do, and after how many.
import { join } from "node:path";
import type { Products } from "../../src/ports/products.ts";
import type { Store } from "../../src/ports/store.ts";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { cleanUpProducts } from "../../src/app/publish/cleanup.ts";
import { publish } from "../../src/app/publish/publish.ts";
import { openPublishDeps, REQUEST } from "./publish-scene.ts";

const [dir = "", url = "", token = "", what = "", dieAfter = ""] = process.argv.slice(2);
let left = Number(dieAfter);

/** Dies after what was done, with nothing of what would come next. */
async function step<Value>(work: Promise<Value>): Promise<Value> {
  const value = await work;
  left -= 1;
  if (left === 0) process.kill(process.pid, "SIGKILL");
  return value;
}

const project = { dir, stateDir: join(dir, ".orket") };
const { deps, store } = await openPublishDeps({ project, url, token, clock: createSystemClock() });
const stepped: Store = { ...store, transaction: async (work) => step(store.transaction(work)) };
const products: Products = {
  ...deps.products,
  archive: async (folder, place) => step(deps.products.archive(folder, place)),
  remove: async (place) => step(deps.products.remove(place)),
};
const openPublisher: typeof deps.openPublisher = () => {
  const opened = deps.openPublisher();
  if (!opened.ok || opened.value === null) return opened;
  const { forge, remote } = opened.value;
  const push: typeof remote.push = async (...call) => step(remote.push(...call));
  return { ok: true, value: { forge, remote: { ...remote, push } } };
};
const killable = { ...deps, store: stepped, products, openPublisher };
const done =
  what === "cleanup"
    ? await cleanUpProducts(killable, { archiveDays: 1, deleteDays: 1, executes: true })
    : await publish(killable, { ...REQUEST, deletesLocal: true });
await store.close();
process.exitCode = done.ok ? 0 : 1;
