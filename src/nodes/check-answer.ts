// The schemas of the five answers, written by hand: nodes import no library. A node of the user's own may return anything.
import { isWaitReason } from "../domain/card.ts";
import type { PlanInput, RouteInput, Seam } from "../domain/decision.ts";

export const ANSWER_TEXT_MAX = 4000;
const MODEL_NAME_MAX = 300;

/** null when the answer fits the seam, else what is wrong with it. Never throws, whatever the answer is. */
export function checkNodeAnswer(seam: Seam, answer: unknown, input: unknown): string | null {
  if (answer instanceof Promise) {
    // Nobody waits for it; left alone, its rejection would end the process.
    answer.catch(() => {});
    return "the answer is a promise; nodes are synchronous";
  }
  try {
    return CHECKS[seam](answer, input);
  } catch {
    return "the answer cannot be read: one of its members throws";
  }
}

type Check = (answer: unknown, input: unknown) => string | null;
type Members = Readonly<Record<string, unknown>>;

const CHECKS: Readonly<Record<Seam, Check>> = {
  plan: (answer, input) => checkPlan(answer, (input as PlanInput).candidates),
  route: (answer, input) => checkRoute(answer, (input as RouteInput).seats),
  selectModel: (answer) =>
    withMembers(answer, ["model"], ({ model }) =>
      typeof model === "string" && model.length <= MODEL_NAME_MAX
        ? null
        : "model is not a short text",
    ),
  gate: (answer) => checkKinds(answer, { abstain: [], ask: ["reason"], deny: ["reason"] }),
  evaluate: (answer) =>
    checkKinds(answer, {
      commit: [],
      promote: [],
      retry: ["reason"],
      block: ["reason", "detail"],
      violation: ["detail"],
    }) ?? checkBlock(answer as Members),
};

function checkPlan(answer: unknown, candidates: PlanInput["candidates"]): string | null {
  if (!Array.isArray(answer)) return `the answer is ${describe(answer)}, not a list of card ids`;
  if (answer.length > candidates.length) return "the answer has more ids than there are candidates";
  const open = new Set(candidates.map((candidate) => candidate.id));
  for (const id of answer as unknown[]) {
    if (typeof id !== "string") return `the answer holds ${describe(id)}, which is no card id`;
    if (!open.delete(id)) return `${describe(id)} is no candidate, or is named twice`;
  }
  return null;
}

const checkRoute = (answer: unknown, seats: RouteInput["seats"]): string | null =>
  withMembers(
    answer,
    isMembers(answer) && answer["seat"] === null ? ["seat", "reason"] : ["seat"],
    ({ seat, reason }) => {
      if (seat === null) return checkText("reason", reason);
      return seats.some((one) => one.key === seat)
        ? null
        : `${describe(seat)} is no seat of the team`;
    },
  );

/** Kind → the texts that come with it. */
function checkKinds(
  answer: unknown,
  kinds: Readonly<Record<string, readonly string[]>>,
): string | null {
  if (!isMembers(answer)) return `the answer is ${describe(answer)}, not an object`;
  const kind = answer["kind"];
  const texts = typeof kind === "string" && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (texts === undefined)
    return `kind is ${describe(kind)}, not one of ${Object.keys(kinds).join(", ")}`;
  return withMembers(answer, ["kind", ...texts], (members) => {
    for (const name of texts) {
      const problem = checkText(name, members[name]);
      if (problem !== null) return problem;
    }
    return null;
  });
}

const checkBlock = ({ kind, reason }: Members): string | null =>
  kind !== "block" || isWaitReason(reason)
    ? null
    : `reason is ${describe(reason)}, which is no wait reason`;

function checkText(name: string, value: unknown): string | null {
  if (typeof value !== "string" || value.trim() === "") return `${name} is missing or is no text`;
  return value.length > ANSWER_TEXT_MAX
    ? `${name} is longer than ${ANSWER_TEXT_MAX} characters`
    : null;
}

/** Exactly these members, on a plain object: what is recorded must be what was used. */
function withMembers(
  answer: unknown,
  names: readonly string[],
  check: (members: Members) => string | null,
): string | null {
  if (!isMembers(answer)) return `the answer is ${describe(answer)}, not an object`;
  const unknown = Reflect.ownKeys(answer).find(
    (name) => typeof name !== "string" || !names.includes(name),
  );
  if (unknown !== undefined) return `the answer has an unknown member ${String(unknown)}`;
  const computed = names.find(
    (name) => Object.getOwnPropertyDescriptor(answer, name)?.get !== undefined,
  );
  if (computed !== undefined) return `the member ${computed} is computed, not a value`;
  return check(answer);
}

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function describe(value: unknown): string {
  if (typeof value === "string") return `'${value.slice(0, 80)}'`;
  return value === null
    ? "null"
    : Array.isArray(value)
      ? "a list"
      : `a value of type ${typeof value}`;
}
