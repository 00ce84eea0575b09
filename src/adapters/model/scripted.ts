// The scripted provider: replies read from a file. It keeps no state: which reply comes is decided by where in the run the
// request stands, so that a run that was killed and resumed gets the same replies as one that was not.
import { resolve } from "node:path";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { ToolCall } from "../../domain/turn.ts";
import { isJsonObject } from "../../domain/json.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Model, ModelFacts, ModelReply, ModelRequest } from "../../ports/model.ts";
import { failed } from "./failures.ts";
import { FREE } from "./prices.ts";
import type { Script, ScriptReply } from "./script-file.ts";
import { readScript } from "./script-file.ts";

const CHUNK_CHARACTERS = 24;
const CHARACTERS_PER_TOKEN = 4;

export function createScripted({
  projectDir,
  clock,
}: {
  readonly projectDir: string;
  readonly clock: Clock;
}): Model {
  const scripts = new Map<string, Promise<Result<Script>>>();
  const load = async (model: string): Promise<Result<Script>> => {
    const path = resolve(projectDir, model.slice(model.indexOf(":") + 1));
    const known = scripts.get(path) ?? readScript(path);
    scripts.set(path, known);
    return known;
  };
  return {
    describe: async (model): Promise<Result<ModelFacts>> => {
      const script = await load(model);
      if (!script.ok) return script;
      const { nativeTools, contextWindow = null } = script.value;
      return ok({
        provider: "scripted",
        name: model.slice(model.indexOf(":") + 1),
        nativeTools,
        contextWindow,
        price: FREE,
      });
    },
    reply: async (request, signal, onText) => {
      const script = await load(request.model);
      if (!script.ok) return failed("MODEL_BAD_REQUEST", script.error.message);
      const found = choose(script.value, request);
      if (found === undefined) return exhausted(request);
      if (!(await waited(clock, found.delayMs, { request, signal }))) {
        return signal.aborted
          ? failed("MODEL_CONNECTION", "aborted")
          : failed("MODEL_TIMEOUT", `No complete answer within ${request.timeoutMs / 1000} s.`);
      }
      return play(found, request, onText);
    },
  };
}

function choose(script: Script, { origin, messages }: ModelRequest): ScriptReply | undefined {
  const own = script.cards[origin.card]?.[origin.seat]?.[origin.seatReplies];
  if (own !== undefined) return own;
  const last =
    messages.findLast((message) => message.role === "user" || message.role === "tool")?.content ??
    "";
  const matched = script.match.find(
    ({ when }) =>
      (when.card === undefined || when.card === origin.card) &&
      (when.seat === undefined || when.seat === origin.seat) &&
      (when.contains === undefined || last.includes(when.contains)),
  );
  return matched?.reply ?? script.replies[origin.runReplies];
}

const exhausted = ({ model, origin }: ModelRequest): ModelReply =>
  failed(
    "MODEL_SCRIPT_EXHAUSTED",
    `${model} has no reply number ${origin.seatReplies + 1} for the seat ${origin.seat} on the card ${origin.card}.`,
  );

/** False when the request was aborted, or ran out of its time, while it waited. */
async function waited(
  clock: Clock,
  delayMs: number,
  { request, signal }: { readonly request: ModelRequest; readonly signal: AbortSignal },
): Promise<boolean> {
  if (delayMs > 0) await clock.sleep(Math.min(delayMs, request.timeoutMs), signal);
  return !signal.aborted && delayMs <= request.timeoutMs;
}

function play(
  found: ScriptReply,
  request: ModelRequest,
  onText?: (text: string) => void,
): ModelReply {
  if (found.failure !== undefined) {
    const { code, message, retryAfterMs = null } = found.failure;
    return failed(code, message, { retryAfterMs });
  }
  for (let at = 0; at < found.text.length; at += CHUNK_CHARACTERS)
    onText?.(found.text.slice(at, at + CHUNK_CHARACTERS));
  const calls = found.calls.map(({ tool, args }, place): ToolCall => ({
    id: `scripted-${place + 1}`,
    tool,
    args: isJsonObject(args) ? args : { $malformed: "The arguments are not a JSON object." },
  }));
  const sent = request.messages.reduce((sum, message) => sum + message.content.length, 0);
  const said = found.text.length + JSON.stringify(found.calls).length;
  return {
    kind: "reply",
    text: found.text,
    calls,
    inputTokens: found.usage?.input ?? Math.ceil(sent / CHARACTERS_PER_TOKEN),
    outputTokens: found.usage?.output ?? Math.ceil(said / CHARACTERS_PER_TOKEN),
    truncated: false,
  };
}
