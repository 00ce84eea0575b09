// A project in which every page of the dashboard has something to show: runs that ended well and badly, one that waits for a
// person, a pull request that was sent back, a sandbox; and nothing of it hangs on what the machine has.
import type { TestEngine } from "./project.ts";
import { approve, call, epicFile, say, script, write } from "./project.ts";
import { TRACKED } from "./pull-request-samples.ts";

/** No engine for containers is at this address. */
export const NO_ENGINE = { DOCKER_HOST: "unix:///nowhere/docker.sock" };

export const SANDBOX = "sandbox-build-done";

const LONG =
  "Carry every amount of the quarter over into the new ledger, also where two currencies meet in one posting";

const promote = call("promote_prompt", {
  seat: "coder",
  content: "Be brief.\nName the rule that was broken.",
  model_family: "generic",
});

export const FULL_FILES: Readonly<Record<string, unknown>> = {
  "model/core/epics/done.yaml": epicFile(
    [
      { id: "LEDG-1", summary: "Answer the first call", acceptance: ["It answers in 20 ms."] },
      { id: "LEDG-2", summary: LONG, depends_on: ["LEDG-1"], note: "Mind the rounding." },
    ],
    { name: "Ledger" },
  ),
  "model/core/epics/stuck.yaml": epicFile(
    [
      { id: "CURR-1", summary: "Choose the currency" },
      { id: "CURR-2", depends_on: ["CURR-1"] },
    ],
    { name: "Currencies" },
  ),
  "model/core/epics/asks.yaml": epicFile([{ id: "ASK-1", summary: "Write shorter prompts" }], {
    name: "Prompts",
  }),
  "model/core/epics/long.yaml": epicFile([{ id: "SLOW-1", summary: "Think about it" }], {
    name: "Slow work",
  }),
  "script.yaml": script({
    "SLOW-1": { coder: [{ text: "Done.", delayMs: 600_000 }], guard: [approve] },
    "LEDG-1": {
      coder: [write("src/engines/ledger_engine.ts", "export const one = 1;\n"), say("Done.")],
      guard: [approve],
    },
    "LEDG-2": { coder: [write("docs/ledger.md", "# Ledger\n"), say("Done.")], guard: [approve] },
    "CURR-1": { coder: [call("ask_human", { question: "Which currency comes first?" })] },
    "ASK-1": { coder: [promote, say("Done.")], guard: [approve] },
  }),
};

const REJECTION = {
  review: 1,
  reviewer: "rita",
  headSha: "a".repeat(40),
  cycle: 1,
  reason: "There is no index on posting.date.",
};

/** Two runs that ended, a pull request and a sandbox. */
export async function fillProject({ engine, run }: TestEngine): Promise<void> {
  await run({ card: "done" });
  await run({ card: "stuck" });
  const now = engine.clock.now();
  const at = (hours: number): string => new Date(now + hours * 3_600_000).toISOString();
  await engine.store.transaction(async ({ pullRequests, sandboxes }) => {
    const row = { ...TRACKED, build: "build-done", card: "LEDG-1", cycles: 1 };
    await pullRequests.insert({ ...row, title: "LEDG-1 schema", rejections: [REJECTION] });
    await sandboxes.create({
      id: SANDBOX,
      build: "build-done",
      stack: "static",
      ports: [],
      urls: { web: "http://127.0.0.1:24001/" },
      services: ["web"],
      sources: null,
      createdAt: at(-1),
      expiresAt: at(23),
      block: 1,
      owner: "gone",
      busyUntil: at(-1),
    });
    await sandboxes.change(
      { id: SANDBOX, epoch: 1 },
      { state: "running", owner: null, deployer: null },
    );
  });
}
