// What the organization loop could work on: the most critical workable card of each rock, and of each epic in no rock.
import type { ProjectAssets } from "../domain/assets.ts";
import type { CardStatus } from "../domain/card.ts";
import type { Board, BoardEpic, BoardIssue } from "./board.ts";
import type { RunTarget } from "./start-run.ts";
import { epicTarget, rockTarget } from "./start-run.ts";

export type LoopCandidate = {
  readonly target: RunTarget;
  /** The epic whose card it is, and the build it is worked on in. */
  readonly epic: string;
  readonly department: string;
  readonly build: string;
  readonly card: string;
  readonly score: number;
};

const FRESH = { build: null, restart: false } as const;
/** What a person put away stays away. */
const PUT_AWAY: readonly CardStatus[] = ["canceled", "archived"];
const TAKEN_UP: readonly CardStatus[] = ["in_progress", "ready_for_testing", "code_review"];

/** Best first; one for each rock and each epic in no rock. `board` shows these assets. */
export function loopCandidates(assets: ProjectAssets, board: Board): readonly LoopCandidate[] {
  const ofRocks = board.rocks.flatMap((view) => {
    const rock = Object.values(assets.rocks).find((one) => one.id === view.id);
    const target = rock === undefined ? null : rockTarget(assets, rock, FRESH);
    if (target === null || !target.ok || PUT_AWAY.includes(view.status)) return [];
    return best(openEpics(assets, target.value, view.epics), target.value);
  });
  const alone = Object.entries(assets.epics).flatMap((entry) => {
    const view = board.orphanedEpics.find((one) => one.id === entry[1].id);
    if (view === undefined) return [];
    const target = epicTarget(entry, FRESH);
    return best([{ view, build: target.entries[0]?.build ?? "" }], target);
  });
  return [...ofRocks, ...alone].toSorted((left, right) => right.score - left.score);
}

type OpenEpic = { readonly view: BoardEpic; readonly build: string };

/** The epics of a rock whose predecessors are done. */
function openEpics(
  { epics }: ProjectAssets,
  { entries }: RunTarget,
  views: readonly BoardEpic[],
): readonly OpenEpic[] {
  const found = entries.flatMap(({ build, epicKey, after }) => {
    const view = views.find((one) => one.id === epics[epicKey]?.id);
    return view === undefined ? [] : [{ view, build, after }];
  });
  const done = new Set(
    found.filter(({ view }) => view.status === "done").map(({ build }) => build),
  );
  return found.filter(({ after }) => after.every((build) => done.has(build)));
}

function best(epics: readonly OpenEpic[], target: RunTarget): readonly LoopCandidate[] {
  const [first] = epics
    .filter(({ view }) => !PUT_AWAY.includes(view.status))
    .flatMap(({ view, build }) => workable(view.issues).map((issue) => ({ view, build, issue })))
    .toSorted((left, right) => right.issue.score - left.issue.score);
  if (first === undefined) return [];
  const { view, build, issue } = first;
  const { id: epic, department } = view;
  return [{ target, epic, department, build, card: issue.id, score: issue.score }];
}

/**
 * Ready with all it waits for done, or begun and left: sent back, answered, waiting for a review. What is blocked for a
 * dependency that is done or for a resource counts too: the engine frees it when a run looks, if what it lacked is there.
 */
function workable(issues: readonly BoardIssue[]): readonly BoardIssue[] {
  const done = new Set(issues.filter(({ status }) => status === "done").map(({ id }) => id));
  return issues.filter(({ status, waitReason, dependsOn }) => {
    if (TAKEN_UP.includes(status) || waitReason === "resource") return true;
    const isWaiting = status === "ready" || waitReason === "dependency";
    return isWaiting && dependsOn.every((id) => done.has(id));
  });
}
