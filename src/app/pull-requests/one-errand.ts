// What each errand on the forge does: look for the mark of an earlier attempt, act, and look at what came of it.
import type { JsonObject } from "../../domain/json.ts";
import { markOf } from "../../domain/pull-request-errand.ts";
import type { DeploymentFacts } from "../../domain/pull-request-text.ts";
import {
  deploymentText,
  escalationText,
  rejectionText,
  removalText,
  requirementsText,
  requirementsTitle,
} from "../../domain/pull-request-text.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { OneErrand } from "./do-errands.ts";
import type { PullRequestLoop } from "./loop.ts";

/** Newest first, so the one that an attempt a moment ago made is among them. */
const ISSUES_MAX = 500;

export async function doErrand(
  loop: PullRequestLoop,
  one: OneErrand,
  signal: AbortSignal,
): Promise<Result<JsonObject>> {
  const { errand, row, ground } = one;
  switch (errand.kind) {
    case "escalation-comment":
      return comment(loop, { ...one, text: escalationText(row, ground.policy) }, signal);
    case "rejection-comment":
      return comment(loop, { ...one, text: rejectionText(row) }, signal);
    case "rejection-close":
      return close(loop, one, signal);
    case "rejection-issue":
      return fileIssue(loop, one, signal);
    // Is made with the row, in one transaction.
    case "rejection-card":
      return ok({});
    case "deployment-comment": {
      const facts = errand.facts as unknown as DeploymentFacts;
      return comment(loop, { ...one, text: deploymentText(facts) }, signal);
    }
    case "removal-comment":
      return comment(loop, { ...one, text: removalText() }, signal);
    case "review":
    case "deployment":
    case "sandbox-removal":
    case "sandbox-watch":
      return refuse("INTERNAL", `${errand.kind} is no errand on the forge.`);
  }
}

async function comment(
  { forge, engine }: PullRequestLoop,
  { errand, name, ground, hold, text }: OneErrand & { readonly text: string },
  signal: AbortSignal,
): Promise<Result<JsonObject>> {
  const mark = markOf(errand);
  const there = await forge.issues.comments(name, signal);
  if (!there.ok) return there;
  const known = there.value.find(
    ({ author, body }) => author === ground.self && body.includes(mark),
  );
  if (known !== undefined) return ok({ comment: known.id, found: true });
  const held = await hold.ensure();
  if (!held.ok) return held;
  const made = await forge.issues.comment(name, `${mark}\n${engine.redact.text(text)}`, signal);
  return made.ok ? ok({ comment: made.value.id }) : made;
}

/** Whatever the answer was, the pull request itself tells whether it is closed. */
async function close(
  { forge }: PullRequestLoop,
  { name, hold }: OneErrand,
  signal: AbortSignal,
): Promise<Result<JsonObject>> {
  const before = await forge.pulls.get(name, signal);
  if (!before.ok) return before;
  if (!before.value.isOpen) return ok({ found: true });
  const held = await hold.ensure();
  if (!held.ok) return held;
  const closed = await forge.pulls.close(name, signal);
  if (!closed.ok) return closed;
  const after = await forge.pulls.get(name, signal);
  if (!after.ok) return after;
  return after.value.isOpen
    ? refuse("FORGE_CONFLICT", "The forge took the closing, and the pull request is still open.")
    : ok({ closed: true });
}

async function fileIssue(
  { forge, engine }: PullRequestLoop,
  { errand, row, name, ground, hold }: OneErrand,
  signal: AbortSignal,
): Promise<Result<JsonObject>> {
  const { repository } = name;
  const mark = markOf(errand);
  const there = await forge.issues.list(repository, ISSUES_MAX, signal);
  if (!there.ok) return there;
  const known = there.value.find(({ body }) => body.includes(mark));
  if (known !== undefined) return ok({ issue: known.number, found: true });
  const before = await hold.ensure();
  if (!before.ok) return before;
  const labels = await forge.issues.labels(repository, ground.policy.labels, signal);
  if (!labels.ok) return labels;
  const held = await hold.ensure();
  if (!held.ok) return held;
  const body = `${mark}\n${engine.redact.text(requirementsText(row))}`;
  const title = requirementsTitle(row);
  const made = await forge.issues.create({ repository, title, body, labels: labels.value }, signal);
  if (!made.ok) return made;
  // Without the right to write the forge drops labels without a word; a second issue would help nobody.
  const given = made.value.labels.map((label) => label.name);
  const missing = ground.policy.labels.filter((label) => !given.includes(label));
  if (missing.length > 0)
    engine.log.warn({ issue: made.value.number, missing }, "the requirements issue lacks labels");
  return ok({ issue: made.value.number, labels: given, missing });
}
