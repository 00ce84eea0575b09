// Orket's own files on disk: reports and evaluations under the state directory, prompt patches in the project.
// No agent reaches these folders, so links in them are the person's own; what an agent can write is workspace/ business.
import { randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { link, mkdir, open, rename, rm } from "node:fs/promises";
import { constants } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import { CARD_ID_PATTERN } from "../../domain/card.ts";
import { EngineError } from "../../domain/errors.ts";
import type { Redactor } from "../../domain/redact.ts";
import type { StateFiles } from "../../ports/state-files.ts";

type StateFilesDeps = {
  readonly stateDir: string;
  readonly projectDir: string;
  readonly redact: Pick<Redactor, "text">;
};

const NAME_CHARACTERS_MAX = 512;
/** One segment of a name; the first character keeps `.`, `..` and hidden files out. */
const SEGMENT_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,199}$/;
const FILE_BYTES_MAX = 64 * 1024 * 1024;
/** The tool allows 16 KiB; a patch that a person edited may be longer, but not without end. */
const PATCH_BYTES_MAX = 64 * 1024;

export function createStateFiles({ stateDir, projectDir, redact }: StateFilesDeps): StateFiles {
  const create = async (area: string, name: string, text: string): Promise<string> => {
    const path = join(stateDir, area, checkedName(name));
    await attempt(path, () => writeNew(path, redact.text(text)));
    return shown(path, projectDir);
  };
  const patchPath = (seat: string, family: string): string =>
    join(projectDir, "prompts", seat, `${family}.txt`);
  return {
    writeReport: (name, text) => create("reports", name, text),
    writeEvaluation: (name, text) => create("evals", name, text),
    writePromptPatch: async (seat, family, text) => {
      if (!isPatchName(seat, family))
        throw new EngineError("INTERNAL", "The name of a prompt patch is not an id.");
      if (Buffer.byteLength(text) > PATCH_BYTES_MAX)
        throw new EngineError("INTERNAL", "The prompt patch is too long.");
      const path = patchPath(seat, family);
      await attempt(path, () => replace(path, text));
    },
    readPromptPatch: async (seat, family) => {
      // A model family such as `a:b` cannot have a patch; that is no reason to stop a run.
      if (!isPatchName(seat, family)) return null;
      const path = patchPath(seat, family);
      return attempt(path, () => readPatch(path));
    },
  };
}

const isPatchName = (seat: string, family: string): boolean =>
  CARD_ID_PATTERN.test(seat) && CARD_ID_PATTERN.test(family);

function checkedName(name: string): string {
  const isGood =
    name.length <= NAME_CHARACTERS_MAX &&
    name.split("/").every((segment) => SEGMENT_PATTERN.test(segment));
  if (!isGood)
    throw new EngineError("INTERNAL", "The name of a state file leaves its folder.", {
      details: { name },
    });
  return name;
}

/** As a person would type it: relative to the project when it lies there. */
function shown(path: string, projectDir: string): string {
  const short = relative(projectDir, path);
  return short.startsWith("..") || isAbsolute(short) ? path : short;
}

/** A name is taken whole or not at all: `link` refuses a taken one, and half a file never bears the name. */
async function writeNew(path: string, text: string): Promise<void> {
  await withTemporary(path, text, async (temporary) => {
    await link(temporary, path);
  });
}

async function replace(path: string, text: string): Promise<void> {
  await withTemporary(path, text, (temporary) => rename(temporary, path));
}

async function withTemporary(
  path: string,
  text: string,
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  const bytes = Buffer.from(text);
  if (bytes.length > FILE_BYTES_MAX)
    throw new EngineError("INTERNAL", "The state file is too long.", { details: { path } });
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `.tmp-${randomBytes(12).toString("hex")}`);
  try {
    await withFile(await open(temporary, "wx", 0o644), async (file) => {
      await file.writeFile(bytes);
      await file.sync();
    });
    await place(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
  await withFile(await open(folder, constants.O_RDONLY | constants.O_DIRECTORY), (file) =>
    file.sync(),
  );
}

async function readPatch(path: string): Promise<string | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(nothingThere);
  if (file === null) return null;
  return withFile(file, async (opened) => {
    const facts = await opened.stat();
    if (!facts.isFile() || facts.size > PATCH_BYTES_MAX) {
      throw new EngineError(
        "ASSET_INVALID",
        `The prompt patch ${path} is no regular file of at most ${PATCH_BYTES_MAX} bytes.`,
      );
    }
    return opened.readFile("utf8");
  });
}

function nothingThere(error: unknown): null {
  if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return null;
  throw error;
}

async function withFile<Value>(
  file: FileHandle,
  use: (file: FileHandle) => Promise<Value>,
): Promise<Value> {
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "";

async function attempt<Value>(path: string, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw failure(path, cause);
  }
}

function failure(path: string, cause: unknown): EngineError {
  const reason = codeOf(cause);
  const options = { cause, details: { path, reason } };
  if (["ENOSPC", "EDQUOT", "EFBIG"].includes(reason))
    return new EngineError("STORE_FULL", `The disk is full: ${path} was not written.`, options);
  // Node says ENOENT where a recursive mkdir meets a read-only file system.
  if (["EROFS", "EACCES", "EPERM", "ENOENT"].includes(reason))
    return new EngineError("PROJECT_READ_ONLY", `${path} cannot be written.`, options);
  if (reason === "EEXIST")
    return new EngineError("INTERNAL", `${path} exists and is never replaced.`, options);
  return new EngineError("INTERNAL", `${path} could not be written or read.`, options);
}
