// An Orket of its own that runs one command in the box and is killed while it does.
import { createContainment } from "../../src/adapters/containment/select.ts";
import { commandIn } from "./attack-scene.ts";
import { boxDeps } from "./box.ts";

const [workspaceDir = "", scratchDir = "", script = ""] = process.argv.slice(2);
await createContainment(boxDeps(scratchDir)).run(
  commandIn(workspaceDir, ["python3", "-c", script]),
  new AbortController().signal,
);
