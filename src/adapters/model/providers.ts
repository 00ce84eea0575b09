// The providers behind the AI SDK: any OpenAI-compatible server, Ollama through its compatible endpoint, Anthropic.
import type { LanguageModelV4 } from "@ai-sdk/provider";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Model, ModelFacts } from "../../ports/model.ts";
import { guardedFetch } from "./guarded-fetch.ts";
import { createSdkReply } from "./sdk.ts";

/** A key is plain text here, revealed by the composition root for this use alone. */
export type ProviderSettings = {
  readonly ollama?: { readonly baseUrl: string };
  readonly openai?: { readonly baseUrl: string; readonly apiKey: string | null };
  readonly anthropic?: { readonly baseUrl?: string; readonly apiKey: string };
};

type Known = Pick<ModelFacts, "nativeTools" | "contextWindow">;
export type Provider = Pick<Model, "reply"> & {
  /** Costs nothing: it runs on this machine or in this network. */
  readonly local: boolean;
  readonly know: (name: string, signal: AbortSignal) => Promise<Result<Known>>;
};

type Deps = { readonly clock: Pick<Clock, "now"> };
const NATIVE: Known = { nativeTools: true, contextWindow: null };

export function createProviders(
  settings: ProviderSettings,
  { clock }: Deps,
): ReadonlyMap<string, Provider> {
  const providers = new Map<string, Provider>();
  const { ollama, openai, anthropic } = settings;
  if (openai !== undefined) {
    const secrets = openai.apiKey === null ? [] : [openai.apiKey];
    providers.set("openai", {
      local: isLocal(openai.baseUrl),
      know: async () => ok(NATIVE),
      reply: createSdkReply({
        load: loadCompatible("openai", openai.baseUrl, openai.apiKey),
        secrets,
        clock,
      }),
    });
  }
  if (ollama !== undefined) {
    const base = ollama.baseUrl.replace(/\/+$/, "");
    providers.set("ollama", {
      local: true,
      know: async (name, signal) => knowOllama(base, name, signal),
      reply: createSdkReply({
        load: loadCompatible("ollama", `${base}/v1`, null),
        secrets: [],
        clock,
      }),
    });
  }
  if (anthropic !== undefined) {
    const { apiKey, baseUrl } = anthropic;
    const load = async (): Promise<(model: string) => LanguageModelV4> => {
      const { createAnthropic } = await import("@ai-sdk/anthropic");
      const create = createAnthropic({
        apiKey,
        fetch: guardedFetch,
        ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
      });
      return (model) => create(model);
    };
    providers.set("anthropic", {
      local: false,
      know: async () => ok(NATIVE),
      reply: createSdkReply({ load, secrets: [apiKey], clock }),
    });
  }
  return providers;
}

const loadCompatible =
  (name: string, baseURL: string, apiKey: string | null) =>
  async (): Promise<(model: string) => LanguageModelV4> => {
    const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
    const key = apiKey === null ? {} : { apiKey };
    const create = createOpenAICompatible({
      name,
      baseURL,
      fetch: guardedFetch,
      includeUsage: true,
      ...key,
    });
    return (model) => create.chatModel(model);
  };

export function isLocal(baseUrl: string): boolean {
  const host = URL.canParse(baseUrl) ? new URL(baseUrl).hostname : "";
  return host === "localhost" || host.startsWith("127.") || host === "[::1]";
}

/** Ollama says itself whether a model can call tools and how long a prompt it takes. */
async function knowOllama(base: string, model: string, outer: AbortSignal): Promise<Result<Known>> {
  const signal = AbortSignal.any([outer, AbortSignal.timeout(SHOW_MS_MAX)]);
  try {
    const response = await guardedFetch(`${base}/api/show`, {
      method: "POST",
      body: JSON.stringify({ model }),
      signal,
    });
    if (response.status === 404) {
      await response.body?.cancel();
      return refuse(
        "MODEL_NOT_FOUND",
        `Ollama does not have the model ${model}. Get it with: ollama pull ${model}`,
        { model },
      );
    }
    const facts = (await response.json()) as {
      capabilities?: unknown;
      model_info?: Record<string, unknown>;
    };
    const length = Object.entries(facts.model_info ?? {}).find(([key]) =>
      key.endsWith(".context_length"),
    )?.[1];
    return ok({
      nativeTools: Array.isArray(facts.capabilities) && facts.capabilities.includes("tools"),
      contextWindow: typeof length === "number" ? length : null,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return refuse(
      "MODEL_CONNECTION",
      `Ollama does not answer at ${base} (${why}). Start it with: ollama serve`,
      { base },
    );
  }
}

const SHOW_MS_MAX = 10_000;
