// The programs that try to get out, each with what it prints when it did. They are told what there is to find (attack-scene.ts).
import type { Program } from "./attack-scene.ts";

export type Attack = Program & {
  readonly name: string;
  /** Why the bare run cannot show it; null: run bare it must escape. */
  readonly noControl: string | null;
};

/** `attempt` prints ESCAPED where its body finds a way out; a body that throws or gives something falsy was held. */
const PYTHON = `
import ctypes, fcntl, glob, json, mmap, os, signal, socket, struct, sys, termios
facts = json.loads(sys.argv[1])
canary = facts["canaryHead"] + facts["canaryRest"]
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
    ctypes.set_errno(0)
    if getattr(libc, name)(*args) < 0:
        raise OSError(ctypes.get_errno(), name)
    return True
def in_child(body):
    pid = os.fork()
    if pid == 0:
        try: os._exit(7 if body() else 0)
        except BaseException as error:
            print("held", error, flush=True)
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
def read(path):
    with open(path, "rb") as file: return canary.encode() in file.read(65536)
def anyof(bodies):
    for body in bodies:
        try:
            if body(): return True
        except BaseException as error: print("held", error, flush=True)
    return False
def attempt(body):
    try: print("ESCAPED" if body() else "held", flush=True)
    except BaseException as error: print("held", error, flush=True)
`;
const NODE = `
const [net, dgram, dns, fs] = ["net", "dgram", "dns", "fs"].map(require);
const facts = JSON.parse(process.argv.at(-1));
const canary = facts.canaryHead + facts.canaryRest;
const say = (escaped) => { console.log(escaped ? "ESCAPED" : "held"); process.exit(0); };
const connect = (where) => net.connect(where).on("connect", () => say(true)).on("error", () => say(false));
const tries = (bodies) => say(bodies.map((body) => { try { return body(); } catch { return false; } }).some(Boolean));
setTimeout(() => say(false), 1500);
`;

const python = (name: string, body: string, noControl: string | null = null): Attack => ({
  name,
  language: "python",
  source: PYTHON + body,
  noControl,
});
const node = (name: string, body: string, noControl: string | null = null): Attack => ({
  name,
  language: "node",
  source: NODE + body,
  noControl,
});

const NETWORK: readonly Attack[] = [
  node("TCP to the host", `connect({ host: "127.0.0.1", port: facts.tcpPort });`),
  node(
    "UDP to the host",
    `const socket = dgram.createSocket("udp4").on("message", () => say(true)).on("error", () => say(false));
     socket.send("x", facts.udpPort, "127.0.0.1", (error) => { if (error) say(false); });`,
  ),
  node(
    "DNS to a resolver of the host",
    `const resolver = new dns.Resolver({ timeout: 300, tries: 1 });
     resolver.setServers(["127.0.0.1:" + facts.udpPort]);
     resolver.resolve4("example.invalid", () => say(false));`,
  ),
  node("a unix socket by its path", `connect({ path: facts.unixName });`),
  node("an abstract unix socket", `connect({ path: "\\0" + facts.abstractName });`),
  python(
    "an abstract unix socket of its own",
    `attempt(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect("\\0" + facts["abstractName"]) is None)`,
  ),
  python(
    "vsock, netlink, packet, bluetooth, alg sockets",
    `attempt(lambda: anyof([lambda family=family, kind=kind: socket.socket(family, kind) for family, kind in
      [(40, 1), (16, 3), (17, 3), (31, 3), (38, 5), (1, 1), (1, 2), (1, 5), (44, 3)]]))`,
  ),
  python("a raw socket", `attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))`),
];

const READING: readonly Attack[] = [
  node(
    "a canary in the home folder",
    `tries([() => fs.readFileSync(facts.canaryPath, "utf8") === canary]);`,
  ),
  python("a canary in the home folder", `attempt(lambda: read(facts["canaryPath"]))`),
  python(
    "secrets in its own environment and in /proc/*/environ, that of pid 1 too",
    `attempt(lambda: anyof([lambda: canary in str(dict(os.environ))] +
       [lambda path=path: read(path) for path in glob.glob("/proc/[0-9]*/environ")]))`,
  ),
  node(
    "secrets in its own environment and in /proc/*/environ",
    `const pids = fs.readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name));
     tries([() => JSON.stringify(process.env).includes(canary),
       ...pids.map((pid) => () => fs.readFileSync("/proc/" + pid + "/environ", "utf8").includes(canary))]);`,
  ),
  python(
    "open files through /proc/*/fd",
    `def scan():
    for link in glob.glob("/proc/[0-9]*/fd/*"):
        try:
            if os.readlink(link).endswith("secret.txt") and read(link): return True
        except OSError: pass
attempt(scan)`,
  ),
  python(
    "the host's tree through /proc/*/root and /proc/*/cwd",
    `attempt(lambda: anyof([lambda path=path: read(path + facts["canaryPath"]) for path in
       glob.glob("/proc/[0-9]*/root")] + [lambda path=path: read(path + "/../" * 20 + facts["canaryPath"]) for path in
       glob.glob("/proc/[0-9]*/cwd")]))`,
  ),
  python(
    "up from an inherited folder descriptor",
    `def climb(fd):
    for _ in range(24): fd = os.open("..", os.O_RDONLY, dir_fd=fd)
    return canary.encode() in os.read(os.open(facts["canaryPath"].lstrip("/"), os.O_RDONLY, dir_fd=fd), 4096)
attempt(lambda: anyof([lambda fd=fd: climb(fd) for fd in range(3, 256)]))`,
  ),
  python(
    "links and hard links that it makes",
    `def linked():
    os.symlink(facts["canaryPath"], "made-link")
    try: return read("made-link")
    finally: os.unlink("made-link")
def hard():
    os.link(facts["canaryPath"], "made-hard")
    try: return read("made-hard")
    finally: os.unlink("made-hard")
attempt(lambda: anyof([linked, hard]))`,
  ),
  python(
    "links that lay in the workspace before",
    `attempt(lambda: anyof([lambda: read("linked-file"), lambda: read("linked-folder/secret.txt")]))`,
  ),
  python(
    "a write through a linked folder",
    `attempt(lambda: open("linked-folder/written", "w").write("x"))`,
  ),
];

const NEEDS_ROOT = process.getuid?.() === 0 ? null : "only root may do that bare";

const WRITING: readonly Attack[] = ["/etc", "/usr", "/usr/bin", "/", "/dev", "/var", "/root"].map(
  (folder) =>
    python(
      `a new file in ${folder}`,
      `path = ${JSON.stringify(folder)} + "/orket-escape-" + facts["canaryHead"]
def write():
    open(path, "w").close()
    os.unlink(path)
    return True
attempt(write)`,
      NEEDS_ROOT,
    ),
);
const KERNEL_FILES = python(
  "settings of the kernel in /proc/sys, /proc/sysrq-trigger, /sys",
  `attempt(lambda: anyof([lambda path=path: open(path, "r+").close() is None for path in
    ["/proc/sys/kernel/hostname", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/kernel/profiling", "/dev/mem", "/dev/kmsg"]]))`,
  NEEDS_ROOT,
);

const PROCESSES: readonly Attack[] = [
  python(
    "a signal to a process of the host",
    `attempt(lambda: anyof([lambda pid=pid: os.kill(pid, 0) is None for pid in facts["victims"]]))`,
  ),
  python(
    "ptrace of a process of the host",
    `def trace(pid):
    call("ptrace", 16, pid, 0, 0)
    os.waitpid(pid, 0)
    return call("ptrace", 17, pid, 0, 0)
attempt(lambda: anyof([lambda pid=pid: trace(pid) for pid in facts["victims"]]))`,
    NEEDS_ROOT,
  ),
  python(
    "ptrace of its own child",
    `def trace():
    child = os.fork()
    if child == 0: signal.pause()
    try: return call("ptrace", 16, child, 0, 0)
    finally: os.kill(child, 9)
attempt(trace)`,
  ),
  python(
    "a user namespace of its own, by unshare",
    `attempt(lambda: in_child(lambda: call("unshare", 0x10000000)))`,
    NEEDS_ROOT,
  ),
  python(
    "other namespaces",
    `attempt(lambda: anyof([lambda flag=flag: in_child(lambda: call("unshare", flag)) for flag in
       [0x20000, 0x40000000, 0x4000000, 0x8000000, 0x20000000, 0x2000000, 0x80]]))`,
    NEEDS_ROOT,
  ),
  python(
    "joining a namespace",
    `attempt(lambda: in_child(lambda: call("setns", os.open("/proc/self/ns/net", os.O_RDONLY), 0)))`,
    NEEDS_ROOT,
  ),
  python(
    "a mount",
    `def mounts():
    if os.getuid() == 0: call("unshare", 0x20000); call("mount", b"none", b"/", None, 0x44000, None)
    return call("mount", b"tmpfs", os.getcwd().encode(), b"tmpfs", 0, None)
attempt(lambda: in_child(mounts))`,
    NEEDS_ROOT,
  ),
  python("chroot", `attempt(lambda: in_child(lambda: os.chroot(".") is None))`, NEEDS_ROOT),
  python(
    "another user id",
    `attempt(lambda: in_child(lambda: os.setuid(0) is None or os.setuid(1) is None))`,
    NEEDS_ROOT,
  ),
  python(
    "a character typed into its terminal (TIOCSTI)",
    `def typed():
    leader, follower = os.openpty()
    os.setsid()
    fcntl.ioctl(follower, termios.TIOCSCTTY, 0)
    fcntl.ioctl(follower, 0x5412, b"x")
    return True
attempt(lambda: in_child(typed))`,
    NEEDS_ROOT,
  ),
];

/** Of x86-64; a number means another call elsewhere. */
const CALLS = {
  add_key: [248, 'b"user", b"orket", b"x", 1, -2'],
  request_key: [249, 'b"user", b"orket", 0, -2'],
  keyctl: [250, "0, -3, 0, 0, 0"],
  clone_with_a_user_namespace: [56, "0x10000000 | 17, 0, 0, 0, 0"],
  clone3: [435, "0, 0"],
  bpf: [321, "0, 0, 0"],
  perf_event_open: [298, "0, 0, -1, -1, 0"],
  userfaultfd: [323, "0xffff"],
  io_uring_setup: [425, "0, 0"],
  process_vm_readv: [310, "0, 0, 0, 0, 0, 0"],
  open_by_handle_at: [304, "-1, 0, 0"],
  name_to_handle_at: [303, "-1, 0, 0, 0, 0"],
  pivot_root: [155, "0, 0"],
  umount2: [166, "0, 0"],
  open_tree: [428, "-1, 0, 0"],
  move_mount: [429, "-1, 0, -1, 0, 0"],
  fsopen: [430, "0, 0"],
  mount_setattr: [442, "-1, 0, 0, 0, 0"],
  init_module: [175, "0, 0, 0"],
  finit_module: [313, "-1, 0, 0"],
  kexec_load: [246, "0, 0, 0, 1 << 20"],
} as const;

/** A call that a wall refuses says EPERM or ENOSYS, whatever nonsense it was given; bare it judges the nonsense. */
const SYSTEM_CALLS: readonly Attack[] = Object.entries(CALLS).map(([name, [number, args]]) =>
  python(
    `the system call ${name.replaceAll("_", " ")}`,
    `def raw():
    ctypes.set_errno(0)
    before = os.getpid()
    done = libc.syscall(${number}, ${args})
    if done == 0 and os.getpid() != before: os._exit(0)
    return done >= 0 or ctypes.get_errno() not in (1, 38)
attempt(lambda: in_child(raw))`,
    process.getuid?.() === 0 && !["init_module", "finit_module", "kexec_load"].includes(name)
      ? null
      : "kernels without the call, or other users, are refused bare too",
  ),
);

export const ATTACKS: Readonly<Record<string, readonly Attack[]>> = {
  network: NETWORK,
  reading: READING,
  writing: [...WRITING, KERNEL_FILES],
  processes: PROCESSES,
  "system calls": process.arch === "x64" ? SYSTEM_CALLS : [],
};
