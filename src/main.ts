// The composition root: configuration → adapters → engine → entry → stop in reverse order. It sees everything and is seen
// by nothing; importing it does nothing. What is heavy is loaded when it is used.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile } from "node:fs/promises";
import { hostname, tmpdir, userInfo } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Watcher } from "./app/engine.ts";
import type { Io } from "./cli/io.ts";
import type { Check, Project, ProjectRequest, Workbench } from "./cli/workbench.ts";
import type { Config, ConfigProblem } from "./config.ts";
import type { Result } from "./domain/result.ts";

export type Surroundings = {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
};

const ROOT = new URL("../", import.meta.url);
const DEMO_MS_MAX = 30_000;

const readVersion = (): string =>
  (JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as { version: string }).version;

export async function main(surroundings: Surroundings): Promise<number> {
  const { argv, stdout } = surroundings;
  // The most frequent question of scripts is answered without loading anything.
  if (argv.length === 1 && argv[0] === "--version") {
    stdout.write(`${readVersion()}\n`);
    return 0;
  }
  const { runCli } = await import("./cli/main.ts");
  return runCli({ io: createIo(surroundings), workbench: createWorkbench(surroundings) }, argv);
}

function createIo({ env, cwd, stdout, stderr }: Surroundings): Io {
  // Whoever reads us may stop reading: `orket board | head` ends quietly.
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  const color = stdout.isTTY && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  return {
    env,
    cwd,
    color,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    screen: stdout.isTTY
      ? {
          size: () => ({ columns: stdout.columns, rows: stdout.rows }),
          onResize: (listener) => {
            stdout.on("resize", listener);
            return () => stdout.off("resize", listener);
          },
        }
      : null,
    onSignal: (listener) => {
      process.on("SIGINT", listener);
      process.on("SIGTERM", listener);
      return () => {
        process.off("SIGINT", listener);
        process.off("SIGTERM", listener);
      };
    },
    exitNow: (code) => process.exit(code),
  };
}

type Loaded = { readonly dir: string; readonly config: Config };

/** Finds the project and its settings. Nothing is written. */
async function loadProject(
  { env, cwd }: Surroundings,
  { project, flags }: ProjectRequest,
): Promise<Result<Loaded>> {
  const { loadConfig, parseDotEnv } = await import("./config.ts");
  const { refuse } = await import("./domain/result.ts");
  const dir = resolve(cwd, project ?? env["ORKET_PROJECT"] ?? ".");
  const problems: ConfigProblem[] = [];
  const file = await readSettings(join(dir, "orket.yaml"), "orket.yaml", problems);
  const userDir =
    env["XDG_CONFIG_HOME"] ?? (env["HOME"] === undefined ? null : join(env["HOME"], ".config"));
  const userFile =
    userDir === null
      ? null
      : await readSettings(join(userDir, "orket", "config.yaml"), "user file", problems);
  const dotenv = parseDotEnv((await readText(join(dir, ".env"))) ?? "");
  const loaded = loadConfig({ env, dotenv, file, userFile, flags });
  const all = loaded.ok ? problems : [...problems, ...loaded.error];
  if (all.length > 0) {
    const count = all.length === 1 ? "a problem" : `${all.length} problems`;
    return refuse(
      "CONFIG_INVALID",
      `The settings have ${count}. See the known ones with: orket config show`,
      { problems: all },
    );
  }
  if (!loaded.ok) return refuse("CONFIG_INVALID", "The settings do not load.");
  return { ok: true, value: { dir, config: loaded.value } };
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function readSettings(
  path: string,
  source: string,
  problems: ConfigProblem[],
): Promise<unknown> {
  const text = await readText(path);
  if (text === null) return null;
  const { parseSettings } = await import("./config.ts");
  const parsed = parseSettings(text, source);
  if (parsed.ok) return parsed.value;
  problems.push(...parsed.error);
  return null;
}

async function openProject(
  surroundings: Surroundings,
  request: ProjectRequest,
  watcher: Watcher,
): Promise<Result<Project>> {
  const loaded = await loadProject(surroundings, request);
  if (!loaded.ok) return loaded;
  const { dir, config } = loaded.value;
  const { refuse } = await import("./domain/result.ts");
  const stateSetting = config.text("state_dir") ?? ".orket";
  const stateDir = isAbsolute(stateSetting) ? stateSetting : join(dir, stateSetting);
  try {
    await mkdir(stateDir, { recursive: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const wayOut = "Make the folder writable, or set ORKET_STATE_DIR to one that is.";
    return refuse(
      "PROJECT_READ_ONLY",
      `${stateDir} cannot be written (${code ?? message}). ${wayOut}`,
      { stateDir },
    );
  }
  const { assembleEngine } = await import("./assemble.ts");
  const engine = await assembleEngine({
    dir,
    stateDir,
    config,
    watcher,
    env: surroundings.env,
    owner: ownerOf(),
  });
  if (!engine.ok) return engine;
  const close = async (): Promise<void> => engine.value.store.close();
  return { ok: true, value: { dir, stateDir, settings: config.rows, engine: engine.value, close } };
}

const ownerOf = (): string => `${hostname()}:${process.pid}`;

/** A lease of this machine whose process is gone needs no waiting for. Of other machines nothing is known. */
function isOwnerGone(owner: string): boolean {
  const [host, pid] = owner.split(":");
  if (host !== hostname() || pid === undefined || !/^\d+$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function createWorkbench(surroundings: Surroundings): Workbench {
  return {
    version: readVersion(),
    person: personOf(surroundings.env),
    openProject: async (request, watcher) => openProject(surroundings, request, watcher),
    showSettings: async (request) => {
      const loaded = await loadProject(surroundings, request);
      return loaded.ok ? { ok: true, value: loaded.value.config.rows } : loaded;
    },
    initProject: async (targetDir) => {
      const { initProject } = await import("./adapters/assets/init.ts");
      const templateDir = fileURLToPath(new URL("examples/init/", ROOT));
      return initProject({ targetDir: resolve(surroundings.cwd, targetDir), templateDir });
    },
    copyDemo: async (dir) => {
      const target =
        dir === null
          ? await mkdtemp(join(tmpdir(), "orket-demo-"))
          : resolve(surroundings.cwd, dir);
      const { initProject } = await import("./adapters/assets/init.ts");
      await initProject({
        targetDir: target,
        templateDir: fileURLToPath(new URL("examples/demo/", ROOT)),
      });
      return target;
    },
    testDemo: async (workspaceDir) => testDemo(workspaceDir),
    schemaOf: async (kind) => {
      const { schemaOf } = await import("./assemble.ts");
      return schemaOf(kind);
    },
    isOwnerGone,
    diagnose: async (request) => diagnose(surroundings, request),
  };
}

function personOf(env: Surroundings["env"]): string {
  try {
    return userInfo().username;
  } catch {
    return env["USER"] ?? "operator";
  }
}

/** Runs in Node's own permission model with no rights but to read the workspace. A second wall: the text is ours. */
function testDemo(workspaceDir: string): { passed: boolean; summary: string } {
  const flags = [
    "--permission",
    `--allow-fs-read=${workspaceDir}`,
    "--test",
    "--test-isolation=none",
    "--test-reporter=spec",
  ];
  const done = spawnSync(process.execPath, [...flags, "tests/**/*.test.mjs"], {
    cwd: workspaceDir,
    env: { PATH: "/usr/bin:/bin" },
    encoding: "utf8",
    timeout: DEMO_MS_MAX,
  });
  const count = (word: string): string =>
    new RegExp(`^ℹ ${word} (\\d+)$`, "m").exec(done.stdout)?.[1] ?? "0";
  const passed = done.status === 0 && Number(count("pass")) > 0;
  return {
    passed,
    summary: passed ? `${count("pass")} tests passed` : `${count("fail")} tests failed`,
  };
}

async function diagnose(
  surroundings: Surroundings,
  request: ProjectRequest,
): Promise<readonly Check[]> {
  const { diagnoseMachine } = await import("./assemble.ts");
  const { SILENT_WATCHER } = await import("./app/engine.ts");
  const opened = await openProject(surroundings, request, SILENT_WATCHER);
  const checks = await diagnoseMachine(opened, surroundings.env["PATH"] ?? "");
  if (opened.ok) await opened.value.close();
  return checks;
}
