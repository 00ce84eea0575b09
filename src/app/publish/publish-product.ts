// One product to its repository: is it there, make it, split, push, prove, write down, and then perhaps put the folder away.
import type { CleanupCause, Published } from "../../domain/product.ts";
import { PUBLISHED_STATES } from "../../domain/product.ts";
import type { Refused, Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Repository, RepositoryFacts } from "../../ports/forge.ts";
import type { PushRequest } from "../../ports/git-remote.ts";
import type { ProductFolder, Split } from "../../ports/products.ts";
import type { PublishDeps, Publisher } from "./deps.ts";
import { removeProduct } from "./moves.ts";

export const BRANCH = "main";
const LOOKS_MAX = 5;
const LOOK_MS = 1000;

export type ProductScene = PublishDeps &
  Publisher & {
    readonly folder: ProductFolder;
    readonly repository: Repository;
    readonly isPublic: boolean;
    readonly forces: boolean;
    readonly deletesLocal: boolean;
  };

export type ProductDone = {
  readonly created: boolean;
  readonly pushed: boolean;
  readonly row: Published;
  /** Why the folder is still there although it was to go; null when it is gone or was not to go. */
  readonly kept: CleanupCause | "holds-ignored" | null;
};

export const nameOf = ({ owner, name }: Repository): string => `${owner}/${name}`;

export async function publishProduct(scene: ProductScene): Promise<Result<ProductDone>> {
  const published = await scene.products.withSplit(scene.folder, async (split) => {
    const ready = await makeReady(scene);
    if (!ready.ok) return ready;
    const pushed = await pushSplit(scene, split);
    if (!pushed.ok) return pushed;
    if (pushed.value) await noteUnproven(scene, split);
    const row = await prove(scene, split, pushed.value);
    if (!row.ok) return row;
    return ok({ created: ready.value, pushed: pushed.value, row: row.value });
  });
  if (!published.ok) return published;
  if (!scene.deletesLocal) return ok({ ...published.value, kept: null });
  const kept = await removeLocal(scene, published.value.row);
  return kept.ok ? ok({ ...published.value, kept: kept.value }) : kept;
}

/** True when it was made now. Only a 404 says that there is none; whatever else is no answer stops. */
async function makeReady(scene: ProductScene): Promise<Result<boolean>> {
  const { forge, repository, isPublic, signal } = scene;
  const found = await forge.repository(repository, signal);
  if (found.ok) return checkRepository(scene, found.value, false);
  if (found.error.code !== "FORGE_NOT_FOUND") return found;
  const description = `Published by Orket from ${scene.folder.source}/${scene.folder.project}`;
  const wanted = { repository, isPrivate: !isPublic, description };
  const made = await forge.repositories.create(wanted, signal);
  return made.ok ? checkRepository(scene, made.value, true) : made;
}

function checkRepository(
  { repository, isPublic }: ProductScene,
  { fullName, isArchived, isPrivate, mayPush }: RepositoryFacts,
  isNew: boolean,
): Result<boolean> {
  const name = nameOf(repository);
  const unfit = (message: string): Refused =>
    refuse("FORGE_CONFLICT", message, { repository: name });
  if (fullName.toLowerCase() !== name.toLowerCase())
    return unfit(`The forge answers for another repository than ${name}; nothing was pushed.`);
  if (isArchived)
    return unfit(`${name} is archived on the forge; take it out of the archive there.`);
  if (!isPrivate && !isPublic)
    return unfit(
      `${name} is public. Say --public if what is in the folder may be seen by everybody.`,
    );
  if (!mayPush)
    return refuse("FORGE_FORBIDDEN", `The token's account may not push to ${name}.`, {
      repository: name,
    });
  return ok(isNew);
}

/** True when the branch was elsewhere before. */
async function pushSplit(scene: ProductScene, { gitDir, sha }: Split): Promise<Result<boolean>> {
  const { remote, repository, folder, signal } = scene;
  const head = await remote.head(repository, { kind: "branch", name: BRANCH }, signal);
  if (!head.ok) return head;
  if (head.value === sha) return ok(false);
  const known = await scene.store.read(async ({ published }) =>
    published.current(folder.source, folder.project),
  );
  if (scene.forces && known === null) {
    const other = await otherFolderOf(scene);
    if (other !== null) return belongsTo(repository, other);
  }
  const how = howToPush(scene, known, head.value);
  const pushed = await remote.push({ gitDir, repository, sha, branch: BRANCH, how }, signal);
  if (pushed.ok) return pushed;
  // Its answer may be lost, or another call may have pushed the same a moment before.
  const now = await remote.head(repository, { kind: "branch", name: BRANCH }, signal);
  if (now.ok && now.value === sha) return ok(true);
  if (pushed.error.code !== "FORGE_CONFLICT") return pushed;
  return refuse(
    "FORGE_CONFLICT",
    `${pushed.error.message} ${wayOut(scene, pushed.error.details)}`,
    {
      ...pushed.error.details,
      repository: nameOf(repository),
    },
  );
}

const ROWS_MAX = 10_000;

/** Another folder that is published there: force must not replace one product by another. */
async function otherFolderOf({ store, repository, folder }: ProductScene): Promise<string | null> {
  const rows = await store.read(async ({ published }) =>
    published.list({ states: PUBLISHED_STATES, limit: ROWS_MAX }),
  );
  const other = rows.find(
    (row) =>
      row.repository.toLowerCase() === nameOf(repository).toLowerCase() &&
      (row.source !== folder.source || row.project !== folder.project),
  );
  return other === undefined ? null : `${other.source}/${other.project}`;
}

const belongsTo = (repository: Repository, other: string): Refused =>
  refuse(
    "FORGE_CONFLICT",
    `${nameOf(repository)} is where ${other} was published. Publish this folder under another name, by --prefix.`,
    { repository: nameOf(repository), folder: other },
  );

/** What was published last may be replaced, and nothing that came to it since. */
function howToPush(
  { forces, repository }: ProductScene,
  known: Published | null,
  head: string | null,
): PushRequest["how"] {
  if (!forces) return "forward";
  const isOurs = known !== null && known.repository === nameOf(repository);
  return { lease: head !== null && isOurs ? known.sha : head };
}

function wayOut({ forces }: ProductScene, { isRule }: Readonly<Record<string, unknown>>): string {
  if (isRule === true) return "Change the rule, or publish under another name.";
  if (forces) return "It is not what was published last: take its commits into the project first.";
  return "Take its commits into the project first, or replace what was published last by --force.";
}

/** Head and tree as the forge's API gives them, which is another way than that by which they got there. */
async function prove(
  scene: ProductScene,
  split: Split,
  pushed: boolean,
): Promise<Result<Published>> {
  const { forge, repository, folder, clock, signal } = scene;
  let shown: { readonly sha: string; readonly tree: string } | null = null;
  for (let look = 1; look <= LOOKS_MAX; look += 1) {
    const head = await forge.repositories.head(repository, BRANCH, signal);
    if (!head.ok) return head;
    shown = head.value;
    if (shown?.sha === split.sha) break;
    // The forge learns of a push a moment after git does.
    if (look < LOOKS_MAX) await clock.sleep(LOOK_MS, signal);
  }
  const parity = shown?.sha === split.sha && shown.tree === split.tree;
  const row = await record(scene, { ...folder, ...splitFacts(split), parity }, pushed);
  if (parity) return ok(row);
  const message = `${nameOf(repository)} shows another ${BRANCH} than the one that was pushed. Look at it there, then publish again.`;
  return refuse("PRODUCT_UNPROVEN", message, {
    repository: nameOf(repository),
    pushed: split.sha,
    shown: shown?.sha ?? null,
  });
}

/** At once, so that a call that ends before its proof leaves what the branch was moved to. Its event comes with the proof. */
async function noteUnproven({ store, repository, folder }: ProductScene, split: Split) {
  const fact = { ...folder, ...splitFacts(split), parity: false };
  const row = { ...fact, repository: nameOf(repository), branch: BRANCH };
  await store.transaction(async ({ published }) => published.save(row));
}

const splitFacts = ({ sha, tree, sourceSha }: Split) => ({ sha, tree, sourceSha });

type Fact = ProductFolder & ReturnType<typeof splitFacts> & { readonly parity: boolean };

async function record(
  { store, repository, person }: ProductScene,
  fact: Fact,
  pushed: boolean,
): Promise<Published> {
  const { source, project, sha, tree, parity } = fact;
  const name = nameOf(repository);
  return store.transaction(async ({ published, events }) => {
    const before = await published.current(source, project);
    const row = await published.save({ ...fact, repository: name, branch: BRANCH });
    const isSame = before?.sha === sha && before.repository === name && before.parity === parity;
    if (isSame && !pushed) return row;
    const data = { source, project, repository: name, branch: BRANCH, sha, tree, parity };
    await events.append([{ type: "product-published", actor: `human:${person}`, data }]);
    return row;
  });
}

/** The folder goes only when it is, this moment, exactly what was proven a moment ago. */
async function removeLocal(
  scene: ProductScene,
  row: Published,
): Promise<Result<ProductDone["kept"]>> {
  const facts = await scene.products.look(scene.folder);
  if (!facts.ok) return facts;
  const { kind, isClean, holdsIgnored, tree } = facts.value;
  if (kind !== "folder") return ok(kind);
  if (!isClean) return ok("not-clean");
  if (tree !== row.tree) return ok("changed");
  if (holdsIgnored) return ok("holds-ignored");
  return ok(await removeProduct(scene, row));
}
