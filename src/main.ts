// The composition root: configuration → adapters → engine → entry → stop in reverse order. It sees everything and is seen
// by nothing; importing it does nothing. What is heavy is loaded when it is used.
import { spawnSync } from "node:child_process";
import { constants, existsSync, readFileSync } from "node:fs";
import { access, mkdir, mkdtemp, readdir, readFile } from "node:fs/promises";
import { hostname, tmpdir, userInfo } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine, Watcher } from "./app/engine.ts";
import type { Assembly } from "./assemble.ts";
import type { BackupScene } from "./assemble-backup.ts";
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
const DEMO_MS_MAX = 10_000;

const readVersion = (): string =>
  (JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as { version: string }).version;

export async function main(surroundings: Surroundings): Promise<number> {
  const { argv, stdout } = surroundings;
  // The most frequent question of scripts is answered without loading anything.
  if (argv.length === 1 && argv[0] === "--version") {
    stdout.on("error", () => {}); // nobody reads it any more
    stdout.write(`${readVersion()}\n`);
    return 0;
  }
  const { createProcessIo } = await import("./cli/process-io.ts");
  const { runCli } = await import("./cli/main.ts");
  const { createRedactor, secretsIn } = await import("./domain/redact.ts");
  const fromEnv = secretsIn(surroundings.env);
  let redact = createRedactor({ values: fromEnv });
  // What the settings hold is known once they are read; nothing of it is shown before.
  const knowSecrets = (values: readonly string[]): readonly string[] => {
    const known = [...fromEnv, ...values];
    redact = createRedactor({ values: known });
    return known;
  };
  const io = createProcessIo({ ...surroundings, redact: (text) => redact.text(text) });
  const cli = { io, workbench: createWorkbench({ ...surroundings, knowSecrets }) };
  return runCli(cli, argv);
}

type Surrounded = Surroundings & {
  readonly knowSecrets: (values: readonly string[]) => readonly string[];
};

type Loaded = {
  readonly dir: string;
  readonly config: Config;
  readonly secrets: readonly string[];
};

/** Finds the project and its settings. Nothing is written. */
async function loadProject(
  { env, cwd, knowSecrets }: Surrounded,
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
  const dotenv = parseDotEnv((await readText(join(dir, ".env"), ".env", problems)) ?? "");
  const { readSecretFile } = await import("./secret-file.ts");
  const loaded = loadConfig({
    env,
    dotenv,
    file,
    userFile,
    flags,
    readSecretFile: (path) => readSecretFile(resolve(dir, path)),
  });
  const all = loaded.ok ? problems : [...problems, ...loaded.error];
  if (all.length > 0) return settingsRefused(all);
  if (!loaded.ok) return refuse("CONFIG_INVALID", "The settings do not load.");
  const config = loaded.value;
  return { ok: true, value: { dir, config, secrets: knowSecrets(config.secrets()) } };
}

async function settingsRefused(problems: readonly ConfigProblem[]): Promise<Result<never>> {
  const { refuse } = await import("./domain/result.ts");
  const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  const message = `The settings have ${count}. See the known ones with: orket schema settings`;
  return refuse("CONFIG_INVALID", message, { problems });
}

async function readText(
  path: string,
  source: string,
  problems: ConfigProblem[],
): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    // Below a path that is no folder nothing can lie.
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    const found = `a file that cannot be read (${code})`;
    problems.push({ source, name: path, found, expected: "a file that this user can read" });
    return null;
  }
}

async function readSettings(
  path: string,
  source: string,
  problems: ConfigProblem[],
): Promise<unknown> {
  const text = await readText(path, source, problems);
  if (text === null) return null;
  const { parseSettings } = await import("./config.ts");
  const parsed = parseSettings(text, source);
  if (parsed.ok) return parsed.value;
  problems.push(...parsed.error);
  return null;
}

async function openEngine(scene: Omit<Assembly, "owner">) {
  const { assembleEngine } = await import("./assemble.ts");
  const assembled = await assembleEngine({ ...scene, owner: ownerOf() });
  if (!assembled.ok) return assembled;
  const { assembleTraces } = await import("./assemble-telemetry.ts");
  const setting = { engine: assembled.value, config: scene.config, version: readVersion() };
  const { engine, close: sendRest } = await assembleTraces(setting);
  const close = async (): Promise<void> => {
    await sendRest();
    await engine.store.close();
  };
  return { ok: true as const, value: { engine, close } };
}

async function openProject(
  surroundings: Surrounded,
  request: ProjectRequest,
  watcher: Watcher,
): Promise<Result<Project & { readonly config: Config }>> {
  const loaded = await loadProject(surroundings, request);
  if (!loaded.ok) return loaded;
  const { dir, config, secrets } = loaded.value;
  if (!isProject(dir)) return missing(dir);
  const stateDir = stateDirOf(loaded.value);
  if (existsSync(join(stateDir, UNFINISHED_STATE))) return unfinished(stateDir);
  const wayOut = "Make the folder writable, or set ORKET_STATE_DIR to one that is.";
  const prepared = await prepareFolder(stateDir, wayOut);
  if (!prepared.ok) return prepared;
  const { env } = surroundings;
  const opened = await openEngine({ dir, stateDir, config, secrets, watcher, env });
  if (!opened.ok) return opened;
  const { engine, close } = opened.value;
  const setting = { dir, config, env };
  const searchPath = env["PATH"] ?? DEFAULT_PATH;
  const folder = (name: string): string => resolve(surroundings.cwd, name);
  return {
    ok: true,
    value: {
      dir,
      stateDir,
      config,
      settings: config.rows,
      engine,
      exportRun: async (run, to) => {
        const { exportRun } = await import("./assemble-replay.ts");
        return exportRun({ ...setting, engine }, { run, dir: folder(to) });
      },
      replay: async (from) => {
        const { replayFolder } = await import("./assemble-replay.ts");
        return replayFolder(setting, folder(from));
      },
      serve: async () => {
        const { startServer } = await import("./assemble-server.ts");
        return startServer({
          dir,
          stateDir,
          searchPath,
          engine,
          config,
          version: readVersion(),
          isOwnerGone,
        });
      },
      importFrom: async (asked) => {
        const { importFrom } = await import("./assemble-import.ts");
        return importFrom({ ...setting, engine }, { ...asked, source: folder(asked.source) });
      },
      ...forgeCalls({ ...setting, engine, stateDir, searchPath }, folder),
      close,
    },
  };
}

type ForgeSetting = {
  readonly dir: string;
  readonly stateDir: string;
  readonly searchPath: string;
  readonly engine: Engine;
  readonly config: Config;
};

/** What the forge sends, and what is done there. */
function forgeCalls(
  setting: ForgeSetting,
  folder: (name: string) => string,
): Pick<
  Project,
  "replayFile" | "reconcile" | "offers" | "setUpForge" | "publish" | "cleanUpProducts"
> {
  return {
    replayFile: async (file, person) => {
      const { replayFile } = await import("./assemble-webhook.ts");
      return replayFile({ ...setting, path: folder(file), person });
    },
    reconcile: async (signal) => {
      const { reconcileOnce } = await import("./assemble-pull-requests.ts");
      return reconcileOnce({ ...setting, isOwnerGone }, signal);
    },
    offers: {
      choose: async (fullName) => {
        const { chooseRepository } = await import("./assemble-offers.ts");
        return chooseRepository(setting, fullName);
      },
      offer: async (request, signal) => {
        const { offerFromSettings } = await import("./assemble-offers.ts");
        return offerFromSettings(setting, request, signal);
      },
      offerDue: async (signal) => {
        const { offerDueFromSettings } = await import("./assemble-offers.ts");
        return offerDueFromSettings(setting, signal);
      },
    },
    setUpForge: async (request) => {
      const { setUpFromSettings } = await import("./assemble-forge.ts");
      return setUpFromSettings(setting, request);
    },
    publish: async (request, by) => {
      const { publishFromSettings } = await import("./assemble-publish.ts");
      return publishFromSettings({ ...setting, ...by }, request);
    },
    cleanUpProducts: async (request, by) => {
      const { cleanUpFromSettings } = await import("./assemble-publish.ts");
      return cleanUpFromSettings({ ...setting, ...by }, request);
    },
  };
}

const stateDirOf = ({ dir, config }: Pick<Loaded, "dir" | "config">): string => {
  const setting = config.text("state_dir") ?? ".orket";
  return isAbsolute(setting) ? setting : join(dir, setting);
};

/** What a restore that has not ended leaves in the state directory; nothing else may work on it then. */
const UNFINISHED_STATE = ".restoring";

async function unfinished(stateDir: string): Promise<Result<never>> {
  const { refuse } = await import("./domain/result.ts");
  const message = `${stateDir} is being restored, or a restore of it was interrupted. Restore it again: orket restore <backup>`;
  return refuse("STATE_UNFINISHED", message, { dir: stateDir });
}

/** What saves and restores a state: where it is, and who asks. */
async function backupSceneOf(
  surroundings: Surrounded,
  request: ProjectRequest,
): Promise<Result<BackupScene>> {
  const loaded = await loadProject(surroundings, request);
  if (!loaded.ok) return loaded;
  const { dir, secrets } = loaded.value;
  if (!isProject(dir)) return missing(dir);
  return {
    ok: true,
    value: {
      stateDir: stateDirOf(loaded.value),
      searchPath: surroundings.env["PATH"] ?? DEFAULT_PATH,
      owner: ownerOf(),
      isOwnerGone,
      product: readVersion(),
      person: personOf(surroundings.env),
      secrets,
    },
  };
}

const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

/** One of these is enough; a folder with none of them is somebody else's, and nothing is written there. */
const PROJECT_MARKS = ["orket.yaml", "config", "model", ".orket"];

const isProject = (dir: string): boolean =>
  PROJECT_MARKS.some((name) => existsSync(join(dir, name)));

async function missing(dir: string): Promise<Result<never>> {
  const { refuse } = await import("./domain/result.ts");
  const message = `${dir} holds no Orket project. Start one with: orket init ${dir}`;
  return refuse("PROJECT_MISSING", message, { dir });
}

async function prepareFolder(dir: string, wayOut: string): Promise<Result<null>> {
  try {
    await mkdir(dir, { recursive: true });
    await access(dir, constants.W_OK);
    return { ok: true, value: null };
  } catch (error) {
    const { refuse } = await import("./domain/result.ts");
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? await whyUnmade(dir) : (code ?? message);
    return refuse("PROJECT_READ_ONLY", `${dir} cannot be written (${why}). ${wayOut}`, { dir });
  }
}

/** Node says ENOENT where a recursive mkdir meets a read-only file system; the folder above it says what is so. */
async function whyUnmade(dir: string): Promise<string> {
  for (let above = dirname(dir); ; above = dirname(above)) {
    const found = await access(above, constants.W_OK).then(
      () => "ENOENT",
      ({ code }: NodeJS.ErrnoException) => code ?? "unknown",
    );
    if (found !== "ENOENT" || existsSync(above) || above === dirname(above)) return found;
  }
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

function createWorkbench(surroundings: Surrounded): Workbench {
  return {
    version: readVersion(),
    person: personOf(surroundings.env),
    openProject: async (request, watcher) => openProject(surroundings, request, watcher),
    checkVariables: async () => {
      const { unknownVariables } = await import("./config.ts");
      const problems = unknownVariables(surroundings.env, "environment");
      return problems.length === 0 ? { ok: true, value: null } : settingsRefused(problems);
    },
    showSettings: async (request) => {
      const loaded = await loadProject(surroundings, request);
      return loaded.ok ? { ok: true, value: loaded.value.config.rows } : loaded;
    },
    initProject: async (targetDir) => {
      const target = resolve(surroundings.cwd, targetDir);
      const prepared = await prepareFolder(target, "Name a folder that can be.");
      if (!prepared.ok) return prepared;
      const { initProject } = await import("./adapters/assets/init.ts");
      const templateDir = fileURLToPath(new URL("examples/init/", ROOT));
      return { ok: true, value: await initProject({ targetDir: target, templateDir }) };
    },
    isEmptyDir: async (dir) => isEmptyDir(resolve(surroundings.cwd, dir)),
    copyDemo: async (dir) => copyDemo(surroundings, dir),
    testDemo: async (workspaceDir) => testDemo(workspaceDir),
    schemaOf: async (kind) => {
      const { schemaOf } = await import("./assemble.ts");
      return schemaOf(kind);
    },
    smoke: async (request) => {
      const { smoke } = await import("./assemble-smoke.ts");
      const templateDir = fileURLToPath(new URL("examples/init/", ROOT));
      return smoke({
        ...request,
        env: surroundings.env,
        program: fileURLToPath(new URL("bin/orket", ROOT)),
        makeProject: async (targetDir) => {
          const { initProject } = await import("./adapters/assets/init.ts");
          return { ok: true, value: await initProject({ targetDir, templateDir }) };
        },
      });
    },
    ...backupCalls(surroundings),
    isOwnerGone,
    diagnose: async (request) => diagnose(surroundings, request),
  };
}

const backupCalls = (surroundings: Surrounded): Pick<Workbench, "backUp" | "restore"> => ({
  backUp: async (request, target, signal) => {
    const scene = await backupSceneOf(surroundings, request);
    if (!scene.ok) return scene;
    const { backUpState } = await import("./assemble-backup.ts");
    return backUpState(scene.value, resolve(surroundings.cwd, target), signal);
  },
  restore: async (request, source, signal) => {
    const scene = await backupSceneOf(surroundings, request);
    if (!scene.ok) return scene;
    const { restoreState } = await import("./assemble-backup.ts");
    return restoreState(scene.value, resolve(surroundings.cwd, source), signal);
  },
});

const filesIn = async (dir: string): Promise<readonly string[]> =>
  readdir(dir).catch(() => [] as readonly string[]);

const isEmptyDir = async (dir: string): Promise<boolean> => (await filesIn(dir)).length === 0;

async function copyDemo({ cwd }: Surrounded, dir: string | null): Promise<Result<string>> {
  const target = dir === null ? await mkdtemp(join(tmpdir(), "orket-demo-")) : resolve(cwd, dir);
  if (!(await isEmptyDir(target))) {
    const { refuse } = await import("./domain/result.ts");
    const message = `${target} is not empty, and the demo starts from nothing. Name a new folder.`;
    return refuse("USAGE", message, { dir: target });
  }
  const prepared = await prepareFolder(target, "Name a folder that can be.");
  if (!prepared.ok) return prepared;
  const { initProject } = await import("./adapters/assets/init.ts");
  const templateDir = fileURLToPath(new URL("examples/demo/", ROOT));
  await initProject({ targetDir: target, templateDir });
  return { ok: true, value: target };
}

function personOf(env: Surrounded["env"]): string {
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
  surroundings: Surrounded,
  request: ProjectRequest,
): Promise<readonly Check[]> {
  const { diagnoseMachine } = await import("./assemble.ts");
  const { SILENT_WATCHER } = await import("./app/engine.ts");
  const { refusalOf } = await import("./cli/problem.ts");
  const opened = await openProject(surroundings, request, SILENT_WATCHER).catch(
    (error: unknown): Result<never> => ({ ok: false, error: refusalOf(error) }),
  );
  const checks = await diagnoseMachine(opened, surroundings.env);
  if (opened.ok) await opened.value.close();
  return checks;
}
