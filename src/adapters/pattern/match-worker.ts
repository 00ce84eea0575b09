// Entry of the worker thread in which a pattern is matched. A pattern can take for ever; a thread can be ended.
import { parentPort, workerData } from "node:worker_threads";
import type { PatternQuestion } from "../../ports/pattern.ts";

const { pattern, text } = workerData as PatternQuestion;

function match(): "match" | "no-match" | "invalid" {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, "u");
  } catch {
    return "invalid";
  }
  return expression.test(text) ? "match" : "no-match";
}

parentPort?.postMessage(match());
