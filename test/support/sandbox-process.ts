// A process of its own that brings sandboxes up on an engine in memory: `<project> <mode> <build>…`. It says what became of
// each as a line of JSON; in the mode `hang` it says that it began, and never ends.
import { deploySandbox } from "../../src/app/sandboxes/deploy.ts";
import { createMemorySandboxes } from "./memory-sandboxes.ts";
import { openTestEngine } from "./project.ts";

const [dir = "", mode = "", ...builds] = process.argv.slice(2);
const sandbox = createMemorySandboxes();
if (mode === "hang") sandbox.plan.ups = ["hangs"];
const { engine, close } = await openTestEngine(dir, { replace: { sandbox } });
const assets = await engine.assets.load();
if (!assets.ok) throw new Error("The assets do not load.");
const { organization } = assets.value;
const stack = { services: { api: { image: "busybox:1.36.1", ports: { api: 8000 } } } };
const rest = { stack, organization, actor: "engine", isOwnerGone: () => false };
const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

// Something to wait for, so that the process lives while its deployment hangs.
const alive = setInterval(() => {}, 1000);
for (const build of builds) {
  if (mode === "hang") sandbox.calls.length = 0;
  const up = deploySandbox(engine, { ...rest, build }, new AbortController().signal);
  while (mode === "hang" && !sandbox.calls.some((one) => one.startsWith("up")))
    await engine.clock.sleep(5);
  if (mode === "hang") say("hangs");
  const done = await up;
  say(done.ok ? done.value.block : done.error.code);
}
clearInterval(alive);
await close();
