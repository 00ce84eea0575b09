// Keeps the one comment on a pull request up to date that shows its state. It is written only when it would say something else,
// and found again by its mark.
import { STATE_MARK } from "../../domain/pull-request-errand.ts";
import type { StateView } from "../../domain/pull-request-text.ts";
import { stateText } from "../../domain/pull-request-text.ts";
import type { TrackedPullRequest } from "../../domain/pull-request.ts";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { ErrandScene } from "./do-errands.ts";
import type { PullRequestLoop } from "./loop.ts";

type Shown = ErrandScene & {
  readonly row: TrackedPullRequest;
  readonly refusals: StateView["refusals"];
};

/** What cannot be written now is written at a later look; nothing waits for it. */
export async function showState(
  loop: PullRequestLoop,
  shown: Shown,
  signal: AbortSignal,
): Promise<{ readonly row: TrackedPullRequest; readonly isShown: boolean }> {
  const { row, refusals, ground } = shown;
  const { engine } = loop;
  const body = engine.redact.text(stateText(row, { policy: ground.policy, refusals }));
  if (row.stateComment?.body === body) return { row, isShown: true };
  const written = await write(loop, shown, { body, signal });
  if (!written.ok) {
    const { code } = written.error;
    engine.log.warn({ pullRequest: row.number, code }, "the state could not be shown");
    return { row, isShown: false };
  }
  const next = { ...row, stateComment: { id: written.value, body } };
  const isKept = await engine.store.transaction(async ({ pullRequests }) =>
    pullRequests.write(next),
  );
  return { row: isKept ? { ...next, version: next.version + 1 } : row, isShown: true };
}

type Writing = { readonly body: string; readonly signal: AbortSignal };

/** The id of the comment. */
async function write(
  { forge }: PullRequestLoop,
  { row, name, ground, hold }: Shown,
  { body, signal }: Writing,
): Promise<Result<number>> {
  const held = await hold.ensure();
  if (!held.ok) return held;
  const known = row.stateComment?.id ?? null;
  if (known !== null) {
    const edited = await forge.issues.editComment(name.repository, { id: known, body }, signal);
    if (edited.ok) return ok(known);
    // Somebody removed it.
    if (edited.error.code !== "FORGE_NOT_FOUND") return edited;
  }
  const there = await forge.issues.comments(name, signal);
  if (!there.ok) return there;
  const own = there.value.find(
    (one) => one.author === ground.self && one.body.includes(STATE_MARK),
  );
  if (own === undefined) {
    const made = await forge.issues.comment(name, body, signal);
    return made.ok ? ok(made.value.id) : made;
  }
  if (own.body === body) return ok(own.id);
  const edited = await forge.issues.editComment(name.repository, { id: own.id, body }, signal);
  return edited.ok ? ok(own.id) : edited;
}
