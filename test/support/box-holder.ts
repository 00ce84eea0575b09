// An Orket of its own that runs commands in boxes and is killed while it does: by whoever started it, or, given a number of
// boxes, by itself as soon as it has begun the last one, so that each is caught at another step of being built.
import { setTimeout as pause } from "node:timers/promises";
import { createContainment } from "../../src/adapters/containment/select.ts";
import { commandIn } from "./attack-scene.ts";
import { boxDeps } from "./box.ts";

const STAGGER_MS = 2;

const [workspaceDir = "", scratchDir = "", script = "", count = ""] = process.argv.slice(2);
const containment = createContainment(boxDeps(scratchDir));
await containment.probe();
const start = () =>
  containment.run(commandIn(workspaceDir, ["python3", "-c", script]), new AbortController().signal);
if (count === "") await start();
else {
  for (let box = 0; box < Number(count); box += 1) {
    void start();
    await pause(STAGGER_MS);
  }
  process.kill(process.pid, "SIGKILL");
}
