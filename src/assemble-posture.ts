// The posture's part of the composition root: looks at the settings, at the files and at the process, and has the rules judge it.
import { lstat, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Config, SettingRow } from "./config.ts";
import type {
  Environment,
  ExposedFile,
  PostureCheck,
  PostureFacts,
  SecretFacts,
} from "./domain/posture.ts";
import { judgePosture, secretFacts } from "./domain/posture.ts";
import type { Containment } from "./ports/containment.ts";

export type PostureScene = {
  readonly config: Config;
  readonly dir: string;
  readonly stateDir: string;
  readonly containment: Pick<Containment, "probe">;
  readonly isRoot: boolean;
};

/** Every check there is. A server asks before it listens, and does not start where one of them refuses. */
export const inspectPosture = async (scene: PostureScene): Promise<readonly PostureCheck[]> =>
  judgePosture(await gatherFacts(scene));

async function gatherFacts(scene: PostureScene): Promise<PostureFacts> {
  const { config, dir, stateDir, isRoot } = scene;
  const report = await scene.containment.probe();
  const list = (key: string): readonly string[] => Object.values(config.record<string>(key));
  return {
    env: config.text("env") as Environment,
    apiHost: config.text("server.host") ?? "",
    apiKey: factsOf(config, "server.api_key"),
    allowsInsecure: config.flag("server.allow_insecure_no_api_key"),
    allowedHosts: list("server.allowed_hosts"),
    allowedOrigins: list("server.allowed_origins"),
    webhookHost: config.text("webhook.host") ?? "",
    webhookSecrets: ["gitea.webhook_secret", "gitea.webhook_secret_previous"]
      .map((key) => factsOf(config, key))
      .filter((secret) => secret !== null),
    testEndpoint: {
      isOn: config.flag("webhook.enable_test_endpoint"),
      token: factsOf(config, "webhook.test_token"),
    },
    containment: {
      isOff: config.text("sandbox.backend") === "none",
      isAvailable: report.available,
      found: report.available ? `${report.backend}; ${report.detail}` : report.reason,
      remedy: report.available ? "" : report.remedy,
    },
    isRoot,
    exposedFiles: await exposedFiles(dir, stateDir),
    gitFolders: await gitFolders(stateDir),
    forgeUrl: config.text("gitea.url"),
    traces: tracesOf(config),
    secretVariables: config.rows.filter(isSecretVariable).map(({ env }) => env ?? ""),
  };
}

function tracesOf(config: Config): PostureFacts["traces"] {
  const url = config.text("telemetry.endpoint");
  return url === null ? null : { url, holdContent: config.flag("telemetry.capture_content") };
}

function factsOf(config: Config, key: string): SecretFacts | null {
  const value = config.secret(key)?.reveal() ?? "";
  return value.trim() === "" ? null : secretFacts(value);
}

const isSecretVariable = ({ isSecret, value, origin }: SettingRow): boolean =>
  isSecret && value === "set" && (origin === "environment" || origin === ".env");

const READ_BY_OTHERS = 0o044;
const WRITTEN_BY_OTHERS = 0o022;

/** The folder may be looked into; nobody else may write there. The database and `.env` are their owner's alone. */
async function exposedFiles(dir: string, stateDir: string): Promise<readonly ExposedFile[]> {
  const shown = (path: string): string => relative(dir, path) || ".";
  const found: ExposedFile[] = [];
  const look = async (path: string, mayBeRead: boolean): Promise<number> => {
    const mode = await lstat(path).then(
      (facts) => facts.mode,
      () => 0,
    );
    if ((mode & WRITTEN_BY_OTHERS) !== 0) found.push({ path: shown(path), others: "write" });
    else if (!mayBeRead && (mode & READ_BY_OTHERS) !== 0)
      found.push({ path: shown(path), others: "read" });
    return mode;
  };
  const mode = await look(stateDir, true);
  // Into a folder that is closed to them others do not get, whatever the files in it say.
  if ((mode & 0o011) !== 0)
    for (const end of ["", "-wal", "-shm"]) await look(join(stateDir, `orket.db${end}`), false);
  await look(join(dir, ".env"), false);
  await look(join(dir, "orket.yaml"), true);
  return found;
}

const WORKSPACES_LOOKED_AT_MAX = 1000;
const BUILD_DEPTH_MAX = 2;

/** `/` in the name of a build is a folder, so a workspace lies one or two folders deep. */
async function gitFolders(stateDir: string): Promise<readonly string[]> {
  const root = join(stateDir, "workspaces");
  const found: string[] = [];
  let left = WORKSPACES_LOOKED_AT_MAX;
  const look = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.name.toLowerCase() === ".git") found.push(relative(stateDir, folder));
      else if (entry.isDirectory() && depth < BUILD_DEPTH_MAX && left > 0) {
        left -= 1;
        await look(join(folder, entry.name), depth + 1);
      }
    }
  };
  await look(root, 0);
  return found.toSorted();
}
