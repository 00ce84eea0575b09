// The commands that take something out of the project, or back into it: products to the forge, the state to a backup.
import { Option } from "commander";
import type { Add } from "./define-command.ts";
import { days } from "./define-command.ts";

const ARCHIVE_DAYS = 45;
const DELETE_DAYS = 90;

const document = { json: "document", onProject: true } as const;

export function addPublish(add: Add): void {
  add({
    ...document,
    name: "publish",
    about:
      "product folders to their own repositories on the forge; shows what it would do, does it by --execute",
    example: "orket publish --owner shop-team --execute",
    load: async () => (await import("./commands/publish.ts")).publish,
  })
    .option("--source <folder>", "folder of the products, relative to the project", "product")
    .option("--owner <name>", "owner of the repositories (default: GITEA_PRODUCT_OWNER)")
    .option("--prefix <text>", "goes before the name of each repository", "")
    .addOption(new Option("--private", "make repositories that few can see (default)"))
    .addOption(new Option("--public", "make public repositories").conflicts("private"))
    .option("--execute", "publish")
    .option("--force", "replace what was published last, as long as nothing came to it since")
    .option("--delete-local", "delete each folder that the forge was seen to hold just now");
  add({
    ...document,
    name: "publish cleanup",
    about:
      "put away the folders of published products that stand still; shows which, does it by --execute",
    example: "orket publish cleanup --archive-days 45 --delete-days 90 --execute",
    load: async () => (await import("./commands/publish.ts")).publishCleanup,
  })
    .addOption(
      new Option("--archive-days <n>", "days since the last commit on the folder")
        .argParser(days)
        .default(ARCHIVE_DAYS),
    )
    .addOption(
      new Option("--delete-days <n>", "days in the archive").argParser(days).default(DELETE_DAYS),
    )
    .option("--execute", "do it");
}

export function addState(add: Add): void {
  add({
    ...document,
    name: "import <dir>",
    about:
      "take over a project of the Python predecessor: assets and cards; shows what it would do, does it by --execute",
    example: "orket import ../old-project --execute",
    load: async () => (await import("./commands/import.ts")).importOld,
  })
    .option(
      "--database <file>",
      "its database, relative to that folder (default: orket_persistence.db)",
    )
    .option("--execute", "do it");
  add({
    ...document,
    name: "backup <dir>",
    about: "save the state of the project into a new folder; runs and the server may go on",
    example: "orket backup ../backups/monday",
    load: async () => (await import("./commands/backup.ts")).backup,
  });
  add({
    ...document,
    name: "restore <dir>",
    about: "put a saved state into an empty state directory, checked before anything of it counts",
    example: "orket restore ../backups/monday",
    load: async () => (await import("./commands/backup.ts")).restore,
  });
}
