// A merge, pinned to a head. Forgejo answers 403 after a merge that worked, and an answer can be lost: so what became of it
// is always read from the pull request itself.
import { ok } from "../../domain/result.ts";
import type { Refusal, Result } from "../../domain/result.ts";
import type { MergeOutcome, MergeRequest, PullRequest } from "../../ports/forge.ts";
import type { Caller } from "./gitea-call.ts";
import { callFor } from "./gitea-call.ts";
import * as shapes from "./gitea-shapes.ts";
import { callApi } from "./gitea-wire.ts";

type Place = { readonly caller: Caller; readonly path: readonly (string | number)[] };

export async function mergePullRequest(
  { caller, path }: Place,
  { headSha, style, title, message }: MergeRequest,
): Promise<Result<MergeOutcome>> {
  const asked = await callApi(
    caller.deps,
    {
      method: "POST",
      path: [...path, "merge"],
      // The capitalised names are known to every version.
      body: {
        Do: style,
        MergeTitleField: title,
        MergeMessageField: message,
        head_commit_id: headSha,
        force_merge: false,
        merge_when_checks_succeed: false,
      },
      ok: [200],
    },
    caller.signal,
  );
  const read = await callFor(caller, { method: "GET", path, ok: [200] }, shapes.pullRequest);
  if (!read.ok) return read;
  const { isMerged, mergeCommit } = read.value;
  if (isMerged && mergeCommit !== null) return ok({ kind: "merged", commit: mergeCommit });
  if (asked.ok)
    return ok({ kind: "not-now", detail: "The forge took the merge, and does not show it yet." });
  return judge(asked.error, read.value, headSha);
}

function judge(refusal: Refusal, now: PullRequest, headSha: string): Result<MergeOutcome> {
  const { status } = refusal.details;
  const detail = refusal.message;
  if (!now.isOpen) return ok({ kind: "forbidden", detail: "The pull request is closed." });
  if (now.headSha !== headSha || status === 409) return ok({ kind: "moved", detail });
  // Its checks are still running, or it may not be merged; what it says of itself at the next look tells which.
  if (status === 405) return ok({ kind: "not-now", detail });
  if (refusal.code === "FORGE_UNAVAILABLE") return { ok: false, error: refusal };
  return ok({ kind: "forbidden", detail });
}
