// `orket drive`: plain words in, an answer and a plan out; applied after a yes on the terminal, kept for one elsewhere.
import { applyPlan, planFailed } from "../../app/apply-plan.ts";
import type { Plan } from "../../app/apply-plan.ts";
import type { DriveAnswer } from "../../app/drive.ts";
import { drive as driveOnce } from "../../app/drive.ts";
import type { Engine } from "../../app/engine.ts";
import { describeAction } from "../../domain/driver-plan.ts";
import type { FileChange } from "../../domain/driver-plan.ts";
import { refuse } from "../../domain/result.ts";
import type { ChatMessage } from "../../domain/turn.ts";
import { unifiedDiff } from "../../domain/unified-diff.ts";
import { EXIT } from "../exit-codes.ts";
import type { Io, Lines } from "../io.ts";
import { createPaint, forReader, plain, plainLines, projectFlag } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { modelFlag, withProject } from "../with-project.ts";

type Options = GlobalOptions & { readonly model?: string };

/** What one call has at hand. `lines` is null where nobody can be asked. */
type Talk = {
  readonly cli: Cli;
  readonly engine: Engine;
  readonly options: Options;
  readonly lines: Lines | null;
  readonly signal: AbortSignal;
};

export const drive = async (
  cli: Cli,
  options: Options,
  [message]: readonly string[],
): Promise<number> => {
  const { io } = cli;
  const json = options.json === true;
  const isConversation = !json && io.openLines !== null;
  if (message === undefined && !isConversation) {
    const fact = "There is no message, and no terminal to talk on.";
    const refused = refuse("USAGE", `${fact} Say it at once: orket drive "<message>"`, {});
    return showProblem(io, refused.error, json);
  }
  return withProject(cli, { ...options, flags: modelFlag(options) }, async ({ engine }) => {
    const lines = isConversation ? ((await io.openLines?.()) ?? null) : null;
    const stop = new AbortController();
    const forget = io.onSignal(() => stop.abort());
    const talk: Talk = { cli, engine, options, lines, signal: stop.signal };
    try {
      return message === undefined ? await converse(talk) : await say(talk, message);
    } finally {
      forget();
      lines?.close();
    }
  });
};

type Past = { readonly history: readonly ChatMessage[]; readonly replies: number };
const NOTHING_SAID: Past = { history: [], replies: 0 };

/** Line by line until the person ends the input. A line that fails ends only itself. */
async function converse({ cli, ...rest }: Talk): Promise<number> {
  const talk = { cli, ...rest };
  let past = NOTHING_SAID;
  cli.io.err("Say what is to be planned; an empty line does nothing, Ctrl-D ends.\n");
  for (;;) {
    const message = (await talk.lines?.ask("> ")) ?? null;
    if (message === null) {
      cli.io.err("\n");
      return EXIT.ok;
    }
    if (message.trim() === "") continue;
    const told = await exchange(talk, message, past);
    past = told.past;
    if (talk.signal.aborted) return EXIT.interrupted;
  }
}

const say = async (talk: Talk, message: string): Promise<number> =>
  (await exchange(talk, message, NOTHING_SAID)).code;

async function exchange(
  talk: Talk,
  message: string,
  past: Past,
): Promise<{ readonly code: number; readonly past: Past }> {
  const { cli, engine, options, lines, signal } = talk;
  const { io, workbench } = cli;
  const driven = await driveOnce(
    engine,
    {
      ...past,
      message,
      model: options.model ?? null,
      person: workbench.person,
      store: lines === null,
      onRetry: ({ code }, waitMs) =>
        io.err(`${code}; asking again in ${Math.ceil(waitMs / 1000)} s\n`),
    },
    signal,
  );
  if (signal.aborted) {
    io.err("Interrupted; nothing was changed.\n");
    return { code: EXIT.interrupted, past };
  }
  if (!driven.ok) return { code: showProblem(io, driven.error, options.json === true), past };
  const { said, replies } = driven.value;
  const code = await settle(talk, driven.value);
  return { code, past: { history: [...past.history, ...said], replies } };
}

async function settle(talk: Talk, driven: DriveAnswer): Promise<number> {
  const { cli, options, lines } = talk;
  const { io } = cli;
  const { plan, approval } = driven;
  if (options.json === true) io.out(`${JSON.stringify(toJson(driven))}\n`);
  else showAnswer(io, driven);
  if (plan === null) return EXIT.ok;
  if (lines !== null) return confirm(talk, plan, lines);
  const there = projectFlag(options.project);
  io.err(`Nothing is changed yet. Apply it with: orket approvals allow ${approval}${there}\n`);
  return EXIT.approval;
}

async function confirm({ cli, engine, options }: Talk, plan: Plan, lines: Lines): Promise<number> {
  const { io, workbench } = cli;
  const { person } = workbench;
  if (!/^\s*y(es)?\s*$/i.test((await lines.askAnew("Apply? [y/N] ")) ?? "")) {
    await planFailed(engine, { plan: plan.id, person, stage: "confirm", code: null });
    io.err("Nothing was changed.\n");
    return EXIT.endedBadly;
  }
  const applied = await applyPlan(engine, { plan, person, approval: null });
  if (!applied.ok) return showProblem(io, applied.error, options.json === true);
  io.err(`Applied ${plan.id}. See it with: orket board${projectFlag(options.project)}\n`);
  return EXIT.ok;
}

// ---- what is shown

const diffOf = ({ file, before, after }: FileChange): string =>
  unifiedDiff({ file, before, after });

const CHANGED = "changed";
const changeOf = ({ before, after }: FileChange): string =>
  before === null ? "created" : after === null ? "removed" : CHANGED;

const toJson = ({ answer, plan, approval }: DriveAnswer): unknown => ({
  v: 1,
  answer,
  status: plan === null ? "answered" : "waiting",
  plan: plan && {
    id: plan.id,
    actions: plan.actions,
    files: plan.files.map((change) => ({
      file: change.file,
      change: changeOf(change),
      diff: diffOf(change),
    })),
  },
  approval,
});

function showAnswer(io: Io, { answer, plan }: DriveAnswer): void {
  const paint = createPaint(io.color);
  if (answer.trim() !== "") io.out(`${forReader(io, answer.trim())}\n`);
  if (plan === null) return;
  io.out(`\n${paint("bold", `Plan ${plan.id}`)}\n`);
  for (const action of plan.actions)
    if (action.action !== "none") io.out(`  ${plain(describeAction(action))}\n`);
  for (const change of plan.files) io.out(`\n${paintedDiff(io, diffOf(change))}`);
}

function paintedDiff(io: Io, diff: string): string {
  const paint = createPaint(io.color);
  return diff
    .split("\n")
    .map((line) => {
      const shown = io.screen === null ? line : plainLines(line);
      if (line.startsWith("---") || line.startsWith("+++")) return paint("bold", shown);
      if (line.startsWith("@@")) return paint("cyan", shown);
      if (line.startsWith("+")) return paint("green", shown);
      return line.startsWith("-") ? paint("red", shown) : shown;
    })
    .join("\n");
}
