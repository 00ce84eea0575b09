// Anthropic's messages. The protocol has no seed, and asks for a limit of the output in every request.
import { ok } from "../../domain/result.ts";
import { secretsOf, withoutSlash } from "./address.ts";
import { createSdkReply } from "./ai-sdk.ts";
import type { Provider, ProviderDeps } from "./provider.ts";

/** A key is plain text here, revealed by the composition root for this use alone. */
export type AnthropicSettings = { readonly apiKey: string; readonly baseUrl?: string };

/** Handed in, or the library would look for an address in the environment. */
const BASE_URL = "https://api.anthropic.com/v1";
/** Every model since Claude 3 takes this much. */
const CONTEXT_TOKENS = 200_000;
/** Without it a model that is newer than the library would end its files after 4096 tokens; older models are clamped. */
const OUTPUT_TOKENS_MAX = 32_000;

export function createAnthropicProvider(
  { apiKey, baseUrl = BASE_URL }: AnthropicSettings,
  { clock }: ProviderDeps,
): Provider {
  return {
    free: false,
    listed: true,
    know: async (name) =>
      ok({ nativeTools: true, contextWindow: name.startsWith("claude-") ? CONTEXT_TOKENS : null }),
    reply: createSdkReply(
      { clock, secrets: [apiKey, ...secretsOf(baseUrl)] },
      {
        sampling: ({ temperature }) => ({ temperature, maxOutputTokens: OUTPUT_TOKENS_MAX }),
        open: async (name, fetch) => {
          const { createAnthropic } = await import("@ai-sdk/anthropic");
          return createAnthropic({ apiKey, baseURL: withoutSlash(baseUrl), fetch })(name);
        },
      },
    ),
  };
}
