// A project of which every word that others may write is hostile: cards, replies, calls, files, pull requests, sandboxes.
import type { WebOptions } from "./web-scene.ts";
import { ALL, BROKEN, HOSTILE } from "./hostile-texts.ts";
import { approve, call, epicFile, say, script } from "./project.ts";
import type { TestEngine } from "./project.ts";
import { TRACKED } from "./pull-request-samples.ts";
import { NO_ENGINE } from "./web-full-project.ts";

export const SANDBOX = "sandbox-hostile";

/** One line, for what holds no more. */
export const NAME = HOSTILE[2] ?? "";
const FILE = `docs/<img src=x onerror=globalThis.pwned=1>.md`;

const cards = HOSTILE.map((text, at) => ({
  id: `H-${at}`,
  summary: text,
  description: text,
  note: text,
  requirements: text,
  acceptance: [text],
  labels: [NAME],
}));

const replies = {
  "S-1": {
    coder: [
      {
        text: [ALL, ...BROKEN].join("\n"),
        calls: [
          { tool: "write_file", args: { path: FILE, content: `${ALL}\n` } },
          { tool: "read_file", args: { path: NAME, ["__proto__"]: ALL } },
          { tool: NAME, args: { constructor: ALL, toString: BROKEN } },
          { tool: "add_issue_comment", args: { comment: ALL } },
        ],
      },
      call("read_file", { path: FILE }),
      say(ALL),
    ],
    guard: [approve],
  },
  "Q-1": { coder: [call("ask_human", { question: HOSTILE.slice(0, 8).join("\n") })] },
  "A-1": {
    coder: [call("promote_prompt", { seat: "coder", content: ALL, model_family: "generic" })],
  },
  driver: { driver: [say(JSON.stringify({ answer: ALL, actions: [{ action: "none" }] }))] },
};

const rejection = (reason: string, review: number) => ({
  review,
  reviewer: NAME,
  headSha: "a".repeat(40),
  cycle: review,
  reason,
});

async function fill({ engine, run }: TestEngine): Promise<void> {
  await run({ card: "said" });
  await run({ card: "asked" });
  const at = new Date(engine.clock.now()).toISOString();
  await engine.store.transaction(async ({ cards: stored, comments, pullRequests, sandboxes }) => {
    const key = { build: "build-said", card: "S-1" };
    for (const text of [ALL, ...BROKEN])
      await comments.add({ ...key, author: `human:${NAME}`, text, turn: null });
    await stored.addVerification(key.build, key.card, {
      at,
      cycle: 1,
      workspaceDigest: "0".repeat(64),
      total: 1,
      passed: 0,
      failed: 1,
      notExecuted: 0,
      verdict: "fail",
      logs: [ALL, ...BROKEN],
    });
    for (const [place, title] of HOSTILE.entries())
      await pullRequests.insert({
        ...TRACKED,
        number: place + 1,
        title,
        author: NAME,
        baseBranch: NAME,
        webUrl: "javascript:globalThis.pwned=1",
        cycles: 1,
        rejections: [rejection(ALL, 1)],
      });
    await sandboxes.create({
      id: SANDBOX,
      build: "build-said",
      stack: NAME,
      ports: [],
      urls: { [NAME]: "javascript:globalThis.pwned=1", web: "http://127.0.0.1:1/" },
      services: [NAME, "web"],
      sources: null,
      createdAt: at,
      expiresAt: at,
      block: 1,
      owner: "gone",
      busyUntil: at,
    });
    await sandboxes.change(
      { id: SANDBOX, epoch: 1 },
      { state: "unhealthy", reason: ALL, owner: null, deployer: null },
    );
  });
}

export const HOSTILE_PROJECT: WebOptions = {
  files: {
    "model/core/epics/work.yaml": epicFile(cards, { name: NAME, description: ALL }),
    "model/core/epics/said.yaml": epicFile([{ id: "S-1" }], { name: NAME }),
    "model/core/epics/asked.yaml": epicFile([{ id: "Q-1" }], { name: NAME }),
    "model/core/epics/waits.yaml": epicFile([{ id: "A-1" }], { name: NAME }),
    "script.yaml": script(replies),
  },
  env: { ...NO_ENGINE, ORKET_ORG_NAME: NAME, ORKET_MODEL: "scripted:script.yaml" },
  prepare: fill,
};
