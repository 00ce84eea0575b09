// A base for the image out of this machine's own programs, for where no image can be pulled: the Node that runs this, git, the
// box's tools, and a shell, each with the libraries that it lists. Meant for tests; a release is built on the pinned base.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

export type Docker = (...args: readonly string[]) => string;

const NAME = "orket-test/base:1";
const DOCKERFILE = `FROM scratch
COPY . /
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/usr/local/bin:/usr/bin:/bin
`;
const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

/** Gives the name of the image. */
export function buildOwnBase(docker: Docker, folder: string): string {
  const context = join(folder, "base");
  for (const name of ["tmp", "proc", "dev", "etc"])
    mkdirSync(join(context, name), { recursive: true });
  chmodSync(join(context, "tmp"), 0o1777);
  const put = (from: string, to: string): void => {
    if (existsSync(join(context, to))) return;
    mkdirSync(dirname(join(context, to)), { recursive: true });
    copyFileSync(from, join(context, to));
    chmodSync(join(context, to), 0o755);
  };
  const helpers = answerOf("git", ["--exec-path"]);
  cpSync(helpers, join(context, helpers), { recursive: true, verbatimSymlinks: true });
  const programs: readonly (readonly [string, string])[] = [
    ["/bin/busybox", "bin/busybox"],
    [process.execPath, "usr/local/bin/node"],
    ...["git", "bwrap", "prlimit"].map((name) => [pathOf(name), `usr/bin/${name}`] as const),
  ];
  for (const [from, to] of programs) put(from, to);
  for (const from of [...programs.map(([path]) => path), join(helpers, "git-remote-https")])
    for (const library of librariesOf(from)) put(library, library);
  writeFileSync(join(context, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  writeFileSync(join(context, "etc/group"), "root:x:0:\n");
  symlinkSync("/bin/busybox", join(context, "usr/bin/env"));
  if (existsSync(AUTHORITIES)) put(AUTHORITIES, AUTHORITIES);
  writeFileSync(join(context, "Dockerfile"), DOCKERFILE);
  docker("build", "--quiet", "--network", "none", "--tag", NAME, context);
  return NAME;
}

function answerOf(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

const pathOf = (name: string): string => answerOf("sh", ["-c", `command -v ${name}`]);

/** None for a program that brings its own, such as busybox. */
function librariesOf(program: string): readonly string[] {
  const { stdout } = spawnSync("ldd", [program], { encoding: "utf8" });
  return [...stdout.matchAll(/\/\S+\.so\S*/g)].map(([path]) => path);
}
