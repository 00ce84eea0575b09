// Any server that speaks OpenAI's chat completions: OpenAI itself, llama.cpp, vLLM, LM Studio and many more.
import { ok } from "../../domain/result.ts";
import type { ModelRequest } from "../../ports/model.ts";
import { hostOf, isLoopback, secretsOf, withoutSlash } from "./address.ts";
import type { Sampling } from "./ai-sdk.ts";
import { createSdkReply } from "./ai-sdk.ts";
import type { Provider, ProviderDeps } from "./provider.ts";
import { nameOf } from "./provider.ts";

/** A key is plain text here, revealed by the composition root for this use alone. */
export type OpenaiSettings = { readonly baseUrl: string; readonly apiKey: string | null };

export function createOpenaiCompatible(
  { baseUrl, apiKey }: OpenaiSettings,
  { clock }: ProviderDeps,
): Provider {
  const secrets = [...(apiKey === null ? [] : [apiKey]), ...secretsOf(baseUrl)];
  return {
    free: isLoopback(baseUrl),
    listed: hostOf(baseUrl) === "api.openai.com",
    know: async () => ok({ nativeTools: true, contextWindow: null }),
    reply: createSdkReply(
      { clock, secrets },
      {
        sampling,
        open: async (name, fetch) => {
          const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
          const key = apiKey === null ? {} : { apiKey };
          const settings = {
            name: "openai",
            baseURL: withoutSlash(baseUrl),
            fetch,
            includeUsage: true,
            ...key,
          };
          return createOpenAICompatible(settings).chatModel(name);
        },
      },
    ),
  };
}

/** OpenAI's reasoning models refuse a request that names a temperature. */
const WITHOUT_TEMPERATURE = /^(?:o\d|gpt-[5-9])/;

const sampling = (request: ModelRequest): Sampling => ({
  ...(WITHOUT_TEMPERATURE.test(nameOf(request)) ? {} : { temperature: request.temperature }),
  ...(request.seed === null ? {} : { seed: request.seed }),
});
