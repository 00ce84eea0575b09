// The model port as the engine sees it: `<provider>:<model>` goes to its provider, with its facts and its price.
import type { Refusal, Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Model, ModelFacts, Price } from "../../ports/model.ts";
import type { AnthropicSettings } from "./anthropic.ts";
import { createAnthropicProvider } from "./anthropic.ts";
import { failureOf } from "./failures.ts";
import type { OllamaSettings } from "./ollama.ts";
import { createOllama } from "./ollama.ts";
import type { OpenaiSettings } from "./openai-compatible.ts";
import { createOpenaiCompatible } from "./openai-compatible.ts";
import { FREE, listedPrice, ownPrice } from "./prices.ts";
import type { Provider } from "./provider.ts";
import { nameOf } from "./provider.ts";
import { createScripted } from "./scripted.ts";

/** A provider that is left out is not configured, and refused with the way out. */
export type ProviderSettings = {
  readonly ollama?: OllamaSettings;
  readonly openai?: OpenaiSettings;
  readonly anthropic?: AnthropicSettings;
};

export type ModelsDeps = {
  readonly projectDir: string;
  readonly clock: Clock;
  readonly providers: ProviderSettings;
  /** By `<provider>:<model>`; what they name wins over everything known. */
  readonly prices: Readonly<Record<string, Price>>;
};

export function createModels({ projectDir, clock, providers, prices }: ModelsDeps): Model {
  const { ollama, openai, anthropic } = providers;
  const configured = new Map<string, Provider>([
    ["scripted", createScripted({ projectDir, clock })],
  ]);
  if (ollama !== undefined) configured.set("ollama", createOllama(ollama, { clock }));
  if (openai !== undefined) configured.set("openai", createOpenaiCompatible(openai, { clock }));
  if (anthropic !== undefined)
    configured.set("anthropic", createAnthropicProvider(anthropic, { clock }));

  const find = (model: string): Result<{ id: string; name: string; provider: Provider }> => {
    const id = model.slice(0, Math.max(model.indexOf(":"), 0));
    const name = nameOf({ model }).trim();
    const provider = configured.get(id);
    return provider === undefined || name === "" ? unknown(model, id) : ok({ id, name, provider });
  };
  return {
    describe: async (model, signal): Promise<Result<ModelFacts>> => {
      const found = find(model);
      if (!found.ok) return found;
      const { id, name, provider } = found.value;
      const facts = await provider.know(name, signal);
      if (!facts.ok) return facts;
      const known = provider.free ? FREE : provider.listed ? listedPrice(model) : null;
      return ok({ provider: id, name, price: ownPrice(model, prices) ?? known, ...facts.value });
    },
    reply: async (request, signal, onText) => {
      const found = find(request.model);
      if (!found.ok)
        return { kind: "failed", failure: failureOf(found.error.code, found.error.message) };
      return found.value.provider.reply(request, signal, onText);
    },
  };
}

const FORM =
  "A model is named <provider>:<model>, with one of: ollama, openai, anthropic, scripted.";

/** By provider: what is missing when it is known but not configured. */
const MISSING: Readonly<Record<string, string>> = {
  openai: "Set OPENAI_BASE_URL, and OPENAI_API_KEY where the server wants one.",
  anthropic: "Set ANTHROPIC_API_KEY.",
  ollama: "Set OLLAMA_HOST, or leave it out for the default.",
};

function unknown(model: string, id: string): Result<never, Refusal> {
  if (model.trim() === "")
    return refuse(
      "MODEL_UNCONFIGURED",
      "No model is set. Use --model <provider>:<model>, or `model` in orket.yaml.",
    );
  const named = nameOf({ model }).trim() !== "";
  const wayOut = named && Object.hasOwn(MISSING, id) ? MISSING[id] : FORM;
  return refuse("MODEL_UNCONFIGURED", `The model ${model} has no configured provider. ${wayOut}`, {
    model,
  });
}
