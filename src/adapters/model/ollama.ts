// Ollama by its own protocol. Its OpenAI-compatible endpoint takes no context size, and cuts a longer prompt in silence.
import { z } from "zod";
import { isJsonObject } from "../../domain/json.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { ChatMessage } from "../../domain/turn.ts";
import type { Model, ModelFailure, ModelRequest } from "../../ports/model.ts";
import { secretsOf, withoutSlash } from "./address.ts";
import type { Answer } from "./answer.ts";
import type { AttemptDeps, Finish } from "./attempt.ts";
import { askOnce, attempt } from "./attempt.ts";
import { failureOf, failureOfEvent } from "./failures.ts";
import { readJsonLines } from "./json-lines.ts";
import type { KnownFacts, Provider, ProviderDeps } from "./provider.ts";
import { nameOf } from "./provider.ts";

export type OllamaSettings = {
  readonly baseUrl: string;
  /** Context size that is asked for, in tokens; Ollama's own default is too small for a card. */
  readonly contextTokens?: number;
};

const CONTEXT_TOKENS_DEFAULT = 16_384;
const SHOW_MS_MAX = 10_000;

export function createOllama(settings: OllamaSettings, { clock }: ProviderDeps): Provider {
  const server: Server = {
    base: withoutSlash(settings.baseUrl),
    contextTokens: settings.contextTokens ?? CONTEXT_TOKENS_DEFAULT,
    deps: { clock, secrets: secretsOf(settings.baseUrl) },
  };
  return { free: true, listed: false, know: createKnow(server), reply: createReply(server) };
}

type Server = { readonly base: string; readonly contextTokens: number; readonly deps: AttemptDeps };

const post = (body: object): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

// ── What a model can do ──

const showSchema = z.object({
  capabilities: z.array(z.string()).optional(),
  template: z.string().optional(),
  model_info: z.record(z.string(), z.unknown()).optional(),
});

const createKnow =
  ({ base, contextTokens, deps }: Server): Provider["know"] =>
  async (model, signal) => {
    const limits = { timeoutMs: SHOW_MS_MAX, signal };
    const shown = await attempt(
      deps,
      limits,
      async (line): Promise<Result<KnownFacts, ModelFailure>> => {
        const response = await line.fetch(`${base}/api/show`, {
          ...post({ model }),
          signal: line.signal,
        });
        const {
          capabilities,
          template,
          model_info: info,
        } = showSchema.parse(await response.json());
        const length = Object.entries(info ?? {}).find(([key]) =>
          key.endsWith(".context_length"),
        )?.[1];
        return ok({
          // Servers before 0.6.4 list no capabilities; the prompt template tells.
          nativeTools: capabilities?.includes("tools") ?? template?.includes(".Tools") ?? false,
          contextWindow:
            typeof length === "number" ? Math.min(length, contextTokens) : contextTokens,
        });
      },
    );
    return shown.ok ? shown : refuseShow(shown.error, { base, model });
  };

function refuseShow(
  { code, message }: ModelFailure,
  { base, model }: { readonly base: string; readonly model: string },
): Result<never> {
  if (code === "MODEL_NOT_FOUND") {
    const words = `Ollama does not have the model ${model}. Get it with: ollama pull ${model}`;
    return refuse(code, words, { model });
  }
  const at = hidePassword(base);
  const away = code === "MODEL_CONNECTION" || code === "MODEL_TIMEOUT";
  const words = away
    ? `Ollama does not answer at ${at} (${message}). Start it with: ollama serve`
    : `Ollama at ${at} does not say what the model ${model} can do (${message}).`;
  return refuse(code, words, { model });
}

const hidePassword = (base: string): string => base.replace(/\/\/[^/@]*@/, "//");

// ── A reply ──

const count = z.int().min(0).nullish();
const chunkSchema = z.object({
  message: z
    .object({
      content: z.string().nullish(),
      tool_calls: z
        .array(
          z.object({
            id: z.string().nullish(),
            function: z.object({ name: z.string(), arguments: z.unknown().optional() }),
          }),
        )
        .nullish(),
    })
    .nullish(),
  done: z.boolean().optional(),
  done_reason: z.string().nullish(),
  prompt_eval_count: count,
  eval_count: count,
});

const createReply =
  ({ base, contextTokens, deps }: Server): Model["reply"] =>
  async (request, signal, onText) =>
    askOnce(deps, { request, signal, onText }, async (line, answer) => {
      const body = post(chatBody(request, contextTokens));
      const response = await line.fetch(`${base}/api/chat`, { ...body, signal: line.signal });
      return collect(response, answer);
    });

async function collect(response: Response, answer: Answer): Promise<Result<Finish, ModelFailure>> {
  for await (const value of readJsonLines(response.body)) {
    if (isJsonObject(value) && value["error"] !== undefined)
      return { ok: false, error: failureOfEvent(value) };
    const { message, ...chunk } = chunkSchema.parse(value);
    answer.addText(message?.content ?? "");
    for (const call of message?.tool_calls ?? [])
      answer.addCall(call.id ?? "", call.function.name, call.function.arguments ?? {});
    if (chunk.done !== true) continue;
    return ok({
      inputTokens: chunk.prompt_eval_count ?? null,
      outputTokens: chunk.eval_count ?? null,
      truncated: chunk.done_reason === "length",
    });
  }
  return {
    ok: false,
    error: failureOf("MODEL_MALFORMED", "The answer ended before it was complete."),
  };
}

function chatBody({ messages, tools, ...request }: ModelRequest, contextTokens: number): object {
  return {
    model: nameOf(request),
    messages: toMessages(messages),
    ...(tools.length === 0
      ? {}
      : { tools: tools.map((tool) => ({ type: "function", function: tool })) }),
    stream: true,
    // A prompt that does not fit is an error we can act on; the default drops its beginning without a word.
    truncate: false,
    shift: false,
    options: {
      temperature: request.temperature,
      num_ctx: contextTokens,
      ...(request.seed === null ? {} : { seed: request.seed }),
    },
  };
}

/** Many prompt templates show one system message only, the last. The parts keep their order. */
function toMessages(messages: readonly ChatMessage[]): readonly object[] {
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  return [
    ...(system.length === 0 ? [] : [{ role: "system", content: system.join("\n\n") }]),
    ...messages.flatMap(toMessage),
  ];
}

function toMessage(message: ChatMessage): readonly object[] {
  switch (message.role) {
    case "system":
      return [];
    case "user":
      return [{ role: "user", content: message.content }];
    case "assistant": {
      const calls = message.calls.map(({ id, tool, args }) => ({
        id,
        function: { name: tool, arguments: args },
      }));
      return [
        {
          role: "assistant",
          content: message.content,
          ...(calls.length === 0 ? {} : { tool_calls: calls }),
        },
      ];
    }
    case "tool": {
      const { content, tool, callId } = message;
      return [{ role: "tool", content, tool_name: tool, tool_call_id: callId }];
    }
  }
}
