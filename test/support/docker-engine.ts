// One Docker engine for one test file, on a state folder of its own, so that files which run at once share nothing. Where
// none can be started, its tests are skipped and say why; under CI that is a failure.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import type { EngineEnvironment } from "../../scripts/docker-engine.ts";
import { startEngine, stopAbandoned, stopEngine } from "../../scripts/docker-engine.ts";

export type TestEngine = {
  /** For the options of each test: false, or the reason to skip it. */
  readonly skip: false | string;
  readonly env: EngineEnvironment;
  readonly folder: string;
  /** What the docker command answers; throws when it fails. */
  readonly docker: (...args: readonly string[]) => string;
};

const PREFIX = "orket-docker-";

/** Called once at the top of a test file; the engine ends with the file. */
export async function useDockerEngine(): Promise<TestEngine> {
  if (process.env["TESTS_ARE_LISTED"] === "yes") return standIn("the tests are only listed");
  await stopAbandoned(tmpdir(), PREFIX);
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  after(async () => stopEngine(folder));
  const path = process.env["PATH"] ?? "";
  try {
    const env = await startEngine(folder, { path, endsWithParent: true });
    return { skip: false, env, folder, docker: (...args) => ask(env, args) };
  } catch (error) {
    const reason = `no Docker engine can be started here: ${error instanceof Error ? error.message : String(error)}`;
    process.stderr.write(`SANDBOX TESTS DO NOT RUN: ${reason}\n`);
    if (process.env["CI"] === "true")
      test("a Docker engine can be started", () => {
        throw new Error(reason);
      });
    return { ...standIn(reason), folder };
  }
}

const standIn = (reason: string): TestEngine => ({
  skip: reason,
  env: { PATH: "", DOCKER_HOST: "unix:///dev/null", DOCKER_CONFIG: "/dev/null" },
  folder: tmpdir(),
  docker: () => "",
});

function ask(env: EngineEnvironment, args: readonly string[], input = ""): string {
  const { status, stdout, stderr } = spawnSync("docker", args, {
    env: { ...env, DOCKER_BUILDKIT: "0" },
    encoding: "utf8",
    input,
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

const BUSYBOX_DOCKERFILE = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
USER 65534:65534
CMD ["/bin/sh", "-c", "mkdir -p /tmp/www && echo hello > /tmp/www/index.html && exec httpd -f -p 8000 -h /tmp/www"]
`;

/** A shell and a web server, from nothing: `orket-test/busybox:1`, whose CMD serves "hello" on port 8000. */
export function buildBusyboxImage({ docker, folder }: TestEngine): string {
  const context = join(folder, "busybox-image");
  mkdirSync(context, { recursive: true });
  copyFileSync("/bin/busybox", join(context, "busybox"));
  chmodSync(join(context, "busybox"), 0o755);
  writeFileSync(join(context, "Dockerfile"), BUSYBOX_DOCKERFILE);
  const name = "orket-test/busybox:1";
  docker("build", "--quiet", "--network", "none", "--tag", name, context);
  return name;
}

const NODE_DOCKERFILE = `FROM scratch
COPY . /
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/usr/local/bin:/bin
`;

/** Node with the libraries that it lists, and a shell: `orket-test/node:1`. */
export function buildNodeImage({ docker, folder }: TestEngine): string {
  const context = join(folder, "node-image");
  const put = (from: string, to: string): void => {
    mkdirSync(dirname(join(context, to)), { recursive: true });
    copyFileSync(from, join(context, to));
    chmodSync(join(context, to), 0o755);
  };
  put("/bin/busybox", "bin/busybox");
  put(process.execPath, "usr/local/bin/node");
  const { stdout } = spawnSync("ldd", [process.execPath], { encoding: "utf8" });
  for (const [path] of stdout.matchAll(/\/\S+\.so\S*/g)) put(path, path);
  for (const name of ["ws", "tmp"]) mkdirSync(join(context, name));
  writeFileSync(join(context, "Dockerfile"), NODE_DOCKERFILE);
  const name = "orket-test/node:1";
  docker("build", "--quiet", "--network", "none", "--tag", name, context);
  return name;
}
