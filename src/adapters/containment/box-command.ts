// The command line that builds the box: privileges dropped, limits set, namespaces made, and only then the program.
import type { ContainedCommand } from "../../ports/containment.ts";

/** Absolute paths, looked up once at the start: what a workspace puts into PATH later changes nothing. */
export type BoxTools = {
  readonly bwrap: string;
  readonly prlimit: string;
  readonly setpriv: string;
  readonly unshare: string;
  /** Our own, bound into the box. */
  readonly node: string;
};

/** Descriptors of the child, in the order of its `stdio`. */
export const DESCRIPTORS = {
  workspace: 3,
  filter: 4,
  status: 5,
  result: 6,
  lifeline: 7,
  gate: 8,
} as const;

/**
 * Whoever builds the box is bound to Orket's life only by its last steps; killed before them, Orket would leave a box behind
 * that nobody ends. So a process of the group waits for the end of a pipe whose other end Orket alone holds, and takes the
 * group with it. It holds nothing else open, and what is built gets no end of the pipe.
 */
const LIFELINE = `(exec <&7 >/dev/null 2>&1 3<&- 4<&- 5<&- 6<&- 7<&- 8<&-; read -r _; kill -9 0) &
exec "$@" 7<&-`;

/** Inside, where the group no longer reaches: nothing is run unless Orket, asked once all is built, still answers. */
const GATE = 'echo >&8 && read -r _ <&8 && exec "$@" 8<&-';

/** The whole command line of a box: what it is built by, tied to Orket's life. */
export const tiedToOrket = (argv: readonly string[]): readonly string[] => [
  "/bin/sh",
  "-c",
  LIFELINE,
  "box",
  ...argv,
];

/** Inside everybody is nobody. */
const INSIDE_ID = "65534";
export const WORKSPACE_INSIDE = "/ws";
const NODE_INSIDE = "/opt/node/bin/node";
const TEMPORARY_INSIDE = "/tmp";
const MIB = 1024 ** 2;
const SHARED_MEMORY_BYTES = 16 * MIB;
/** Node reserves much that it never touches; what is touched the memory guard counts. */
const DATA_MIB_MIN = 2048;
const FILES_MAX = 256;
const USUAL_ENV = { LANG: "C.UTF-8", TZ: "UTC" };

export type BoxRequest = {
  readonly tools: BoxTools;
  readonly command: ContainedCommand;
  /** The ids outside when Orket is root; null when it runs as somebody already. */
  readonly dropTo: number | null;
};

/** Why a command cannot be put into a box at all; null when it can. */
export function checkCommand({ argv, cwd, env, folders }: ContainedCommand): string | null {
  const [program = ""] = argv;
  if (program === "") return "it names no program";
  const texts = [...argv, cwd, ...Object.entries(env).flat(), ...Object.entries(folders).flat()];
  if (texts.some((text) => text.includes("\0"))) return "it holds a NUL";
  if (cwd.startsWith("/") || cwd.split("/").includes(".."))
    return "its folder is not inside the workspace";
  if (Object.keys(env).some((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)))
    return "it has an environment variable that is none";
  return null;
}

/**
 * The whole environment of everything that builds the box, root's part included, and of its process 1, where everybody
 * inside can read it. What a command asks for is set inside only: LD_PRELOAD here would be run outside.
 */
export const boxEnvironment = ({
  resultBytesMax,
}: ContainedCommand): Readonly<Record<string, string>> => ({
  ...USUAL_ENV,
  PATH: "/opt/node/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
  HOME: TEMPORARY_INSIDE,
  TMPDIR: TEMPORARY_INSIDE,
  ...(resultBytesMax > 0 ? { ORKET_RESULT_FD: String(DESCRIPTORS.result) } : {}),
});

export function boxArguments({ tools, command, dropTo }: BoxRequest): readonly string[] {
  const folders = Object.values(command.folders);
  const isStaged = dropTo !== null;
  const outside: Outside = isStaged
    ? { node: `${STAGE}/node`, folders: folders.map((_, index) => `${STAGE}/folder-${index}`) }
    : { node: tools.node, folders };
  return [
    ...(isStaged ? [...stageArguments(tools, folders), ...dropArguments(tools, dropTo)] : []),
    ...limitArguments(tools, command),
    tools.bwrap,
    ...namespaceArguments(command),
    ...mountArguments(command, outside, isStaged),
    "--",
    "/bin/sh",
    "-c",
    GATE,
    "box",
    // Counted in the box's own user namespace, so that other processes of the same person do not count.
    "/usr/bin/prlimit",
    `--nproc=${command.limits.processesMax}`,
    "--",
    ...command.argv,
  ];
}

/** Where things lie for bubblewrap. */
type Outside = { readonly node: string; readonly folders: readonly string[] };

/**
 * The box's id cannot enter a folder that only root may enter, such as /root. So root puts what the box needs into a place
 * of its own first, in a mount namespace that ends with the box. The workspace is where it was started: a working folder
 * comes along into the namespace, a descriptor would not.
 */
const STAGE = "/mnt";
const STAGE_SCRIPT = `
mount -n -t tmpfs -o size=64k,mode=0755,nosuid,nodev box ${STAGE} &&
mkdir ${STAGE}/workspace && mount -n -c --bind . ${STAGE}/workspace && cd / && unset OLDPWD &&
: > ${STAGE}/node && mount -n --bind "$1" ${STAGE}/node || exit 125
shift
count=0
while [ "$1" != -- ]; do
  mkdir ${STAGE}/folder-$count && mount -n --bind "$1" ${STAGE}/folder-$count || exit 125
  count=$((count + 1))
  shift
done
shift
exec "$@"
`;

const stageArguments = (
  { unshare, node }: BoxTools,
  folders: readonly string[],
): readonly string[] => [
  unshare,
  "--mount",
  "--",
  "/bin/sh",
  "-c",
  STAGE_SCRIPT,
  "box",
  node,
  ...folders,
  "--",
];

/** For root no limit on processes holds; so the box never belongs to root. */
const dropArguments = ({ setpriv }: BoxTools, id: number): readonly string[] => [
  setpriv,
  `--reuid=${id}`,
  `--regid=${id}`,
  "--clear-groups",
  "--no-new-privs",
  "--",
];

const limitArguments = ({ prlimit }: BoxTools, { limits }: ContainedCommand): readonly string[] => [
  prlimit,
  // First a signal that says which limit it was, a second later the one that cannot be caught.
  `--cpu=${limits.cpuSec}:${limits.cpuSec + 1}`,
  `--data=${Math.max(DATA_MIB_MIN, limits.memoryMiB) * MIB}`,
  `--fsize=${limits.fileMiB * MIB}`,
  `--nofile=${FILES_MAX}`,
  "--core=0",
  "--memlock=0",
  "--",
];

const namespaceArguments = ({ network, env }: ContainedCommand): readonly string[] => [
  "--unshare-all",
  ...(network ? ["--share-net"] : []),
  "--unshare-user",
  "--disable-userns",
  "--uid",
  INSIDE_ID,
  "--gid",
  INSIDE_ID,
  "--hostname",
  "box",
  "--die-with-parent",
  "--new-session",
  "--cap-drop",
  "ALL",
  // Node hands it on by itself while coverage is measured.
  "--unsetenv",
  "NODE_V8_COVERAGE",
  ...Object.entries(env).flatMap(([name, value]) => ["--setenv", name, value]),
  "--seccomp",
  String(DESCRIPTORS.filter),
  "--json-status-fd",
  String(DESCRIPTORS.status),
];

function mountArguments(
  command: ContainedCommand,
  outside: Outside,
  isStaged: boolean,
): readonly string[] {
  const { limits, network, cwd } = command;
  return [
    "--ro-bind",
    "/usr",
    "/usr",
    ...["bin", "lib", "lib64", "sbin"].flatMap((name) => ["--symlink", `usr/${name}`, `/${name}`]),
    ...readOnlyIfThere("/etc/ld.so.cache", "/etc/alternatives"),
    ...(network
      ? readOnlyIfThere("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl/certs")
      : []),
    "--ro-bind",
    outside.node,
    NODE_INSIDE,
    "--proc",
    "/proc",
    // What --dev brings has a /dev/shm of half the memory.
    "--dev",
    "/dev",
    "--size",
    String(SHARED_MEMORY_BYTES),
    "--tmpfs",
    "/dev/shm",
    "--remount-ro",
    "/dev",
    "--size",
    String(limits.temporaryMiB * MIB),
    "--tmpfs",
    TEMPORARY_INSIDE,
    ...workspaceArguments(command, isStaged),
    ...Object.keys(command.folders).flatMap((inside, index) => [
      "--ro-bind",
      outside.folders[index] ?? "",
      inside,
    ]),
    "--remount-ro",
    "/",
    "--chdir",
    `${WORKSPACE_INSIDE}/${cwd}`,
  ];
}

/** Not staged it is bound by its descriptor, which bubblewrap closes. */
function workspaceArguments({ workspace }: ContainedCommand, isStaged: boolean): readonly string[] {
  const bind = workspace === "writable" ? "--bind" : "--ro-bind";
  return isStaged
    ? [bind, `${STAGE}/workspace`, WORKSPACE_INSIDE]
    : [`${bind}-fd`, String(DESCRIPTORS.workspace), WORKSPACE_INSIDE];
}

const readOnlyIfThere = (...paths: readonly string[]): readonly string[] =>
  paths.flatMap((path) => ["--ro-bind-try", path, path]);
