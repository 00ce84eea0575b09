// `orket publish` and `orket publish cleanup`: product folders to their own repositories, and folders that have stood still away.
import type { CleanupReport } from "../../app/publish/cleanup.ts";
import type { ProductAction, ProductReport, PublishReport } from "../../app/publish/publish.ts";
import type { CleanupCause } from "../../domain/product.ts";
import { EXIT, EXIT_CODES } from "../exit-codes.ts";
import { plain, table } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { stoppable } from "../stoppable.ts";
import { withProject } from "../with-project.ts";

type Options = GlobalOptions & {
  readonly source: string;
  readonly owner?: string;
  readonly prefix: string;
  readonly public?: boolean;
  readonly execute?: boolean;
  readonly force?: boolean;
  readonly deleteLocal?: boolean;
};

export const publish = async (cli: Cli, options: Options): Promise<number> =>
  withProject(cli, options, async (project) => {
    const { io, workbench } = cli;
    const { json = false, source, prefix, owner = null } = options;
    const request = {
      source,
      owner,
      prefix,
      isPublic: options.public === true,
      executes: options.execute === true,
      forces: options.force === true,
      deletesLocal: options.deleteLocal === true,
    };
    return stoppable(cli, async (signal) => {
      const done = await project.publish(request, { person: workbench.person, signal });
      if (!done.ok) return showProblem(io, done.error, json);
      if (json) io.out(`${JSON.stringify({ v: 1, ...done.value })}\n`);
      else showReport(cli, done.value);
      return exitOf(cli, done.value.products, json);
    });
  });

function exitOf({ io }: Cli, products: readonly ProductReport[], json: boolean): number {
  const errors = products.flatMap(({ error }) => (error === null ? [] : [error]));
  if (!json) for (const error of errors) showProblem(io, error, false);
  const [first] = errors;
  if (first !== undefined) return EXIT_CODES[first.code];
  return products.some(({ kept }) => kept !== null) ? EXIT.endedBadly : EXIT.ok;
}

const ACTIONS: Readonly<Record<ProductAction, string>> = {
  publish: "would be published",
  published: "published",
  unchanged: "unchanged",
  uncommitted: "nothing of it is committed",
  failed: "failed",
  untried: "not tried",
};

function showReport({ io }: Cli, { source, execute, products, links }: PublishReport): void {
  if (products.length === 0) io.err(`There is no folder in ${plain(source)}.\n`);
  else io.out(table(products.map(rowOf)));
  for (const link of links) io.err(`${plain(`${source}/${link}`)} is a link and is left alone.\n`);
  if (!execute) io.err("Nothing was changed and nobody was asked; --execute publishes.\n");
}

function rowOf({ project, repository, action, sha, ...more }: ProductReport): readonly string[] {
  const { created, isClean, localDeleted, kept } = more;
  const notes = [
    ACTIONS[action],
    created ? "the repository is new" : "",
    isClean || action === "uncommitted" ? "" : "changes that are not committed are left out",
    localDeleted ? "the folder is deleted" : "",
    kept === null ? "" : `the folder is kept: ${CAUSES[kept]}`,
  ];
  const words = notes.filter((note) => note !== "").join("; ");
  return [plain(project), plain(repository), sha?.slice(0, 12) ?? "-", words];
}

const CAUSES: Readonly<Record<CleanupCause | "holds-ignored", string>> = {
  missing: "it is not there",
  link: "it is a link, or is reached by one",
  outside: "it does not lie directly in the folder of the products",
  file: "it is no folder",
  unproven: "the forge was not seen to hold exactly this",
  changed: "it is not what was published last; publish it again",
  "not-clean": "it has changes that are not committed",
  "holds-ignored": "it has files that git ignores, and they are nowhere else",
  young: "not enough days have passed",
  "moved-on": "its repository is not there, or at another commit",
  "not-moved": "the archive lies on another file system",
};

type CleanupOptions = GlobalOptions & {
  readonly archiveDays: number;
  readonly deleteDays: number;
  readonly execute?: boolean;
};

export const publishCleanup = async (cli: Cli, options: CleanupOptions): Promise<number> =>
  withProject(cli, options, async (project) => {
    const { io, workbench } = cli;
    const { json = false, archiveDays, deleteDays, execute = false } = options;
    const request = { archiveDays, deleteDays, executes: execute };
    return stoppable(cli, async (signal) => {
      const done = await project.cleanUpProducts(request, { person: workbench.person, signal });
      if (!done.ok) return showProblem(io, done.error, json);
      if (json) io.out(`${JSON.stringify({ v: 1, ...done.value })}\n`);
      else showCleanup(cli, done.value);
      const { error } = done.value;
      if (error === null) return EXIT.ok;
      return json ? EXIT_CODES[error.code] : showProblem(io, error, false);
    });
  });

function showCleanup({ io }: Cli, { archived, deleted, skipped, execute }: CleanupReport): void {
  const would = execute ? "" : "would be ";
  const rows = [
    ...archived.map((name) => [plain(name), `${would}archived`]),
    ...deleted.map((name) => [plain(name), `${would}deleted`]),
    ...skipped.map(({ name, cause }) => [plain(name), `left alone: ${CAUSES[cause]}`]),
  ];
  if (rows.length > 0) io.out(table(rows));
  else io.err("Nothing is published that could be put away.\n");
  if (!execute)
    io.err("Nothing was changed, and the forge was not asked; --execute asks it and does it.\n");
}
