// The choice of a text dialect.
import assert from "node:assert/strict";
import { test } from "node:test";
import { dialectFamily } from "./dialect.ts";

test("R-66 one function chooses the dialect, in a fixed order of families", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["deepseek-r1-distill-qwen-32b", "deepseek"],
    ["DeepSeek-R1-Distill-Llama-70B", "deepseek"],
    ["qwen2.5-coder:14b", "qwen"],
    ["qwen-llama-merge", "qwen"],
    ["llama3.1:8b", "llama"],
    ["llama-phi", "llama"],
    ["phi-4", "phi"],
    ["mistral-nemo", "generic"],
    ["", "generic"],
    ["ollama:mistral", "generic"],
    ["ollama:llama3", "llama"],
    ["Ollama:phi4", "phi"],
  ];
  for (const [model, family] of cases) assert.equal(dialectFamily(model), family, model);
});
