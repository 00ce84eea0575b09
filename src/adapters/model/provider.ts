// What a provider is to the router: the model port without its address, and what is known of one of its models.
import type { Result } from "../../domain/result.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Model, ModelFacts, ModelRequest } from "../../ports/model.ts";

export type KnownFacts = Pick<ModelFacts, "nativeTools" | "contextWindow">;

export type Provider = Pick<Model, "reply"> & {
  /** Costs nothing: it runs on this machine, or on one of its owner's. */
  readonly free: boolean;
  /** Whether the built-in price list speaks of this endpoint. */
  readonly listed: boolean;
  readonly know: (name: string, signal: AbortSignal) => Promise<Result<KnownFacts>>;
};

export type ProviderDeps = { readonly clock: Clock };

/** The model as its provider calls it. It may hold colons itself: `ollama:qwen3:8b`. */
export const nameOf = ({ model }: Pick<ModelRequest, "model">): string =>
  model.slice(model.indexOf(":") + 1);
