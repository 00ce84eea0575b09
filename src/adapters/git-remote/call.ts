// One call of git to the forge: in a git directory that is made for this call, so that no setting of any repository or person
// is in force, and with an answer to git's question for credentials that fits one repository of one forge.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ErrorCode } from "../../domain/errors.ts";
import { EngineError } from "../../domain/errors.ts";
import { isForgeName } from "../../domain/forge-name.ts";
import { createRedactor } from "../../domain/redact.ts";
import type { Refused, Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Repository } from "../../ports/forge.ts";
import type { Processes, ProcessResult } from "../../ports/process.ts";

export type GitRemoteDeps = {
  readonly processes: Processes;
  /** Where git is looked for, as in PATH. */
  readonly searchPath: string;
  /** Of the forge, as in its own client; http or https. */
  readonly baseUrl: string;
  /** Read at each call, so that a changed token is used at once. */
  readonly token: () => string;
  /** A file with the certificates that vouch for the forge in place of the machine's; null: those. */
  readonly authoritiesFile?: string | null;
  /** Folders that live as long as a call are made there. */
  readonly scratchDir: string;
  /** No call takes longer. */
  readonly timeoutMs?: number;
};

export type Call = {
  readonly repository: Repository;
  readonly args: readonly string[];
  /** After the address. */
  readonly refs?: readonly string[];
  /** Whose objects are read and written; none for a call that only asks. */
  readonly objectsOf?: string;
  /** Lines of git's packed-refs: what is there already and need not be sent. */
  readonly known?: string;
  readonly signal: AbortSignal;
};

export type Answer = ProcessResult & {
  readonly fetchHead: string | null;
  /** Of `ls-remote`: whether the server spoke git's protocol. Any page at all would do for git as a list without branches. */
  readonly spokeGit: boolean;
};

const TIMEOUT_MS = 10 * 60_000;
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;
/** A transfer slower than a byte a second for so long has died. */
const STALLED_SEC = 30;
/** The forge looks at the token alone, whatever name comes with it. */
const ACCOUNT = "orket";
// This folder is two levels below src/ in a checkout and below dist/ in the package; harness/ lies beside both.
const ASKPASS = fileURLToPath(new URL("../../../harness/askpass.sh", import.meta.url));

const options = (protocol: string, authoritiesFile: string | null): readonly string[] =>
  [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.askPass=",
    "credential.helper=",
    // So that git's question names the repository, not its host alone.
    "credential.useHttpPath=true",
    "http.followRedirects=false",
    "http.proxy=",
    "http.sslVerify=true",
    ...(authoritiesFile === null ? [] : [`http.sslCAInfo=${authoritiesFile}`]),
    "http.lowSpeedLimit=1",
    `http.lowSpeedTime=${STALLED_SEC}`,
    "protocol.allow=never",
    `protocol.${protocol}.allow=always`,
    // A server may name other places to fetch from; none is gone to.
    "transfer.bundleURI=false",
    "fetch.uriProtocols=",
    "transfer.fsckObjects=true",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "push.recurseSubmodules=no",
    "push.gpgSign=false",
    "safe.bareRepository=explicit",
    "gc.auto=0",
    "maintenance.auto=false",
  ].flatMap((option) => ["-c", option]);

/** Refused when a name would make another address. */
export function addressOf(baseUrl: string, { owner, name }: Repository): Result<URL> {
  if (!isForgeName(owner) || !isForgeName(name))
    return refuse(
      "FORGE_NOT_FOUND",
      "The owner or the repository has a name that the forge cannot have.",
      { owner: owner.slice(0, 100), name: name.slice(0, 100) },
    );
  const { protocol, origin, pathname, username, password } = new URL(baseUrl);
  if (!["http:", "https:"].includes(protocol) || username !== "" || password !== "")
    throw new EngineError("INTERNAL", "The forge's address is http or https, without credentials.");
  return ok(new URL(`${origin}${pathname.replace(/\/+$/, "")}/${owner}/${name}.git`));
}

export async function callGit(deps: GitRemoteDeps, call: Call): Promise<Result<Answer>> {
  const address = addressOf(deps.baseUrl, call.repository);
  if (!address.ok) return address;
  await mkdir(deps.scratchDir, { recursive: true, mode: 0o700 });
  await sweep(deps.scratchDir);
  const folder = await mkdtemp(join(deps.scratchDir, PREFIX));
  try {
    return await callIn(deps, call, { folder, address: address.value });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const PREFIX = "remote-";
/** Longer than any call lasts. */
const LEFT_MS = 24 * 3_600_000;

/** Folders of calls whose process was killed. */
async function sweep(scratchDir: string): Promise<void> {
  for (const name of await readdir(scratchDir)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(scratchDir, name);
    const changedMs = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => Number.NaN,
    );
    if (Date.now() - changedMs > LEFT_MS) await rm(path, { recursive: true, force: true });
  }
}

type Place = { readonly folder: string; readonly address: URL };

async function callIn(
  { processes, searchPath, token, authoritiesFile = null, timeoutMs = TIMEOUT_MS }: GitRemoteDeps,
  call: Call,
  { folder, address }: Place,
): Promise<Result<Answer>> {
  const gitDir = join(folder, "git");
  await makeGitDir(gitDir, call.known ?? "");
  const secret = token();
  const result = await processes.run({
    argv: [
      "git",
      `--git-dir=${gitDir}`,
      "--no-pager",
      ...options(address.protocol.slice(0, -1), authoritiesFile),
      ...call.args,
      "--",
      address.href,
      ...(call.refs ?? []),
    ],
    cwd: folder,
    env: {
      ...environment({ folder, searchPath, address }),
      ...questions(address),
      FORGE_TOKEN: secret,
      // Says in stderr what the server sent; of the headers, and so of the token, it says nothing.
      ...(call.args[0] === "ls-remote" ? { GIT_TRACE_PACKET: "1" } : {}),
      ...(call.objectsOf === undefined
        ? {}
        : { GIT_OBJECT_DIRECTORY: join(call.objectsOf, "objects") }),
    },
    timeoutMs,
    outputBytesMax: OUTPUT_BYTES_MAX,
    signal: call.signal,
  });
  if (result.ended === "not-started")
    throw new EngineError(
      "WORKSPACE_FAILED",
      "git could not be started. Install git 2.31 or newer and put it on the PATH.",
      { details: { reason: createRedactor({ values: [secret] }).text(result.stderr) } },
    );
  return ok({
    ...result,
    fetchHead: await readFetchHead(gitDir),
    spokeGit: /packet: .*< (?:# service=git-|version \d)/.test(result.stderr),
  });
}

async function readFetchHead(gitDir: string): Promise<string | null> {
  const text = await readFile(join(gitDir, "FETCH_HEAD"), "utf8").catch(() => "");
  return /^([0-9a-f]{40})\t/.exec(text)?.[1] ?? null;
}

/** All that git asks of a folder before it takes it for a repository. */
async function makeGitDir(gitDir: string, packedRefs: string): Promise<void> {
  await mkdir(join(gitDir, "objects"), { recursive: true });
  await mkdir(join(gitDir, "refs"));
  await writeFile(join(gitDir, "HEAD"), "ref: refs/heads/none\n");
  await writeFile(join(gitDir, "config"), "[core]\n\trepositoryformatversion = 0\n\tbare = true\n");
  if (packedRefs !== "") await writeFile(join(gitDir, "packed-refs"), packedRefs);
}

type Around = Place & { readonly searchPath: string };

const environment = ({
  folder,
  searchPath,
  address,
}: Around): Readonly<Record<string, string>> => ({
  PATH: searchPath,
  LC_ALL: "C",
  // Not unset: where there is no HOME, the transport takes the one of the password file, and the .netrc in it.
  HOME: join(folder, "home"),
  XDG_CONFIG_HOME: join(folder, "home"),
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ASKPASS: ASKPASS,
  GIT_ALLOW_PROTOCOL: address.protocol.slice(0, -1),
  GIT_NO_REPLACE_OBJECTS: "1",
});

/** The only two questions that are answered, as git words them. */
function questions({ protocol, host, pathname }: URL): Readonly<Record<string, string>> {
  return {
    FORGE_NAME: ACCOUNT,
    FORGE_ASKS_NAME: `Username for '${protocol}//${host}${pathname}': `,
    FORGE_ASKS_TOKEN: `Password for '${protocol}//${ACCOUNT}@${host}${pathname}': `,
  };
}

/** Git's own lines. The server's come as `remote: …`, or after `remote error:`, and it can write what it likes. */
const ownLines = (stderr: string): readonly string[] =>
  (stderr.split("remote error:")[0] ?? "")
    .split(/[\r\n]+/)
    .filter((line) => /^(?:fatal|error): /.test(line))
    // Names and addresses, which may hold any word.
    .map((line) => line.replaceAll(/'[^']*'/g, "''"));

type Meaning = { readonly code: ErrorCode; readonly words: (name: string) => string };

const forbidden: Meaning = {
  code: "FORGE_FORBIDDEN",
  words: (name) => `The forge does not let the token's account do this to ${name}.`,
};
const notFound: Meaning = {
  code: "FORGE_NOT_FOUND",
  words: (name) => `The forge shows nothing of that name in ${name}.`,
};
const unavailable = (why: string): Meaning => ({
  code: "FORGE_UNAVAILABLE",
  words: (name) => `git did not get through to ${name} on the forge: ${why}.`,
});

/** What a line of git's means. Its own words are not shown: some of them repeat what the server said. */
const MEANINGS: readonly (readonly [RegExp, Meaning])[] = [
  [/Authentication failed|could not read (?:Username|Password)|error: 40[13]\b/, forbidden],
  [/repository '' not found|error: 404\b|couldn't find remote ref/, notFound],
  [/redirect|error: 30\d\b/, unavailable("it redirects, and no redirect is followed")],
  [/Could not resolve host/, unavailable("its host has no address")],
  [/Failed to connect|Couldn't connect/, unavailable("nothing answers at its address")],
  [/SSL|TLS|certificate/i, unavailable("it has no TLS with a certificate that is trusted here")],
  [/Operation too slow/, unavailable("it stopped sending")],
  [/error: 5\d\d\b/, unavailable("it failed")],
];

const ENDED: Readonly<Record<"timeout" | "aborted" | "output-limit", string>> = {
  timeout: "it took too long",
  aborted: "it was stopped",
  "output-limit": "its answer is too long",
};

/** What an exit code other than 0 means, once it is no rejected push. */
export function refusalOf({ ended, stderr }: Answer, { owner, name }: Repository): Refused {
  const repository = `${owner}/${name}`;
  const { code, words } = meaningOf({ ended, stderr });
  return refuse(code, words(repository), { repository });
}

function meaningOf({ ended, stderr }: Pick<Answer, "ended" | "stderr">): Meaning {
  if (ended === "timeout" || ended === "aborted" || ended === "output-limit")
    return unavailable(ENDED[ended]);
  if (/remote error: (?:upload-pack: )?not our ref/.test(stderr)) return notFound;
  const lines = ownLines(stderr);
  const known = MEANINGS.find(([pattern]) => lines.some((line) => pattern.test(line)));
  return known?.[1] ?? unavailable("its answer is none of git's");
}
