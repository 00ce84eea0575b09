// The driver: plain language in, an answer and perhaps a plan out. The plan is tried out and shown, never applied here.
import type { AssetProblem, ProjectAssets } from "../domain/assets.ts";
import { keyOf } from "../domain/card-moves.ts";
import type { DriverReply, FileChange, PlanAction } from "../domain/driver-plan.ts";
import {
  assetActionsOf,
  checkNames,
  describeAction,
  directivesOf,
  planProblem,
} from "../domain/driver-plan.ts";
import { canonicalJson } from "../domain/json.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Refused, Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { ChatMessage } from "../domain/turn.ts";
import type { ModelFailure, ModelRequest } from "../ports/model.ts";
import type { Plan } from "./apply-plan.ts";
import { applyPlan, digestsOf, planData, planFailed } from "./apply-plan.ts";
import { requestApproval } from "./approvals.ts";
import { readBoard } from "./board.ts";
import { callModel } from "./call-model.ts";
import { correction, driverMessages } from "./drive-prompt.ts";
import { parseReply, planActions } from "./drive-reply.ts";
import { findCard } from "./edit-cards.ts";
import type { Engine } from "./engine.ts";
import { assetRefusal } from "./start-run.ts";

export type DriveDeps = Pick<
  Engine,
  "store" | "assets" | "assetEdits" | "model" | "clock" | "ids" | "settings" | "watcher"
>;

export type DriveRequest = {
  readonly message: string;
  readonly model: string | null;
  readonly person: string;
  /** What was said before in the same conversation, oldest first; the last of it is sent. */
  readonly history: readonly ChatMessage[];
  /** Replies the model gave in this conversation; a scripted one answers by it. */
  readonly replies: number;
  /** Whether nobody is there to confirm, so that a plan has to wait for an answer. */
  readonly store: boolean;
  readonly onRetry: (failure: ModelFailure, waitMs: number) => void;
};

export type DriveAnswer = {
  readonly answer: string;
  /** null when there is nothing to apply. */
  readonly plan: Plan | null;
  /** Id of the approval under which the plan waits. */
  readonly approval: string | null;
  /** For the history of the conversation. */
  readonly said: readonly ChatMessage[];
  readonly replies: number;
};

const MESSAGE_CHARACTERS_MAX = 16_000;
const HISTORY_MESSAGES_MAX = 20;
const DESCRIBE_MS_MAX = 10_000;
const REPLY_MS_MAX = 300_000;

export const DRIVER_ROLE = "driver";

export async function drive(
  deps: DriveDeps,
  request: DriveRequest,
  signal: AbortSignal,
): Promise<Result<DriveAnswer>> {
  const { message, person } = request;
  if (message.trim() === "" || message.length > MESSAGE_CHARACTERS_MAX)
    return refuse("USAGE", `A message has between 1 and ${MESSAGE_CHARACTERS_MAX} characters.`, {
      length: message.length,
    });
  const loaded = await deps.assets.load();
  if (!loaded.ok) return assetRefusal(loaded.error);
  const model = modelOf(deps, request, loaded.value);
  const described = await deps.model.describe(model, AbortSignal.timeout(DESCRIBE_MS_MAX));
  if (!described.ok) {
    await planFailed(deps, { plan: null, person, stage: "model", code: described.error.code });
    return described;
  }
  const asked = await converse(deps, { ...request, model, assets: loaded.value }, signal);
  if (!asked.ok) return asked;
  const { answer, actions, files, replies } = asked.value;
  const said: readonly ChatMessage[] = [
    { role: "user", content: message },
    { role: "assistant", content: canonicalJson({ answer, actions }), calls: [] },
  ];
  if (files.length === 0 && directivesOf(actions).length === 0)
    return ok({ answer, plan: null, approval: null, said, replies });
  const plan: Plan = { id: deps.ids.create("plan"), actions, files };
  const approval = await propose(deps, plan, { person, model, store: request.store });
  return ok({ answer, plan, approval, said, replies });
}

/** `models.driver`, or what the project's other models fall back to. A flag wins over all. */
function modelOf({ settings }: DriveDeps, { model }: DriveRequest, assets: ProjectAssets): string {
  const ofRole = Object.entries(settings.roleModels).find(
    ([role]) => keyOf(role) === DRIVER_ROLE,
  )?.[1];
  return model ?? ofRole ?? settings.model ?? assets.organization.process.defaultLlm ?? "";
}

type Asked = DriverReply & { readonly files: readonly FileChange[]; readonly replies: number };
type Question = Omit<DriveRequest, "model"> & {
  readonly model: string;
  readonly assets: ProjectAssets;
};

/** One reply, and one more where the first holds no plan that can be used. */
async function converse(
  deps: DriveDeps,
  question: Question,
  signal: AbortSignal,
): Promise<Result<Asked>> {
  const { assets, person } = question;
  const board = await readBoard(deps, { department: null });
  if (!board.ok) return assetRefusal(board.error);
  const history = question.history.slice(-HISTORY_MESSAGES_MAX);
  const messages = driverMessages({ assets, board: board.value }, history, question.message);
  const first = await ask(deps, { ...question, messages }, signal);
  if (!first.ok) return first;
  const replies = question.replies + 1;
  const read = await readPlan(deps, assets, first.value);
  if (read.ok) return ok({ ...read.value, replies });
  const again = [...messages, ...correction(first.value, read.error.words)];
  const second = await ask(deps, { ...question, replies, messages: again }, signal);
  if (!second.ok) return second;
  const reread = await readPlan(deps, assets, second.value);
  if (reread.ok) return ok({ ...reread.value, replies: replies + 1 });
  const { problems } = reread.error;
  if (problems !== null) {
    await planFailed(deps, { plan: null, person, stage: "check", code: "PLAN_INVALID" });
    return invalid(problems);
  }
  await planFailed(deps, { plan: null, person, stage: "reply", code: "PLAN_INVALID" });
  const answer = second.value.trim() === "" ? first.value.trim() : second.value.trim();
  return ok({ answer, actions: [], files: [], replies: replies + 1 });
}

const invalid = (problems: readonly AssetProblem[]): Result<never> =>
  refuse(
    "PLAN_INVALID",
    `The plan has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}; nothing was changed. Say it in other words, or change the files yourself.`,
    { problems },
  );

type Call = Question & { readonly messages: readonly ChatMessage[] };

async function ask(deps: DriveDeps, call: Call, signal: AbortSignal): Promise<Result<string>> {
  const { model, messages, replies, person, onRetry } = call;
  const request: ModelRequest = {
    model,
    messages,
    tools: [],
    temperature: 0,
    seed: null,
    timeoutMs: REPLY_MS_MAX,
    origin: {
      run: DRIVER_ROLE,
      card: DRIVER_ROLE,
      seat: DRIVER_ROLE,
      seatReplies: replies,
      runReplies: replies,
    },
  };
  const reply = await callModel(deps, {
    request,
    signal,
    shorten: () => null,
    onRetry: async (failure, _, waitMs) => onRetry(failure, waitMs),
  });
  if (reply.kind === "reply") return ok(reply.text);
  const { code, message } = reply.failure;
  await planFailed(deps, { plan: null, person, stage: "model", code });
  return refuse(code, message, { model });
}

/** `problems` is null when it is no plan at all. */
type Unusable = {
  readonly words: readonly string[];
  readonly problems: readonly AssetProblem[] | null;
};
type Read = DriverReply & { readonly files: readonly FileChange[] };

async function readPlan(
  deps: DriveDeps,
  assets: ProjectAssets,
  said: string,
): Promise<Result<Read, Unusable>> {
  const parsed = parseReply(said);
  if (!parsed.ok) return { ok: false, error: { words: parsed.error, problems: null } };
  const { answer, actions } = parsed.value;
  const tried = await tryOut(deps, assets, actions);
  if (tried.ok) return ok({ answer, actions, files: tried.value });
  const words = tried.error.map(
    ({ file, path, found, expected }) => `${file} ${path}: found ${found}, expected ${expected}`,
  );
  return { ok: false, error: { words, problems: tried.error } };
}

/** The files the actions would leave, or everything that is wrong with them. */
async function tryOut(
  { store, assetEdits }: Pick<DriveDeps, "store" | "assetEdits">,
  assets: ProjectAssets,
  actions: readonly PlanAction[],
): Promise<Result<readonly FileChange[], readonly AssetProblem[]>> {
  const problems: AssetProblem[] = [...checkNames(actions)];
  const seats = new Set(
    Object.values(assets.teams).flatMap((team) => team.seats.map(({ key }) => key)),
  );
  for (const { place, directive } of directivesOf(actions)) {
    const { card, seat } = directive;
    const found = await store.read(async (transaction) =>
      findCard(transaction, { card, build: null }),
    );
    if (!found.ok)
      problems.push(
        planProblem(place, "card", {
          code: "card-missing",
          found: card,
          expected: "a stored card",
        }),
      );
    if (seat !== undefined && !seats.has(keyOf(seat))) {
      const expected = `one of ${[...seats].join(", ")}`;
      problems.push(planProblem(place, "seat", { code: "seat-missing", found: seat, expected }));
    }
  }
  if (problems.length > 0) return { ok: false, error: problems };
  return assetEdits.draft(assetActionsOf(actions));
}

type Proposal = { readonly person: string; readonly model: string; readonly store: boolean };

async function propose(
  deps: DriveDeps,
  plan: Plan,
  { person, model, store }: Proposal,
): Promise<string | null> {
  const { clock, ids } = deps;
  const approval = store ? ids.create("approval") : null;
  const nowMs = clock.now();
  const actor = `human:${person}`;
  const summary = plan.actions.map(describeAction).join("; ");
  const payload = {
    summary,
    plan: plan.id,
    actions: plan.actions,
    files: digestsOf(deps, plan.files),
  } as unknown as JsonObject;
  await deps.store.transaction(async (transaction) => {
    const data = { ...planData(deps, plan), model, ...(approval === null ? {} : { approval }) };
    await transaction.events.append([{ type: "plan-proposed", actor, data }]);
    if (approval === null) return;
    const request = {
      ...NO_CALL,
      id: approval,
      kind: "plan",
      payload,
      argsHash: ids.digest(canonicalJson(payload)),
      reason: "A plan of the driver waits to be applied.",
      requestedAt: new Date(nowMs).toISOString(),
      expiresAt: new Date(nowMs + deps.settings.approvalMs).toISOString(),
    } as const;
    await requestApproval(transaction, request, { actor, asksNobody: false });
  });
  return approval;
}

const NO_CALL = {
  run: null,
  build: null,
  card: null,
  turn: null,
  step: null,
  call: null,
  epoch: null,
  tool: null,
  riskClass: null,
  arguments: {},
} as const;

export type PlanAnswer = {
  readonly id: string;
  readonly reason: string | null;
  readonly person: string;
};

/**
 * Applies a plan that waited for this answer. It is tried out again on the files as they are now; only if that gives the very
 * change that was proposed it is applied, and otherwise it stays unanswered.
 */
export async function allowPlan(
  deps: DriveDeps,
  { id, reason, person }: PlanAnswer,
): Promise<Result<Plan>> {
  const found = await waitingPlan(deps, id);
  if (!found.ok) return found;
  const { plan, staleness } = found.value;
  if (staleness !== null) {
    await planFailed(deps, { plan: plan.id, person, stage: "apply", code: staleness.error.code });
    return staleness;
  }
  const applied = await applyPlan(deps, { plan, person, approval: { id, reason } });
  return applied.ok ? ok(plan) : applied;
}

/** The files that a plan would change, as they are now; refused where it could not be applied any more. */
export async function readWaitingPlan(deps: DriveDeps, id: string): Promise<Result<Plan>> {
  const found = await waitingPlan(deps, id);
  if (!found.ok) return found;
  const { plan, staleness } = found.value;
  return staleness ?? ok(plan);
}

/** `staleness` where the files are no longer as they were. */
type Waiting = { readonly plan: Plan; readonly staleness: Refused | null };

async function waitingPlan(deps: DriveDeps, id: string): Promise<Result<Waiting>> {
  const approval = await deps.store.read(async ({ approvals }) => approvals.get(id));
  const parsed = planActions.safeParse(approval?.payload["actions"]);
  const planId = approval?.payload["plan"];
  if (approval?.kind !== "plan" || !parsed.success || typeof planId !== "string")
    return refuse("APPROVAL_UNKNOWN", `No plan waits under ${id}. See: orket approvals`, { id });
  const loaded = await deps.assets.load();
  if (!loaded.ok) return assetRefusal(loaded.error);
  const tried = await tryOut(deps, loaded.value, parsed.data);
  const files = tried.ok ? tried.value : [];
  const isSame =
    tried.ok && canonicalJson(digestsOf(deps, files)) === canonicalJson(approval.payload["files"]);
  const staleness = isSame
    ? null
    : refuse(
        "FILE_STALE",
        `The files are not as they were when ${planId} was made; nothing was applied. Ask for the plan again.`,
        { plan: planId, ...(tried.ok ? {} : { problems: tried.error }) },
      );
  return ok({ plan: { id: planId, actions: parsed.data, files }, staleness });
}
