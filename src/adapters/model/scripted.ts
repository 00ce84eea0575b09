// The scripted provider: replies read from a file. Which one comes is decided by where in the run the request stands, and by
// nothing it remembers, so that a run that was killed and resumed gets the same replies as one that was not.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ModelFailure, ModelReply, ModelRequest } from "../../ports/model.ts";
import { createAnswer } from "./answer.ts";
import { ABORTED, timeout } from "./attempt.ts";
import { failureOf } from "./failures.ts";
import type { Provider } from "./provider.ts";
import { nameOf } from "./provider.ts";
import type { Script, ScriptReply } from "./script-file.ts";
import { readScript } from "./script-file.ts";

const CHUNK_CHARACTERS = 24;
const CHARACTERS_PER_TOKEN = 4;

export type ScriptedDeps = { readonly projectDir: string; readonly clock: Clock };

export function createScripted({ projectDir, clock }: ScriptedDeps): Provider {
  const load = createLoader(projectDir);
  return {
    free: true,
    listed: false,
    know: async (name) => {
      const script = await load(name);
      if (!script.ok) return script;
      const { nativeTools, contextWindow } = script.value;
      return ok({ nativeTools, contextWindow });
    },
    reply: async (request, signal, onText) => {
      if (signal.aborted) return fail(ABORTED);
      const script = await load(nameOf(request));
      if (!script.ok) return fail(failureOf("MODEL_BAD_REQUEST", script.error.message));
      const found = choose(script.value, request);
      if (found === undefined) return fail(exhausted(request));
      await clock.sleep(Math.min(found.delayMs, request.timeoutMs), signal);
      if (signal.aborted) return fail(ABORTED);
      if (found.delayMs > request.timeoutMs) return fail(timeout(request.timeoutMs));
      return play(found, request, onText);
    },
  };
}

const fail = (failure: ModelFailure): ModelReply => ({ kind: "failed", failure });

/** Keeps what it read until the file changes; a long script is not parsed anew for every reply. */
function createLoader(projectDir: string): (name: string) => Promise<Result<Script>> {
  const read = new Map<
    string,
    { readonly version: string; readonly script: Promise<Result<Script>> }
  >();
  return async (name) => {
    const path = resolve(projectDir, name);
    const version = versionOf(path);
    const known = read.get(path);
    if (known?.version === version) return known.script;
    const script = readScript(path);
    read.set(path, { version, script });
    return script;
  };
}

/** Asked for at every reply: waiting for a thread would cost more than the call itself. */
function versionOf(path: string): string {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return "missing";
  }
}

function choose(script: Script, { origin, messages }: ModelRequest): ScriptReply | undefined {
  const own = script.cards[origin.card]?.[origin.seat]?.[origin.seatReplies];
  if (own !== undefined) return own;
  const heard = messages.findLast(({ role }) => role === "user" || role === "tool")?.content ?? "";
  const matched = script.match.find(
    ({ when }) =>
      (when.card ?? origin.card) === origin.card &&
      (when.seat ?? origin.seat) === origin.seat &&
      heard.includes(when.contains ?? ""),
  );
  return matched?.reply ?? script.replies[origin.runReplies];
}

const exhausted = ({ model, origin }: ModelRequest): ModelFailure =>
  failureOf(
    "MODEL_SCRIPT_EXHAUSTED",
    `${model} has no reply number ${origin.seatReplies + 1} for the seat ${origin.seat} on the card ${origin.card}, ` +
      `and none number ${origin.runReplies + 1} for the run.`,
  );

function play(
  found: ScriptReply,
  request: ModelRequest,
  onText?: (text: string) => void,
): ModelReply {
  if (found.failure !== undefined) {
    const { code, message, retryAfterMs = null } = found.failure;
    return fail(failureOf(code, message, { retryAfterMs }));
  }
  const answer = createAnswer(onText);
  for (const piece of found.text.match(PIECES) ?? []) answer.addText(piece);
  for (const [place, { tool, args }] of found.calls.entries())
    answer.addCall(`scripted-${place + 1}`, tool, args);
  const sent = request.messages.reduce((sum, message) => sum + message.content.length, 0);
  const said =
    found.text.length + (found.calls.length === 0 ? 0 : JSON.stringify(found.calls).length);
  return {
    kind: "reply",
    text: answer.text(),
    calls: answer.calls(),
    inputTokens: found.usage?.input ?? Math.ceil(sent / CHARACTERS_PER_TOKEN),
    outputTokens: found.usage?.output ?? Math.ceil(said / CHARACTERS_PER_TOKEN),
    truncated: false,
  };
}

/** By whole characters: half an emoji would be damaged on its way to a terminal. */
const PIECES = new RegExp(`[\\s\\S]{1,${CHUNK_CHARACTERS}}`, "gu");
