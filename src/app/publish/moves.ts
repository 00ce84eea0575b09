// Folders of published products that go into the archive or away. A move is written before it is made and again after it, so
// that whatever a killed call left is finished by the next one.
import type { CleanupCause, Published } from "../../domain/product.ts";
import { archivePlace, settledState } from "../../domain/product.ts";
import type { EventType } from "../../domain/events.ts";
import type { PublishDeps } from "./deps.ts";

type MoveDeps = Pick<PublishDeps, "store" | "clock" | "products" | "person">;

const ROWS_MAX = 10_000;

/** Finishes what calls before this one began. */
export async function recoverMoves(deps: MoveDeps): Promise<void> {
  const begun = await deps.store.read(async ({ published }) =>
    published.list({ states: ["present", "archiving", "removing", "deleting"], limit: ROWS_MAX }),
  );
  for (const row of begun) {
    if (row.place === null) continue;
    const isAtPlace = (await deps.products.lookAt(row.place)) === "folder";
    const state = settledState(row, isAtPlace);
    const settled = { ...row, state };
    if (state !== row.state && !(await write(deps, row, state))) continue;
    if (state === "deleting") await finishDeleting(deps, settled);
  }
}

/** Into the archive; why not, when it did not go. */
export const archiveProduct = async (
  deps: MoveDeps,
  row: Published,
): Promise<CleanupCause | null> => {
  const moved = await moveAway(deps, row, "archiving");
  if (typeof moved === "string") return moved;
  await write(deps, moved, "archived");
  return null;
};

/** Away for good, by way of the archive. */
export async function removeProduct(deps: MoveDeps, row: Published): Promise<CleanupCause | null> {
  const moved = await moveAway(deps, row, "removing");
  if (typeof moved === "string") return moved;
  if (await write(deps, moved, "deleting"))
    await finishDeleting(deps, { ...moved, state: "deleting" });
  return null;
}

/** What lies in the archive. */
export async function deleteArchived(deps: MoveDeps, row: Published): Promise<void> {
  if (await write(deps, row, "deleting")) await finishDeleting(deps, { ...row, state: "deleting" });
}

type Moved = Published & { readonly place: string };

async function moveAway(
  deps: MoveDeps,
  row: Published,
  state: "archiving" | "removing",
): Promise<Moved | CleanupCause> {
  const place = archivePlace(row.project, deps.clock.now());
  const begun = await deps.store.transaction(async ({ published }) =>
    published.move(row, { state, place }),
  );
  // Another call is at it.
  if (!begun) return "changed";
  const moved = { ...row, state, place };
  if (await deps.products.archive(row, place)) return moved;
  await write(deps, moved, "present");
  return "not-moved";
}

async function finishDeleting(deps: MoveDeps, row: Published): Promise<void> {
  if (row.place !== null) await deps.products.remove(row.place);
  await write(deps, row, "deleted");
}

const EVENTS: Readonly<Partial<Record<Published["state"], EventType>>> = {
  archived: "product-archived",
  deleted: "product-deleted",
};

/** False when another call was first; it goes on from there then. */
async function write(
  { store, person }: MoveDeps,
  row: Published,
  state: Published["state"],
): Promise<boolean> {
  const type = EVENTS[state];
  return store.transaction(async ({ published, events }) => {
    if (!(await published.move(row, { state }))) return false;
    if (type === undefined) return true;
    const { source, project, repository, sha, place } = row;
    const data = { source, project, repository, sha, place };
    await events.append([{ type, actor: `human:${person}`, data }]);
    return true;
  });
}
