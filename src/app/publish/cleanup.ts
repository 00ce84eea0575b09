// `orket publish cleanup`: folders whose product has stood still go into the archive, and what has lain there long goes away.
// Only what the forge is seen to hold this moment.
import type { CleanupCause, Published } from "../../domain/product.ts";
import { whyNotArchived, whyNotDeleted } from "../../domain/product.ts";
import type { Refusal, Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { PublishDeps, Publisher } from "./deps.ts";
import { requirePublisher } from "./deps.ts";
import { archiveProduct, deleteArchived, recoverMoves } from "./moves.ts";

export type CleanupRequest = {
  readonly archiveDays: number;
  readonly deleteDays: number;
  readonly executes: boolean;
};

export type CleanupReport = {
  readonly archived: readonly string[];
  readonly deleted: readonly string[];
  readonly skipped: readonly { readonly name: string; readonly cause: CleanupCause }[];
  readonly execute: boolean;
  /** What stopped it before its end; the lists are what was done until then. */
  readonly error: Refusal | null;
};

const ROWS_MAX = 10_000;
const DAYS_MAX = 3650;

export async function cleanUpProducts(
  deps: PublishDeps,
  request: CleanupRequest,
): Promise<Result<CleanupReport>> {
  const isCount = (days: number): boolean =>
    Number.isInteger(days) && days >= 1 && days <= DAYS_MAX;
  if (!isCount(request.archiveDays) || !isCount(request.deleteDays))
    return refuse(
      "USAGE",
      `--archive-days and --delete-days are whole numbers from 1 to ${DAYS_MAX}.`,
    );
  if (!request.executes) return goThrough({ ...deps, request, remote: null });
  const publisher = requirePublisher(deps);
  if (!publisher.ok) return publisher;
  await recoverMoves(deps);
  return goThrough({ ...deps, request, remote: publisher.value.remote });
}

type Scene = PublishDeps & {
  readonly request: CleanupRequest;
  /** Null in a dry call: the forge is not asked. */
  readonly remote: Publisher["remote"] | null;
};

async function goThrough(scene: Scene): Promise<Result<CleanupReport>> {
  const rows = await scene.store.read(async ({ published }) =>
    published.list({ states: ["present", "archived"], limit: ROWS_MAX }),
  );
  const archived: string[] = [];
  const deleted: string[] = [];
  const skipped: { readonly name: string; readonly cause: CleanupCause }[] = [];
  let error: Refusal | null = null;
  for (const row of rows) {
    const cause = await treat(scene, row);
    if (!cause.ok) {
      error = cause.error;
      break;
    }
    if (cause.value !== null) skipped.push({ name: row.project, cause: cause.value });
    else if (row.state === "present") archived.push(row.project);
    else deleted.push(row.project);
  }
  return ok({ archived, deleted, skipped, execute: scene.request.executes, error });
}

type Cause = Promise<Result<CleanupCause | null>>;

async function treat(scene: Scene, row: Published): Cause {
  const local = await whyNot(scene, row);
  if (!local.ok || local.value !== null) return local;
  if (scene.remote === null) return ok(null);
  const forge = await isStillThere(scene.remote, row, scene.signal);
  if (!forge.ok) return forge;
  if (!forge.value) return ok("moved-on");
  if (row.state === "present") return ok(await archiveProduct(scene, row));
  await deleteArchived(scene, row);
  return ok(null);
}

async function whyNot({ products, clock, request }: Scene, row: Published): Cause {
  const limits = { ...request, nowMs: clock.now() };
  if (row.state !== "present") {
    const kind = row.place === null ? "outside" : await products.lookAt(row.place);
    return ok(whyNotDeleted(row, kind, limits));
  }
  const facts = await products.look(row);
  return facts.ok ? ok(whyNotArchived(row, facts.value, limits)) : facts;
}

async function isStillThere(
  remote: Publisher["remote"],
  { repository, branch, sha }: Published,
  signal: AbortSignal,
): Promise<Result<boolean>> {
  const [owner = "", name = ""] = repository.split("/");
  const head = await remote.head({ owner, name }, { kind: "branch", name: branch }, signal);
  if (head.ok) return ok(head.value === sha);
  return head.error.code === "FORGE_NOT_FOUND" ? ok(false) : head;
}
