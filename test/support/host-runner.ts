// Runs one command by the backend none, as whoever started this process, and prints what came of it.
import { createHostContainment } from "../../src/adapters/containment/none.ts";
import { commandIn, LIMITS } from "./attack-scene.ts";

const [workspaceDir = "", script = ""] = process.argv.slice(2);
const host = createHostContainment({
  word: "i-understand",
  environment: "local",
  uid: process.getuid?.() ?? 0,
  serverHost: "127.0.0.1",
  path: "/usr/bin:/bin",
});
const command = commandIn(workspaceDir, ["sh", "-c", script], {
  limits: { ...LIMITS, wallMs: 2000, outputBytesMax: 4096 },
  resultBytesMax: 64,
});
console.log(JSON.stringify(await host.run(command, new AbortController().signal)));
