// `run --from`: a run that goes on from the middle of another one, with cards, files and history as they were there.
import assert from "node:assert/strict";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { stringify } from "yaml";
import { executeRun } from "../../src/app/execute-run.ts";
import { forkRun } from "../../src/app/fork-run.ts";
import { showRun } from "../../src/app/show-run.ts";
import { allEvents } from "../../src/app/turn-numbers.ts";
import type { Card } from "../../src/domain/card.ts";
import { cardsAfter } from "../../src/domain/card-history.ts";
import { NO_BUDGET } from "../../src/domain/run.ts";
import type { Comment, Store, StoreTransaction } from "../../src/ports/store.ts";
import { openProject } from "../support/open-project.ts";
import type { TestEngine } from "../support/project.ts";
import { approve, call, epicFile, makeProject, openTestEngine } from "../support/project.ts";
import { reject, say, write } from "../support/project.ts";

const SIGNAL = new AbortController().signal;

const fork = async (engine: TestEngine, from: string, build: string | null = null) =>
  forkRun(engine.engine, { from, build, model: null, budget: NO_BUDGET, approve: "ask" });

async function forked(engine: TestEngine, from: string, build: string | null = null) {
  const run = await fork(engine, from, build);
  assert.ok(run.ok, JSON.stringify(run));
  return run.value;
}

async function play(engine: TestEngine, run: string) {
  const request = { run, resume: false, isOwnerGone: () => true };
  const done = await executeRun(engine.engine, request, SIGNAL);
  assert.ok(done.ok);
  return done.value;
}

async function view(engine: TestEngine, run: string) {
  const shown = await showRun(engine.engine, run);
  assert.ok(shown.ok);
  return shown.value;
}

/** What of a card is its own: not the build, nor when and how often it was written. */
const ownOf = (card: Card) => ({ ...card, ...MARKS });
/** A card and the event of its change may be a millisecond apart. What follows from that stands in the unit tests. */
const MARKS = { build: "", version: 0, updatedAt: "", statusSince: "" };
const wordsOf = ({ card, author, text, at }: Comment) => ({ card, author, text, at });

type Moment = { readonly cards: readonly Card[]; readonly comments: readonly Comment[] };

async function look({ cards, comments }: StoreTransaction, build: string): Promise<Moment> {
  const list = await cards.list({ build });
  const words: Comment[] = [];
  for (const card of list) words.push(...(await comments.list(build, card.id, 1000)));
  return { cards: list, comments: words };
}

const lookNow = async (engine: TestEngine, build: string) =>
  engine.engine.store.read(async (transaction) => look(transaction, build));

/** A store that notes what a build is like at the end of each transaction that ends a turn. */
function noting(store: Store, build: string, moments: Map<string, Moment>): Store {
  return {
    ...store,
    transaction: async (work, fence) =>
      store.transaction(async (transaction) => {
        const ended = new Set<string>();
        const append: StoreTransaction["events"]["append"] = async (events) => {
          for (const { type, turn } of events)
            if (turn !== undefined && (type === "turn-finished" || type === "turn-failed"))
              ended.add(turn);
          return transaction.events.append(events);
        };
        const value = await work({ ...transaction, events: { ...transaction.events, append } });
        if (ended.size > 0) {
          const moment = await look(transaction, build);
          await holdsToLog(transaction, build, moment);
          for (const turn of ended) moments.set(turn, moment);
        }
        return value;
      }, fence),
  };
}

/** The log alone, read from its beginning, gives the cards as the store has them. */
async function holdsToLog({ events }: StoreTransaction, build: string, { cards }: Moment) {
  const past = cardsAfter(await allEvents(events, { build }), () => true);
  assert.ok(past.ok);
  assert.equal(past.value.size, cards.length);
  for (const card of cards) {
    const { spoken: _, ...state } = past.value.get(card.id) ?? { spoken: 0 };
    assert.deepEqual(ownOf({ ...card, ...state }), ownOf(card));
  }
}

const filesOf = (dir: string, build: string): readonly string[] =>
  readdirSync(join(dir, ".orket/workspaces", build), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort();

const REVIEWED = {
  version: 1,
  cards: {
    a: {
      coder: [
        call("add_issue_comment", { comment: "I begin" }),
        write("docs/a.md", "first\n"),
        say("First try."),
        write("docs/a.md", "second\n"),
        call("create_issue", { seat: "coder", summary: "A follow-up card", depends_on: ["a"] }),
        say("Second try."),
      ],
      guard: [reject("Please say more about it."), approve],
    },
    b: { coder: [write("docs/b.md", "b\n"), say("Done.")], guard: [approve] },
  },
  match: [
    { when: { seat: "guard" }, reply: approve },
    { when: { seat: "coder", contains: "docs/c.md" }, reply: say("Done.") },
    { when: { seat: "coder" }, reply: write("docs/c.md", "c\n") },
  ],
};

const reviewed = {
  issues: [{ id: "a" }, { id: "b", depends_on: ["a"] }],
  script: REVIEWED,
  options: { settings: { concurrency: 1 } },
} as const;

test("a fork from any turn has cards, comments and history of that moment, and comes to the same end", async (context) => {
  const engine = await openProject(context, reviewed);
  const moments = new Map<string, Moment>();
  const { store } = engine.engine;
  Object.assign(engine.engine, { store: noting(store, "build-work", moments) });
  const run = await engine.run({ card: "work" });
  assert.equal(run.status, "done", run.detail ?? "");
  const before = await lookNow(engine, "build-work");
  const { turns } = await view(engine, run.id);
  assert.deepEqual(
    turns.map(({ numberInRun }) => numberInRun),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  for (const turn of turns) {
    const fresh = await forked(engine, `${run.id}:${turn.numberInRun}`);
    const [build = ""] = fresh.builds;
    assert.equal(build, `build-work-fork-${turn.numberInRun}`);
    const moment = moments.get(turn.id);
    const start = await lookNow(engine, build);
    assert.deepEqual(start.cards.map(ownOf), moment?.cards.map(ownOf));
    assert.deepEqual(start.comments.map(wordsOf), moment?.comments.map(wordsOf));
    const ended = await play(engine, fresh.id);
    assert.equal(ended.status, "done", ended.detail ?? "");
    assert.equal(ended.turns, turns.length - turn.numberInRun);
    assert.deepEqual(filesOf(engine.dir, build), ["a.md", "b.md", "c.md"]);
    assert.deepEqual((await view(engine, fresh.id)).from, { run: run.id, turn: turn.numberInRun });
  }
  assert.deepEqual(await lookNow(engine, "build-work"), before);
  assert.deepEqual((await view(engine, run.id)).turns, turns);
  assert.ok((await store.verifyChain()).valid);
});

test("the model of a fork is shown the earlier turns, and gets the next reply of a script", async (context) => {
  const engine = await openProject(context, reviewed);
  const run = await engine.run({ card: "work" });
  const fresh = await forked(engine, `${run.id}:2`);
  await play(engine, fresh.id);
  const [first] = (await view(engine, fresh.id)).turns;
  const prompt = await engine.engine.store.read(async ({ turns }) => turns.prompt(first?.id ?? ""));
  const text = prompt.map((message) => message.content).join("\n");
  assert.match(text, /First try\./);
  assert.match(text, /Please say more about it\./);
  assert.equal(first?.number, 3);
});

test("the files of a fork are those of its moment, and only the old turns' own are known as written", async (context) => {
  const engine = await openProject(context, reviewed);
  const run = await engine.run({ card: "work" });
  const fresh = await forked(engine, `${run.id}:1`);
  const [build = ""] = fresh.builds;
  const workspace = await engine.engine.workspaces.open(build);
  const file = await workspace.read("docs/a.md", 100);
  assert.ok(file.ok && file.value.text === "first\n");
  assert.deepEqual(await workspace.changed(), []);
  assert.equal((await workspace.history(10)).length, 1);
  const stored = await engine.engine.store.read(async ({ runs, turns }) => ({
    digest: (await runs.build(build))?.workspaceDigest,
    files: await turns.filesOf(build, "a", 10),
    open: await turns.uncommittedWrites(build, "a"),
  }));
  assert.deepEqual(stored, { digest: await workspace.digest(), files: ["docs/a.md"], open: [] });
});

test("a fork can be forked, and its history goes on without a gap", async (context) => {
  const engine = await openProject(context, reviewed);
  const run = await engine.run({ card: "work" });
  const first = await forked(engine, `${run.id}:3`, "second-life");
  await play(engine, first.id);
  const second = await forked(engine, `${first.id}:1`);
  assert.deepEqual(second.builds, ["second-life-fork-1"]);
  const ended = await play(engine, second.id);
  assert.equal(ended.status, "done", ended.detail ?? "");
  assert.equal(ended.turns, 4);
  const { comments } = await lookNow(engine, "second-life-fork-1");
  assert.deepEqual(
    comments.filter(({ card }) => card === "a").map(({ text }) => text),
    ["I begin", "Please say more about it."],
  );
  const files = await engine.engine.store.read(async ({ turns }) =>
    turns.filesOf("second-life-fork-1", "a", 10),
  );
  assert.deepEqual(files, ["docs/a.md"]);
});

test("what is not there, not ended, not held or taken is refused with its code, and nothing is made", async (context) => {
  const engine = await openProject(context, reviewed);
  const run = await engine.run({ card: "work" });
  const { store } = engine.engine;
  const seq = await store.read(async ({ events }) => events.lastSeq());
  const codeOf = async (from: string, build: string | null = null) => {
    const answer = await fork(engine, from, build);
    return answer.ok ? "ok" : answer.error.code;
  };
  for (const from of ["", "run", `${run.id}`, `${run.id}:`, `${run.id}:-1`, `${run.id}:1.5`, ":1"])
    assert.equal(await codeOf(from), "USAGE", from);
  assert.equal(await codeOf("run-none:1"), "RUN_UNKNOWN");
  for (const number of ["0", "9", "999999999"])
    assert.equal(await codeOf(`${run.id}:${number}`), "TURN_UNKNOWN", number);
  for (const name of ["../out", "a/../b", "a b", "x.git", "/abs", "a/b/c/d", "", "a".repeat(65)])
    assert.equal(await codeOf(`${run.id}:1`, name), "USAGE", name);
  assert.equal(await codeOf(`${run.id}:1`, "build-work"), "BUILD_EXISTS");
  await engine.engine.workspaces.open("only-a-folder");
  assert.equal(await codeOf(`${run.id}:1`, "only-a-folder"), "BUILD_EXISTS");
  rmSync(join(engine.dir, ".orket/git/build-work.git"), { recursive: true });
  assert.equal(await codeOf(`${run.id}:1`), "HISTORY_INCOMPLETE");
  assert.equal(await store.read(async ({ events }) => events.lastSeq()), seq);
  assert.deepEqual(readdirSync(join(engine.dir, ".orket/workspaces")).sort(), [
    "build-work",
    "only-a-folder",
  ]);
  assert.deepEqual(readdirSync(join(engine.dir, ".orket/git")), ["only-a-folder.git"]);
});

test("a turn that has not ended cannot be forked, one before it can while the run goes", async (context) => {
  const engine = await openProject(context, reviewed);
  const stop = new AbortController();
  let replies = 0;
  Object.assign(engine.engine, {
    watcher: {
      onText: () => {},
      onEvents: (events: readonly { readonly type: string }[]) => {
        replies += events.filter(({ type }) => type === "model-called").length;
        if (replies === 6) stop.abort();
      },
    },
  });
  const run = await engine.run({ card: "work" }, stop.signal);
  assert.equal(run.status, "paused");
  const live = (await view(engine, run.id)).turns.at(-1);
  assert.equal(live?.status, "live");
  const refused = await fork(engine, `${run.id}:${live.numberInRun}`);
  assert.equal(refused.ok ? "" : refused.error.code, "TURN_STATE");
  const fresh = await forked(engine, `${run.id}:${live.numberInRun - 1}`);
  const [build = ""] = fresh.builds;
  const turns = await engine.engine.store.read(async ({ turns: list }) =>
    list.list({ build, limit: 100 }),
  );
  assert.deepEqual(
    turns.map(({ status }) => status),
    ["committed", "committed"],
  );
  assert.equal((await play(engine, fresh.id)).status, "done");
  assert.equal((await engine.resume(run.id)).status, "done");
});

test("what another turn was in the middle of is not in the fork, and is done anew", async (context) => {
  const engine = await openProject(context, {
    issues: [{ id: "a" }, { id: "b" }],
    script: {
      version: 1,
      cards: {
        a: {
          coder: [
            ...Array.from({ length: 4 }, (_, place) => write(`docs/${place}.md`, "a\n")),
            say("Done."),
          ],
          guard: [{ ...(approve as object), delayMs: 600_000 }],
        },
        b: {
          coder: [
            call("add_issue_comment", { comment: "Half done" }),
            call("create_issue", { seat: "coder", summary: "Half a thought" }),
            { text: "", delayMs: 600_000 },
          ],
        },
      },
      match: [{ when: {}, reply: { text: "", delayMs: 600_000 } }],
    },
    options: { settings: { concurrency: 2 } },
  });
  const stop = new AbortController();
  const types: string[] = [];
  Object.assign(engine.engine, {
    watcher: {
      onText: () => {},
      onEvents: (events: readonly { readonly type: string }[]) => {
        types.push(...events.map(({ type }) => type));
        if (types.includes("turn-finished")) stop.abort();
      },
    },
  });
  const run = await engine.run({ card: "work" }, stop.signal);
  assert.ok(types.indexOf("card-commented") < types.indexOf("turn-finished"));
  const { turns } = await view(engine, run.id);
  const ended = turns.find(({ card }) => card === "a");
  const fresh = await forked(engine, `${run.id}:${ended?.numberInRun}`);
  const start = await lookNow(engine, fresh.builds[0] ?? "");
  assert.deepEqual(
    start.cards.filter(({ kind }) => kind === "issue").map(({ id, status }) => [id, status]),
    [
      ["a", "code_review"],
      ["b", "ready"],
    ],
  );
  assert.deepEqual(start.comments, []);
});

test("forks that are made at the same time get a build each", async (context) => {
  const engine = await openProject(context, reviewed);
  const run = await engine.run({ card: "work" });
  const second = await openTestEngine(engine.dir);
  const made = await Promise.all(
    [engine, second, engine, second].map(async (one) => forked(one, `${run.id}:2`)),
  );
  await second.close();
  assert.deepEqual(made.flatMap(({ builds }) => builds).sort(), [
    "build-work-fork-1",
    "build-work-fork-2",
    "build-work-fork-3",
    "build-work-fork-4",
  ]);
});

test("the fork of a rock's run has all its builds, and opens the epics that were not begun", async (context) => {
  const project = await makeProject({
    "model/core/epics/one.yaml": epicFile([{ id: "one-1" }]),
    "model/core/epics/two.yaml": epicFile([{ id: "two-1" }]),
    "model/core/rocks/big.yaml": {
      name: "Big",
      epics: [
        { epic: "one", department: "core" },
        { epic: "two", department: "core" },
      ],
    },
    "script.yaml": {
      version: 1,
      match: [{ when: { seat: "guard" }, reply: approve }],
      cards: Object.fromEntries(
        ["one-1", "two-1"].map((id) => [
          id,
          { coder: [write(`docs/${id}.md`, "1\n"), say("Done.")] },
        ]),
      ),
    },
  });
  const engine = await openTestEngine(project.dir);
  context.after(async () => {
    await engine.close();
    await project.remove();
  });
  const run = await engine.run({ card: "big" });
  assert.deepEqual([run.status, run.turns], ["done", 4]);
  for (const [number, turns] of [
    [1, 3],
    [3, 1],
  ] as const) {
    const fresh = await forked(engine, `${run.id}:${number}`, `other-${number}`);
    assert.deepEqual(fresh.builds, [`other-${number}/one`, `other-${number}/two`]);
    const ended = await play(engine, fresh.id);
    assert.deepEqual([ended.status, ended.turns], ["done", turns], ended.detail ?? "");
    const rock = (await lookNow(engine, `other-${number}`)).cards.map(({ status }) => status);
    assert.deepEqual(rock, ["done"]);
    assert.deepEqual(filesOf(project.dir, `other-${number}/two`), ["two-1.md"]);
  }
  assert.deepEqual((await forked(engine, `${run.id}:1`)).builds, [
    "big-fork-1/one",
    "big-fork-1/two",
  ]);
});

test("a fork uses the assets the old run was started with, whatever the project says now", async (context) => {
  const engine = await openProject(context, reviewed);
  const run = await engine.run({ card: "work" });
  rmSync(join(engine.dir, "model/core/epics/work.yaml"));
  const fresh = await forked(engine, `${run.id}:1`);
  assert.equal((await play(engine, fresh.id)).status, "done");
});

test("a card whose asset changes, goes and comes back has each of it in the log", async (context) => {
  const engine = await openProject(context, reviewed);
  const path = join(engine.dir, "model/core/epics/work.yaml");
  const begin = async (issues: Parameters<typeof epicFile>[0]): Promise<unknown> => {
    writeFileSync(path, stringify(epicFile(issues)));
    await engine.run({ card: "work" });
    const { cards } = await lookNow(engine, "build-work");
    await engine.engine.store.read(async (transaction) =>
      holdsToLog(transaction, "build-work", { cards, comments: [] }),
    );
    return cards.find(({ id }) => id === "b")?.orphaned;
  };
  assert.equal(await begin([{ id: "a" }, { id: "b", depends_on: ["a"] }]), false);
  assert.equal(await begin([{ id: "a" }]), true);
  assert.equal(await begin([{ id: "a", priority: "critical" }, { id: "b" }]), false);
  const redefined = engine.events.filter(({ type }) => type === "card-redefined");
  assert.deepEqual(
    redefined.map(({ card, data }) => [card, data["changed"]]),
    [
      ["a", ["priority"]],
      ["b", ["dependsOn"]],
    ],
  );
});

test("a card that used all its turns is blocked in the fork too", async (context) => {
  const engine = await openProject(context, {
    issues: [{ id: "a" }, { id: "b", depends_on: ["a"] }, { id: "c" }],
    script: {
      version: 1,
      cards: {
        a: { coder: [write("docs/a.md", "1\n"), say("Done.")] },
        c: { coder: [write("docs/c.md", "1\n"), say("Done.")] },
      },
      match: [{ when: { seat: "guard" }, reply: approve }],
    },
    options: { settings: { concurrency: 1 }, limits: { turnsPerCardMax: 1 } },
  });
  const run = await engine.run({ card: "work" });
  const { turns } = await view(engine, run.id);
  const fresh = await forked(engine, `${run.id}:${turns.length}`);
  const start = await lookNow(engine, fresh.builds[0] ?? "");
  const blocked = start.cards.filter(({ status }) => status === "blocked");
  assert.ok(blocked.length > 0, JSON.stringify(start.cards.map(({ id, status }) => [id, status])));
  assert.match(blocked[0]?.waitDetail ?? "", /used all its 1 turns/);
});

type CardScript = { readonly coder: readonly unknown[]; readonly guard: readonly unknown[] };
type Plan = {
  readonly cards: Readonly<Record<string, CardScript>>;
  readonly depends: boolean;
  readonly concurrency: number;
  readonly turnsMax: number;
  readonly pick: number;
};

const BEHAVIOURS: readonly unknown[] = [
  write("docs/a.md", "1\n"),
  say("Said without a call."),
  call("add_issue_comment", { comment: "A word" }),
  call("create_issue", { seat: "coder", summary: "One more card" }),
  call("report_credits", { amount: 2.5 }),
  call("update_issue_status", { status: "blocked", wait_reason: "input", reason: "no key" }),
  call("ask_human", { question: "Which one?" }),
  call("write_file", { path: "../out.md", content: "" }),
  call("read_file", { path: "none" }),
  { failure: { code: "MODEL_REFUSED" } },
];
const DECISIONS: readonly unknown[] = [approve, approve, reject("Not good enough."), say("Hm.")];

test("whatever a run did, its log gives the cards after each turn, and a fork begins there", async () => {
  const replies = fc.array(fc.constantFrom(...BEHAVIOURS), { maxLength: 8 });
  const cardScript = fc.record({
    coder: replies,
    guard: fc.array(fc.constantFrom(...DECISIONS), { maxLength: 5 }),
  });
  const plan = fc.record({
    cards: fc.record({ a: cardScript, b: cardScript, c: cardScript }),
    depends: fc.boolean(),
    concurrency: fc.integer({ min: 1, max: 3 }),
    turnsMax: fc.integer({ min: 1, max: 12 }),
    pick: fc.nat(),
  });
  const check = async ({ cards, depends, concurrency, turnsMax, pick }: Plan) => {
    const issues = [{ id: "a" }, { id: "b" }, { id: "c", depends_on: depends ? ["a"] : [] }];
    const project = await makeProject({
      "model/core/epics/work.yaml": epicFile(issues),
      "script.yaml": { version: 1, cards, match: [{ when: {}, reply: say("Nothing.") }] },
    });
    const engine = await openTestEngine(project.dir, {
      settings: { concurrency },
      limits: { turnsPerCardMax: turnsMax },
    });
    try {
      const moments = new Map<string, Moment>();
      const store = noting(engine.engine.store, "build-work", moments);
      Object.assign(engine.engine, { store });
      const run = await engine.run({ card: "work" });
      const { turns } = await view(engine, run.id);
      const turn = turns[pick % turns.length];
      if (turn === undefined) return;
      const fresh = await forked(engine, `${run.id}:${turn.numberInRun}`);
      const start = await lookNow(engine, fresh.builds[0] ?? "");
      // What other turns were in the middle of never happened in the fork; with one at a time there is none.
      if (concurrency === 1) {
        const moment = moments.get(turn.id);
        assert.deepEqual(start.cards.map(ownOf), moment?.cards.map(ownOf));
        assert.deepEqual(start.comments.map(wordsOf), moment?.comments.map(wordsOf));
      }
      await play(engine, fresh.id);
      assert.ok((await store.verifyChain()).valid);
    } finally {
      await engine.close();
      await project.remove();
    }
  };
  await fc.assert(fc.asyncProperty(plan, check), { numRuns: 12 });
});
