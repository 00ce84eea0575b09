// Calls a language model through the AI SDK for one step. Tools go as schemas without `execute`: each call comes back, and
// passes the gate before anything happens. The SDK is loaded by the first call; a command that calls none never pays for it.
import type { LanguageModel, ModelMessage, TextStreamPart, ToolSet } from "ai";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { ChatMessage } from "../../domain/turn.ts";
import type { Model, ModelFailure, ModelRequest } from "../../ports/model.ts";
import type { Answer } from "./answer.ts";
import type { AttemptDeps, AttemptLine, Finish } from "./attempt.ts";
import { askOnce } from "./attempt.ts";
import { failureOf } from "./failures.ts";
import { nameOf } from "./provider.ts";

/** What the provider takes of the request's settings; one it would warn about or refuse is left out. */
export type Sampling = {
  readonly temperature?: number;
  readonly seed?: number;
  readonly maxOutputTokens?: number;
};

export type SdkProvider = {
  readonly open: (name: string, fetch: AttemptLine["fetch"]) => Promise<LanguageModel>;
  readonly sampling: (request: ModelRequest) => Sampling;
};

export const createSdkReply =
  (deps: AttemptDeps, provider: SdkProvider): Model["reply"] =>
  async (request, signal, onText) =>
    askOnce(deps, { request, signal, onText }, async (line, answer) => {
      const { streamText, jsonSchema } = await import("ai");
      // The SDK would print its warnings past the log; this is its documented switch.
      globalThis.AI_SDK_LOG_WARNINGS = false;
      const tools = request.tools.map(({ name, description, parameters }) => [
        name,
        { description, inputSchema: jsonSchema(parameters as Record<string, never>) },
      ]);
      const { stream } = streamText({
        model: await provider.open(nameOf(request), line.fetch),
        ...toPrompt(request.messages),
        ...(tools.length === 0 ? {} : { tools: Object.fromEntries(tools) as ToolSet }),
        ...provider.sampling(request),
        maxRetries: 0,
        abortSignal: line.signal,
        onError: () => {},
      });
      return collect(stream, answer);
    });

/** Some servers take one system message only, and first. The parts keep their order. */
function toPrompt(messages: readonly ChatMessage[]): {
  instructions?: string;
  messages: ModelMessage[];
} {
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  return {
    ...(system.length === 0 ? {} : { instructions: system.join("\n\n") }),
    messages: messages.flatMap(toMessage),
  };
}

/** A blank text is left out: Anthropic refuses a whole conversation for one. */
function toMessage(message: ChatMessage): readonly ModelMessage[] {
  const blank = message.content.trim() === "";
  switch (message.role) {
    case "system":
      return [];
    case "user":
      return blank ? [] : [{ role: "user", content: message.content }];
    case "assistant": {
      const content = [
        ...(blank ? [] : [{ type: "text" as const, text: message.content }]),
        ...message.calls.map(({ id, tool, args }) => ({
          type: "tool-call" as const,
          toolCallId: wireName(id),
          toolName: wireName(tool),
          input: args,
        })),
      ];
      return content.length === 0 ? [] : [{ role: "assistant", content }];
    }
    case "tool": {
      const output = { type: "text" as const, value: message.content };
      const [toolCallId, toolName] = [wireName(message.callId), wireName(message.tool)];
      return [{ role: "tool", content: [{ type: "tool-result", toolCallId, toolName, output }] }];
    }
  }
}

const WIRE_NAME_CHARACTERS_MAX = 64;

/**
 * A model may call a tool that cannot exist (`functions.write file`). The call fails, but it stays in the conversation,
 * and a provider that checks names would refuse every later request for it.
 */
const wireName = (name: string): string =>
  name.replaceAll(/[^a-zA-Z0-9_-]/g, "_").slice(0, WIRE_NAME_CHARACTERS_MAX) || "_";

async function collect(
  stream: AsyncIterable<TextStreamPart<ToolSet>>,
  answer: Answer,
): Promise<Result<Finish, ModelFailure>> {
  for await (const part of stream) {
    if (part.type === "text-delta") answer.addText(part.text);
    else if (part.type === "tool-call") answer.addCall(part.toolCallId, part.toolName, part.input);
    else if (part.type === "error") throw part.error;
    else if (part.type === "finish") return finish(part);
  }
  return incomplete("no end");
}

function finish(
  part: Extract<TextStreamPart<ToolSet>, { type: "finish" }>,
): Result<Finish, ModelFailure> {
  const { finishReason: reason, rawFinishReason: raw, totalUsage } = part;
  if (reason === "content-filter")
    return { ok: false, error: failureOf("MODEL_REFUSED", `The model declined: ${raw ?? reason}`) };
  if (reason === "error" || reason === "interrupted" || (reason === "other" && raw === undefined))
    return incomplete(raw ?? reason);
  return ok({
    inputTokens: totalUsage.inputTokens ?? null,
    outputTokens: totalUsage.outputTokens ?? null,
    truncated: reason === "length",
  });
}

const incomplete = (why: string): Result<never, ModelFailure> => ({
  ok: false,
  error: failureOf("MODEL_MALFORMED", `The answer ended before it was complete (${why}).`),
});
