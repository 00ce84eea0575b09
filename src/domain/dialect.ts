// Which text dialect a model is given when it has no native tool calling. What a dialect says stands in its asset.

/** In the order of precedence: a `deepseek-r1-distill-qwen` is a deepseek. */
export const DIALECT_FAMILIES = ["deepseek", "qwen", "llama", "phi"] as const;
export type DialectFamily = (typeof DIALECT_FAMILIES)[number] | "generic";

/** The one choice of a family by a model's name; the provider in front of it does not count (`ollama:` is no llama). */
export function dialectFamily(modelName: string): DialectFamily {
  const name = modelName.toLowerCase().replace(/^(?:ollama|openai|anthropic|scripted):/, "");
  return DIALECT_FAMILIES.find((family) => name.includes(family)) ?? "generic";
}
