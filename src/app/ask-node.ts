// Asks a decision node: frozen input, timed, its answer checked; the shadow beside it; and the event that records both.
import type {
  EvaluateInput,
  GateAnswer,
  GateInput,
  ModelChoice,
  ModelInput,
  PlanInput,
  RouteAnswer,
  RouteInput,
  Seam,
} from "../domain/decision.ts";
import { EngineError } from "../domain/errors.ts";
import type { NewEvent } from "../domain/events.ts";
import type { Json, JsonObject } from "../domain/json.ts";
import type { Evaluation } from "../domain/verdict.ts";
import { checkNodeAnswer } from "../nodes/check-answer.ts";
import type { Engine } from "./engine.ts";

const NODE_MS_MAX = 1000;

type Seams = {
  readonly plan: { readonly input: PlanInput; readonly answer: readonly string[] };
  readonly route: { readonly input: RouteInput; readonly answer: RouteAnswer };
  readonly selectModel: { readonly input: ModelInput; readonly answer: ModelChoice };
  readonly gate: { readonly input: GateInput; readonly answer: GateAnswer };
  readonly evaluate: { readonly input: EvaluateInput; readonly answer: Evaluation };
};

export type Decision<Name extends Seam> = {
  readonly answer: Seams[Name]["answer"];
  readonly events: readonly NewEvent[];
};
export type DecisionOrigin = Pick<NewEvent, "run" | "build" | "card" | "turn">;

type NodesOf = Pick<Engine, "nodes" | "clock" | "ids">;

/** Throws NODE_FAILED when the node throws, takes over a second or answers out of its schema; the gate denies instead. */
export function askNode<Name extends Seam>(
  engine: NodesOf,
  seam: Name,
  question: { readonly input: Seams[Name]["input"]; readonly origin: DecisionOrigin },
): Decision<Name> {
  const input = freeze(question.input);
  const { nodes, names, shadows } = engine.nodes;
  const inputDigest = engine.ids.digest(JSON.stringify(input));
  const record = (node: string, output: Json, shadow: boolean): NewEvent => ({
    ...question.origin,
    type: "decision-made",
    actor: "engine",
    data: { seam, node, inputDigest, output, shadow },
  });
  const asked = attempt(engine, seam, { node: nodes[seam] as AnyNode, input });
  const events: NewEvent[] = [];
  const beside = shadows[seam];
  if (beside !== undefined) {
    const shadowed = attempt(engine, seam, { node: beside.node as AnyNode, input });
    const output = shadowed.ok ? (shadowed.answer as Json) : { error: shadowed.error };
    const differs = JSON.stringify(output) !== JSON.stringify(asked.ok ? asked.answer : null);
    events.push(record(beside.name, { answer: output, differs }, true));
  }
  const answer = asked.ok ? asked.answer : failedAnswer(seam, names[seam], asked.error);
  return {
    answer: answer as Seams[Name]["answer"],
    events: [record(names[seam], answer as Json, false), ...events],
  };
}

type AnyNode = (input: unknown) => unknown;
type Attempt =
  | { readonly ok: true; readonly answer: unknown }
  | { readonly ok: false; readonly error: string };

function attempt(
  engine: NodesOf,
  seam: Seam,
  { node, input }: { node: AnyNode; input: unknown },
): Attempt {
  const startedMs = engine.clock.monotonic();
  let answer: unknown;
  try {
    answer = node(input);
  } catch (error) {
    return {
      ok: false,
      error: `it threw: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  const tookMs = engine.clock.monotonic() - startedMs;
  if (tookMs > NODE_MS_MAX)
    return { ok: false, error: `it took ${Math.round(tookMs)} ms, more than ${NODE_MS_MAX}` };
  const problem = checkNodeAnswer(seam, answer, input);
  return problem === null ? { ok: true, answer } : { ok: false, error: problem };
}

function failedAnswer(seam: Seam, name: string, error: string): JsonObject {
  if (seam === "gate")
    return {
      kind: "deny",
      reason: `The gate node ${name} failed, so the call is denied: ${error}`,
    };
  throw new EngineError("NODE_FAILED", `The ${seam} node ${name} failed: ${error}.`, {
    details: { seam, node: name },
  });
}

function freeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) freeze(member);
  }
  return value;
}
