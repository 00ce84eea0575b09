// Calls a language model of the AI SDK for one step. Tools go as schemas without `execute`: each call comes back, and
// passes the gate before anything happens.
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Message,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { isJsonObject } from "../../domain/json.ts";
import type { ChatMessage, ToolCall } from "../../domain/turn.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Model, ModelReply, ModelRequest } from "../../ports/model.ts";
import { failed, failureOf } from "./failures.ts";

export type SdkDeps = {
  /** Loads the library when the first call needs it; a command that calls no model never pays for it. */
  readonly load: () => Promise<(model: string) => LanguageModelV4>;
  readonly secrets: readonly string[];
  readonly clock: Pick<Clock, "now">;
};

export const createSdkReply =
  ({ load, secrets, clock }: SdkDeps) =>
  async (
    request: ModelRequest,
    outer: AbortSignal,
    onText?: (text: string) => void,
  ): Promise<ModelReply> => {
    const timeout = AbortSignal.timeout(request.timeoutMs);
    const signal = AbortSignal.any([outer, timeout]);
    try {
      const model = (await load())(request.model.slice(request.model.indexOf(":") + 1));
      const { stream } = await model.doStream(optionsOf(request, signal));
      return await collect(stream, signal, onText);
    } catch (error) {
      if (outer.aborted) return failed("MODEL_CONNECTION", "aborted");
      if (timeout.aborted)
        return failed("MODEL_TIMEOUT", `No complete answer within ${request.timeoutMs / 1000} s.`);
      return failureOf(error, { secrets, nowMs: clock.now() });
    }
  };

export type SdkReply = Model["reply"];

function optionsOf(request: ModelRequest, abortSignal: AbortSignal): LanguageModelV4CallOptions {
  const tools = request.tools.map(({ name, description, parameters }) => ({
    type: "function" as const,
    name,
    description,
    inputSchema: parameters as Record<string, never>,
  }));
  return {
    prompt: mergeSystem(request.messages).map(toPrompt),
    temperature: request.temperature,
    abortSignal,
    ...(request.seed === null ? {} : { seed: request.seed }),
    ...(tools.length === 0 ? {} : { tools, toolChoice: { type: "auto" as const } }),
  };
}

/** Some servers take one system message only. The parts keep their order. */
function mergeSystem(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const system = messages
    .filter((message) => message.role === "system")
    .map((message) => message.content);
  const rest = messages.filter((message) => message.role !== "system");
  return system.length === 0 ? rest : [{ role: "system", content: system.join("\n\n") }, ...rest];
}

function toPrompt(message: ChatMessage): LanguageModelV4Message {
  switch (message.role) {
    case "system":
      return { role: "system", content: message.content };
    case "user":
      return { role: "user", content: [{ type: "text", text: message.content }] };
    case "assistant":
      return {
        role: "assistant",
        content: [
          ...(message.content === "" ? [] : [{ type: "text" as const, text: message.content }]),
          ...message.calls.map((call) => ({
            type: "tool-call" as const,
            toolCallId: call.id,
            toolName: call.tool,
            input: call.args,
          })),
        ],
      };
    case "tool":
      return {
        role: "tool",
        content: [
          {
            type: "tool-result",
            toolCallId: message.callId,
            toolName: message.tool,
            output: { type: "text", value: message.content },
          },
        ],
      };
  }
}

async function collect(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  signal: AbortSignal,
  onText?: (text: string) => void,
): Promise<ModelReply> {
  let text = "";
  const calls: ToolCall[] = [];
  for await (const part of stream) {
    signal.throwIfAborted();
    if (part.type === "text-delta") {
      text += part.delta;
      onText?.(part.delta);
    } else if (part.type === "tool-call") {
      calls.push({ id: part.toolCallId, tool: part.toolName, args: parseInput(part.input) });
    } else if (part.type === "error") {
      throw part.error;
    } else if (part.type === "finish") {
      return finished(part, { text, calls });
    }
  }
  signal.throwIfAborted();
  return failed("MODEL_MALFORMED", "The answer ended before it was complete.");
}

type Finish = Extract<LanguageModelV4StreamPart, { type: "finish" }>;

function finished(
  { finishReason, usage }: Finish,
  got: { text: string; calls: readonly ToolCall[] },
): ModelReply {
  const { unified, raw } = finishReason;
  if (unified === "content-filter" || raw === "refusal")
    return failed("MODEL_REFUSED", `The model declined: ${raw ?? unified}`);
  const nothing = got.text === "" && got.calls.length === 0;
  const cutOff =
    unified === "error" ||
    unified === "interrupted" ||
    (unified === "other" && raw === undefined && nothing);
  if (cutOff)
    return failed(
      "MODEL_MALFORMED",
      `The answer ended before it was complete (${raw ?? unified}).`,
    );
  return {
    kind: "reply",
    ...got,
    inputTokens: usage.inputTokens.total ?? null,
    outputTokens: usage.outputTokens.total ?? null,
    truncated: unified === "length",
  };
}

/** Arguments that are no JSON object fail their call, not the turn. */
function parseInput(input: string): ToolCall["args"] {
  try {
    const value: unknown = input.trim() === "" ? {} : JSON.parse(input);
    return isJsonObject(value) ? value : { $malformed: "The arguments are not a JSON object." };
  } catch {
    return { $malformed: `The arguments are not JSON: ${input.slice(0, 200)}` };
  }
}
