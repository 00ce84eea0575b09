// `orket publish`: which folder goes to which repository, and with execute the going. Without it nothing is asked of anybody.
import { isForgeName } from "../../domain/forge-name.ts";
import type { NamedProduct } from "../../domain/product.ts";
import { nameProducts } from "../../domain/product.ts";
import type { Refusal, Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { ProductFolder } from "../../ports/products.ts";
import type { PublishDeps, Publisher } from "./deps.ts";
import { concernsAll, requirePublisher } from "./deps.ts";
import { recoverMoves } from "./moves.ts";
import type { ProductDone } from "./publish-product.ts";
import { publishProduct } from "./publish-product.ts";

export type PublishRequest = {
  readonly source: string;
  readonly owner: string | null;
  readonly prefix: string;
  readonly isPublic: boolean;
  readonly executes: boolean;
  readonly forces: boolean;
  readonly deletesLocal: boolean;
};

/**
 * `publish`: it would be. `uncommitted`: nothing of it is in a commit, so there is nothing to publish. `untried`: what
 * stopped the one before it concerns all.
 */
export type ProductAction =
  | "publish"
  | "published"
  | "unchanged"
  | "uncommitted"
  | "failed"
  | "untried";

export type ProductReport = {
  readonly project: string;
  readonly repository: string;
  readonly action: ProductAction;
  /** False: what differs from the last commit is not published. */
  readonly isClean: boolean;
  readonly created: boolean;
  readonly sha: string | null;
  readonly tree: string | null;
  readonly localDeleted: boolean;
  readonly kept: ProductDone["kept"];
  readonly error: Refusal | null;
};

export type PublishReport = {
  readonly source: string;
  readonly execute: boolean;
  readonly products: readonly ProductReport[];
  /** Links in the source; they are left alone. */
  readonly links: readonly string[];
};

type Planned = {
  readonly source: string;
  readonly owner: string;
  readonly named: readonly NamedProduct[];
  readonly links: readonly string[];
};

export async function publish(
  deps: PublishDeps,
  request: PublishRequest,
): Promise<Result<PublishReport>> {
  if (!request.executes && (request.forces || request.deletesLocal))
    return refuse("USAGE", "--force and --delete-local change something: they need --execute.");
  const planned = await plan(deps, request);
  if (!planned.ok) return planned;
  const { source, links } = planned.value;
  const done = request.executes
    ? await execute(deps, request, planned.value)
    : await preview(deps, planned.value);
  if (!done.ok) return done;
  return ok({ source, execute: request.executes, products: done.value, links });
}

async function plan(
  { products }: PublishDeps,
  { source, owner, prefix }: PublishRequest,
): Promise<Result<Planned>> {
  if (owner === null)
    return refuse("CONFIG_INVALID", "Name the owner by --owner, or set GITEA_PRODUCT_OWNER.");
  if (!isForgeName(owner))
    return refuse("USAGE", "The owner's name is none that the forge can have.", { owner });
  const listed = await products.list(source);
  if (!listed.ok) return listed;
  const named = nameProducts(listed.value.folders, prefix);
  if (!named.ok) return named;
  return ok({ source: listed.value.source, owner, named: named.value, links: listed.value.links });
}

type Reports = Promise<Result<readonly ProductReport[]>>;

async function preview(deps: PublishDeps, { source, owner, named }: Planned): Reports {
  const reports: ProductReport[] = [];
  for (const { project, name } of named) {
    const looked = await lookAt(deps, { source, project }, `${owner}/${name}`);
    if (!looked.ok) return looked;
    reports.push(looked.value);
  }
  return ok(reports);
}

async function lookAt(
  { products }: PublishDeps,
  folder: ProductFolder,
  repository: string,
): Promise<Result<ProductReport>> {
  const facts = await products.look(folder);
  if (!facts.ok) return facts;
  const { isClean, tree } = facts.value;
  const action = tree === null ? "uncommitted" : "publish";
  const { project } = folder;
  return ok({ project, repository, action, isClean, tree, ...NOTHING_DONE });
}

const NOTHING_DONE = {
  created: false,
  sha: null,
  localDeleted: false,
  kept: null,
  error: null,
} as const;

async function execute(deps: PublishDeps, request: PublishRequest, planned: Planned): Reports {
  const publisher = requirePublisher(deps);
  if (!publisher.ok) return publisher;
  await recoverMoves(deps);
  const scene = { ...deps, ...publisher.value, request, planned };
  const reports: ProductReport[] = [];
  let stopped = false;
  for (const product of planned.named) {
    const report = await publishOne(scene, product, stopped);
    if (!report.ok) return report;
    reports.push(report.value);
    const { error } = report.value;
    stopped ||= error !== null && concernsAll(error.code);
  }
  return ok(reports);
}

type Scene = PublishDeps &
  Publisher & { readonly request: PublishRequest; readonly planned: Planned };

async function publishOne(
  scene: Scene,
  { project, name }: NamedProduct,
  isStopped: boolean,
): Promise<Result<ProductReport>> {
  const { request, planned } = scene;
  const { source, owner } = planned;
  const folder = { source, project };
  const looked = await lookAt(scene, folder, `${owner}/${name}`);
  if (!looked.ok || looked.value.action === "uncommitted") return looked;
  if (isStopped) return ok({ ...looked.value, action: "untried" });
  const { isPublic, forces, deletesLocal } = request;
  const repository = { owner, name };
  const done = await publishProduct({
    ...scene,
    folder,
    repository,
    isPublic,
    forces,
    deletesLocal,
  });
  if (!done.ok) return ok({ ...looked.value, action: "failed", error: done.error });
  const { created, pushed, row, kept } = done.value;
  return ok({
    ...looked.value,
    action: pushed ? "published" : "unchanged",
    created,
    sha: row.sha,
    tree: row.tree,
    localDeleted: deletesLocal && kept === null,
    kept,
  });
}
