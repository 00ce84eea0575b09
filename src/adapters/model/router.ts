// The model port as the engine sees it: `<provider>:<model>` goes to its provider, with its facts and its price.
import { ok, refuse } from "../../domain/result.ts";
import type { Result } from "../../domain/result.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Model, ModelFacts, Price } from "../../ports/model.ts";
import { failed } from "./failures.ts";
import { FREE, priceOf } from "./prices.ts";
import type { ProviderSettings } from "./providers.ts";
import { createProviders } from "./providers.ts";
import { createScripted } from "./scripted.ts";

export type ModelsDeps = {
  readonly projectDir: string;
  readonly clock: Clock;
  readonly providers: ProviderSettings;
  /** By `<provider>:<model>`; what they name wins over the built-in list. */
  readonly prices: Readonly<Record<string, Price>>;
};

export function createModels({ projectDir, clock, providers, prices }: ModelsDeps): Model {
  const scripted = createScripted({ projectDir, clock });
  const known = createProviders(providers, { clock });
  return {
    describe: async (model, signal): Promise<Result<ModelFacts>> => {
      const { provider, name } = split(model);
      if (provider === "scripted" && name !== "") return scripted.describe(model, signal);
      const found = known.get(provider);
      if (found === undefined || name === "") return unknown(model, provider);
      const facts = await found.know(name, signal);
      if (!facts.ok) return facts;
      const price = priceOf(model, prices) ?? (found.local ? FREE : null);
      return ok({ provider, name, price, ...facts.value });
    },
    reply: async (request, signal, onText) => {
      const { provider } = split(request.model);
      if (provider === "scripted") return scripted.reply(request, signal, onText);
      const found = known.get(provider);
      return found === undefined
        ? failed("MODEL_UNCONFIGURED", `The provider of ${request.model} is not configured.`)
        : found.reply(request, signal, onText);
    },
  };
}

function split(model: string): { provider: string; name: string } {
  const colon = model.indexOf(":");
  return colon < 1
    ? { provider: "", name: "" }
    : { provider: model.slice(0, colon), name: model.slice(colon + 1) };
}

const WAY_OUT: Readonly<Record<string, string>> = {
  openai: "Set OPENAI_BASE_URL, and OPENAI_API_KEY where the server wants one.",
  anthropic: "Set ANTHROPIC_API_KEY.",
  ollama: "Set OLLAMA_HOST, or leave it out for the default.",
};

function unknown(model: string, provider: string): Result<never> {
  if (model.trim() === "") {
    return refuse(
      "MODEL_UNCONFIGURED",
      "No model is set. Use --model <provider>:<model>, or `model` in orket.yaml.",
      {},
    );
  }
  const wayOut =
    WAY_OUT[provider] ??
    "A model is named <provider>:<model>, with one of: ollama, openai, anthropic, scripted.";
  return refuse("MODEL_UNCONFIGURED", `The model ${model} has no configured provider. ${wayOut}`, {
    model,
  });
}
