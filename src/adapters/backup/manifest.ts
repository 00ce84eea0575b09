// The manifest of a backup as a file: strict JSON with a digest of itself, read as if anybody had written it.
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { BackupManifest } from "../../domain/backup.ts";
import { BACKUP_VERSION, manifestProblem } from "../../domain/backup.ts";
import { canonicalJson } from "../../domain/json.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";

export const MANIFEST_FILE = "manifest.json";
export const STATE_FOLDER = "state";

/** A state of a million files has less. */
const MANIFEST_BYTES_MAX = 512 * 1024 * 1024;
const MODE_MAX = 0o777;

const mode = z.int().min(0).max(MODE_MAX);
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);

const MANIFEST = z.strictObject({
  version: z.literal(BACKUP_VERSION),
  product: z.string(),
  at: z.iso.datetime(),
  database: z.strictObject({ schema: count, events: count, lastHash: digest }),
  folders: z.array(z.strictObject({ path: z.string(), mode })),
  files: z.array(z.strictObject({ path: z.string(), bytes: count, sha256: digest, mode })),
  leftOut: z.array(z.strictObject({ path: z.string(), why: z.string() })),
});
const FILE = z.strictObject({ manifest: z.unknown(), sha256: digest });
const VERSIONED = z.looseObject({ version: z.int().min(1) });

const sumOf = (manifest: unknown): string =>
  createHash("sha256").update(canonicalJson(manifest)).digest("hex");

export const manifestText = (manifest: BackupManifest): string =>
  `${JSON.stringify({ manifest, sha256: sumOf(manifest) }, null, 1)}\n`;

export async function readManifest(source: string): Promise<Result<BackupManifest>> {
  const text = await readText(join(source, MANIFEST_FILE));
  if (text === null) return invalid(`${source} is no backup: it has no ${MANIFEST_FILE}.`);
  const file = FILE.safeParse(parsed(text));
  if (!file.success) return invalid("The manifest is not one, or was cut off.");
  const { manifest, sha256 } = file.data;
  if (sumOf(manifest) !== sha256) return invalid("The manifest was changed: its digest differs.");
  const versioned = VERSIONED.safeParse(manifest);
  if (versioned.success && versioned.data.version > BACKUP_VERSION)
    return invalid(
      `The backup is of format ${versioned.data.version}; this orket reads up to ${BACKUP_VERSION}. Use the newer one.`,
    );
  const read = MANIFEST.safeParse(manifest);
  if (!read.success) {
    const [issue] = read.error.issues;
    return invalid(`The manifest does not fit at ${issue?.path.join(".") ?? "its root"}.`);
  }
  const problem = manifestProblem(read.data);
  return problem === null ? ok(read.data) : invalid(`The manifest cannot be. ${problem}`);
}

export const invalid = (message: string): Result<never> =>
  refuse("BACKUP_INVALID", `${message} Nothing was restored.`);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function readText(path: string): Promise<string | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => null);
  if (file === null) return null;
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > MANIFEST_BYTES_MAX) return null;
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
