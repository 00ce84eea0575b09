// The second half of the composition root: puts an engine together out of real adapters. Apart from main.ts so that help
// and version load none of it.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createAssetEdits } from "./adapters/assets/asset-edits.ts";
import { createDiskAssets } from "./adapters/assets/disk.ts";
import { createSystemClock } from "./adapters/clock/system.ts";
import { createContainment } from "./adapters/containment/select.ts";
import { createRandomIds } from "./adapters/ids/random.ts";
import { createDiskFixtures } from "./adapters/fixtures/disk.ts";
import { createLoopbackHttpCheck } from "./adapters/http-check/loopback.ts";
import { createBuildLogs } from "./adapters/log/build-log.ts";
import { createLog } from "./adapters/log/pino.ts";
import { createModels } from "./adapters/model/router.ts";
import { loadNodes } from "./adapters/nodes/load.ts";
import { createThreadPatterns } from "./adapters/pattern/thread.ts";
import { createProcesses } from "./adapters/process/spawn.ts";
import { createComposeSandboxes } from "./adapters/sandbox/compose.ts";
import { createSourceParserOnDemand } from "./adapters/source/on-demand.ts";
import { createStateFiles } from "./adapters/state-files/disk.ts";
import { openSqliteStore } from "./adapters/store/sqlite.ts";
import { createDiskWorkspaces } from "./adapters/workspace/open.ts";
import { recoverPlans } from "./app/apply-plan.ts";
import type { Engine, Watcher } from "./app/engine.ts";
import { sandboxUrlOf } from "./app/sandboxes/address.ts";
import type { EngineSettings } from "./app/settings.ts";
import type { SandboxUrl, Verifier, VerifierParts } from "./app/verifier.ts";
import { createVerifier } from "./app/verifier.ts";
import { DEFAULT_LIMITS } from "./app/settings.ts";
import type { PostureScene } from "./assemble-posture.ts";
import { inspectPosture } from "./assemble-posture.ts";
import type { Check, Project } from "./cli/workbench.ts";
import type { Config, Secret } from "./config.ts";
import type { ProjectAssets } from "./domain/assets.ts";
import type { Nodes } from "./domain/decision.ts";
import type { PathRule, RiskPolicy, RiskVerdict } from "./domain/governance.ts";
import type { Budget } from "./domain/run.ts";
import type { ErrorCode } from "./domain/errors.ts";
import { createRedactor } from "./domain/redact.ts";
import type { Result } from "./domain/result.ts";
import { ok, refuse } from "./domain/result.ts";
import { evaluate } from "./nodes/evaluate.ts";
import { gate } from "./nodes/gate.ts";
import { plan } from "./nodes/plan.ts";
import { route } from "./nodes/route.ts";
import { selectModel } from "./nodes/select-model.ts";
import type { Clock } from "./ports/clock.ts";
import type { Containment } from "./ports/containment.ts";
import type { Price } from "./ports/model.ts";
import type { NodeNames } from "./ports/nodes.ts";
import type { SandboxEngine } from "./ports/sandbox.ts";
import type { Store } from "./ports/store.ts";

const BUILT_IN: Nodes = { plan, route, selectModel, gate, evaluate };

export type Assembly = {
  readonly dir: string;
  readonly stateDir: string;
  readonly config: Config;
  /** Every secret that is known: of the settings and of the environment. */
  readonly secrets: readonly string[];
  readonly watcher: Watcher;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly owner: string;
  /** Parts that a replay brings with it. */
  readonly parts?: Partial<
    Pick<Engine, "clock" | "ids" | "model" | "containment" | "sandbox" | "assets" | "verifier">
  >;
};

export async function assembleEngine(assembly: Assembly): Promise<Result<Engine>> {
  const { dir, stateDir, config, secrets, watcher, env, owner, parts = {} } = assembly;
  const clock = parts.clock ?? createSystemClock();
  const ids = parts.ids ?? createRandomIds({ clock });
  const assets = parts.assets ?? assetsOf(dir, config);
  const assetEdits = createAssetEdits({ ...assetSourceOf(dir, config), stateDir });
  const redact = createRedactor({ values: secrets });
  const openStore = async (): Promise<Store> =>
    openSqliteStore({ path: join(stateDir, "orket.db"), clock, redact });
  // Before anything is read: half a plan is no project.
  if ((await assetEdits.pending()).length > 0) {
    const store = await openStore();
    try {
      await recoverPlans({ store, assetEdits, clock, ids });
    } finally {
      await store.close();
    }
  }
  const loaded = await assets.load();
  const named = nodeNames(config, loaded.ok ? loaded.value : null);
  const nodes = await loadNodes({ projectDir: dir, names: named, builtIn: BUILT_IN });
  if (!nodes.ok) return nodes;
  const containment = containmentOf({ config, stateDir, env, clock });
  const store = await openStore();
  const workspaces = createDiskWorkspaces({
    stateDir,
    processes: createProcesses(),
    clock,
    ...(env["PATH"] === undefined ? {} : { searchPath: env["PATH"] }),
  });
  return ok({
    store,
    clock,
    assets,
    assetEdits,
    redact,
    watcher,
    nodes: nodes.value,
    ids,
    workspaces,
    model: createModels({
      projectDir: dir,
      clock,
      providers: providersOf(config),
      prices: pricesOf(config),
    }),
    containment,
    sandbox: sandboxesOf(stateDir, env),
    verifier: verifierOf({
      dir,
      config,
      containment: parts.containment ?? containment,
      ids,
      sandboxUrl: async (build) => sandboxUrlOf({ store, ids, clock, workspaces }, build),
    }),
    source: createSourceParserOnDemand(),
    stateFiles: createStateFiles({ stateDir, projectDir: dir, redact }),
    buildLogs: createBuildLogs(stateDir),
    log: createLog({
      // Beside the logs of the builds, one of which may be called `orket`.
      to: { file: join(stateDir, "process.jsonl") },
      level: config.text("log.level") as "info",
      clock,
      secrets: () => secrets,
    }),
    settings: settingsOf(config, owner),
    ...parts,
  });
}

type ContainmentFacts = Pick<Assembly, "config" | "stateDir" | "env"> & { readonly clock: Clock };

const containmentOf = ({ config, stateDir, env, clock }: ContainmentFacts): Containment =>
  createContainment({
    backend: config.text("sandbox.backend") as "auto",
    clock,
    searchPath: env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
    node: process.execPath,
    architecture: process.arch,
    platform: process.platform,
    uid: process.getuid?.() ?? 0,
    unique: () => randomBytes(8).toString("hex"),
    scratchDir: join(stateDir, "containment"),
    image: config.text("sandbox.image"),
    gid: process.getgid?.() ?? 0,
    engineEnv: Object.fromEntries(
      ["PATH", "DOCKER_HOST", "DOCKER_CONFIG"].flatMap((name) =>
        env[name] === undefined ? [] : [[name, env[name]]],
      ),
    ),
    unsandboxed: {
      word: config.text("sandbox.allow_unsandboxed"),
      environment: config.text("env") as "local",
      serverHost: config.text("server.host") ?? "",
    },
  });

/** The engine's address and plugins may stand in the environment; compose gets nothing else of it. */
const sandboxesOf = (stateDir: string, env: Assembly["env"]): SandboxEngine => {
  const names = ["PATH", "DOCKER_HOST", "DOCKER_CONFIG"] as const;
  const given = names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
  return createComposeSandboxes({
    stateDir,
    processes: createProcesses(),
    env: Object.fromEntries(given) as Readonly<Record<string, string>>,
  });
};

const assetSourceOf = (projectDir: string, config: Config) => ({
  projectDir,
  env: {
    orgName: config.text("organization.name") ?? undefined,
    orgVision: config.text("organization.vision") ?? undefined,
  },
});

export const assetsOf = (projectDir: string, config: Config): Engine["assets"] =>
  createDiskAssets(assetSourceOf(projectDir, config));

/** orket.yaml names nodes; where it is silent the organization does. */
function nodeNames(config: Config, assets: ProjectAssets | null): NodeNames {
  const given = config.record<string | { use?: string; shadow?: string }>("nodes");
  const fromFile = Object.entries(given).map(([seam, value]) => [
    seam === "select_model" ? "selectModel" : seam,
    typeof value === "string" ? { use: value } : value,
  ]);
  const fromOrganization = Object.entries(assets?.organization.process.nodes ?? {}).map(
    ([seam, use]) => [seam, { use }],
  );
  return Object.fromEntries([...fromOrganization, ...fromFile]) as NodeNames;
}

function providersOf(config: Config): Parameters<typeof createModels>[0]["providers"] {
  const reveal = (secret: Secret | null): string | null => secret?.reveal() ?? null;
  const openaiUrl = config.text("openai.base_url");
  const openaiKey = reveal(config.secret("openai.api_key"));
  const anthropicKey = reveal(config.secret("anthropic.api_key"));
  // A key alone is enough for the maker's own address.
  const baseUrl = openaiUrl ?? (openaiKey === null ? null : "https://api.openai.com/v1");
  return {
    ollama: { baseUrl: config.text("ollama.host") ?? "" },
    ...(baseUrl === null ? {} : { openai: { baseUrl, apiKey: openaiKey } }),
    ...(anthropicKey === null ? {} : { anthropic: { apiKey: anthropicKey } }),
  };
}

const pricesOf = (config: Config): Readonly<Record<string, Price>> =>
  Object.fromEntries(
    Object.entries(config.record<{ input: number; output: number }>("prices")).map(
      ([model, { input, output }]) => [
        model,
        { inputUsdPerMillion: input, outputUsdPerMillion: output },
      ],
    ),
  );

type VerifierSetting = Pick<VerifierParts, "containment" | "ids"> &
  Pick<Assembly, "dir" | "config"> & { readonly sandboxUrl: SandboxUrl };

const verifierOf = ({ dir, config, sandboxUrl, ...parts }: VerifierSetting): Verifier =>
  createVerifier({
    ...parts,
    fixtures: createDiskFixtures(dir),
    httpCheck: createLoopbackHttpCheck(),
    patterns: createThreadPatterns(),
    sandboxUrl,
    limits: {
      timeoutMs: config.number("verify.timeout_sec") * 1000,
      cpuSec: config.number("verify.cpu_sec"),
      memoryMiB: config.number("verify.mem_mb"),
    },
  });

const budgetOf = (config: Config, key: "budgets.run" | "budgets.card"): Budget => {
  const { tokens, cost_usd: costUsd, minutes, turns } = config.record<number>(key);
  return {
    tokensMax: tokens ?? null,
    costUsdMax: costUsd ?? null,
    minutesMax: minutes ?? null,
    turnsMax: turns ?? null,
  };
};

const pathRulesOf = (config: Config): readonly PathRule[] =>
  Object.entries(
    config.record<RiskVerdict | { readonly read?: RiskVerdict; readonly write?: RiskVerdict }>(
      "approvals.paths",
    ),
  ).map(([glob, value]) =>
    typeof value === "string"
      ? { glob, read: value, write: value }
      : { glob, read: value.read ?? null, write: value.write ?? null },
  );

const settingsOf = (config: Config, owner: string): EngineSettings => ({
  owner,
  concurrency: config.number("concurrency"),
  contextTurns: config.number("context_window"),
  model: config.text("model"),
  roleModels: config.record<string>("models"),
  riskPolicy: {
    byClass: config.record("approvals.classes") as RiskPolicy["byClass"],
    byTool: config.record("approvals.tools") as RiskPolicy["byTool"],
    byPath: pathRulesOf(config),
  },
  approvalMs: config.number("approvals.expires_hours") * 3_600_000,
  budgets: { run: budgetOf(config, "budgets.run"), card: budgetOf(config, "budgets.card") },
  limits: {
    ...DEFAULT_LIMITS,
    turnsPerCardMax: config.number("limits.turns_per_card"),
    turnsPerRunMax: config.number("limits.turns_per_run"),
    stepsMax: config.number("limits.steps_per_turn"),
    turnMs: config.number("limits.turn_minutes") * 60_000,
    toolMs: config.number("limits.tool_seconds") * 1000,
  },
});

const NODE_MAJOR_MIN = 24;

/** Each check says what was found and, where it is not well, what to do about it. */
export async function diagnoseMachine(
  opened: Result<Project & { readonly config: Config }>,
  env: Assembly["env"],
): Promise<readonly Check[]> {
  const path = env["PATH"] ?? "";
  const node = process.versions.node;
  const git = spawnSync("git", ["--version"], { encoding: "utf8", env: { PATH: path } });
  const machine = [
    Number(node.split(".")[0]) >= NODE_MAJOR_MIN
      ? well("node", node)
      : unwell("node", node, `Install Node ${NODE_MAJOR_MIN} or newer.`),
    git.status === 0
      ? well("git", git.stdout.trim())
      : unwell("git", "not found", "Install git and see that it is in PATH."),
  ];
  if (!opened.ok) {
    const { code, message, details } = opened.error;
    return [
      ...machine,
      unwellOf(CHECK_OF[code] ?? "project", message, problemLines(details["problems"])),
    ];
  }
  const { engine, stateDir, dir, config } = opened.value;
  const assets = await engine.assets.load();
  return [
    ...machine,
    well("state directory", stateDir),
    well("database", join(stateDir, "orket.db")),
    checkAssets(assets),
    await checkChain(engine),
    await checkModel(engine, assets.ok ? assets.value : null),
    await checkContainment(engine),
    await checkSandboxes(sandboxesOf(stateDir, env)),
    ...(await checkPosture({
      config,
      dir,
      stateDir,
      containment: engine.containment,
      isRoot: process.getuid?.() === 0,
    })),
  ];
}

/** Which check it is that a project does not open. */
const CHECK_OF: Readonly<Partial<Record<ErrorCode, string>>> = {
  CONFIG_INVALID: "settings",
  NODE_INVALID: "nodes",
  PROJECT_READ_ONLY: "state directory",
  STORE_NEWER: "database",
  STORE_CORRUPT: "database",
  STORE_FULL: "database",
  STORE_BUSY: "database",
  STORE_FAILED: "database",
};

const well = (name: string, found: string): Check => ({ name, ok: true, found, fix: null });
const unwell = (name: string, found: string, fix: string): Check => ({
  name,
  ok: false,
  found,
  fix,
});

/** A message is a fact and, after it, the way out. */
function unwellOf(name: string, message: string, problems: string): Check {
  const end = message.indexOf(". ");
  if (problems !== "" || end < 0) return unwell(name, message, problems);
  return unwell(name, message.slice(0, end + 1), message.slice(end + 2));
}

function checkAssets(assets: Awaited<ReturnType<Engine["assets"]["load"]>>): Check {
  if (!assets.ok)
    return unwell("assets", `${assets.error.length} problems`, problemLines(assets.error));
  const { epics, rocks, organizationSource } = assets.value;
  const counted = `${Object.keys(rocks).length} rocks, ${Object.keys(epics).length} epics`;
  return well("assets", `${counted}, organization: ${organizationSource}`);
}

async function checkChain({ store }: Engine): Promise<Check> {
  const chain = await store.verifyChain();
  return chain.valid
    ? well("event log", `${chain.count} events, chain valid`)
    : unwell(
        "event log",
        `event ${chain.seq}: ${chain.problem}`,
        "Restore the database from a backup.",
      );
}

type Problem = {
  readonly file?: string;
  readonly name?: string;
  readonly path?: string;
  readonly expected: string;
};

const problemLines = (problems: unknown): string =>
  (Array.isArray(problems) ? (problems as readonly Problem[]) : [])
    .map((one) => `${one.file ?? one.name ?? ""} ${one.path ?? ""}: ${one.expected}`.trim())
    .join("\n");

const DESCRIBE_MS_MAX = 3000;

async function checkModel(engine: Engine, assets: ProjectAssets | null): Promise<Check> {
  const environment = Object.values(assets?.environments ?? {})[0]?.model ?? null;
  const model =
    [engine.settings.model, environment, assets?.organization.process.defaultLlm].find(
      (name) => (name ?? "") !== "",
    ) ?? "";
  const facts = await engine.model.describe(model, AbortSignal.timeout(DESCRIBE_MS_MAX));
  if (!facts.ok) return unwell("model", model === "" ? "none set" : model, facts.error.message);
  return well("model", `${model}${facts.value.nativeTools ? "" : " (text dialect)"}`);
}

async function checkContainment(engine: Engine): Promise<Check> {
  const report = await engine.containment.probe();
  return report.available
    ? well("containment", `${report.backend}, memory by ${report.memory}; ${report.detail}`)
    : unwell("containment", report.reason, report.remedy);
}

const PROBE_MS_MAX = 10_000;

/** A project without sandboxes needs no container engine, so that its absence is told and is no problem. */
async function checkSandboxes(sandboxes: SandboxEngine): Promise<Check> {
  const probed = await sandboxes.probe(AbortSignal.timeout(PROBE_MS_MAX));
  if (!probed.ok) return well("sandboxes", `none. ${probed.error.message}`);
  const { engine, compose } = probed.value;
  return well("sandboxes", `Docker ${engine}, Compose ${compose}`);
}

/** Only what is not well, one after another, and one line for the rest. Containment has a line of its own already. */
async function checkPosture(scene: PostureScene): Promise<readonly Check[]> {
  const checks = await inspectPosture(scene);
  const findings = checks.filter(
    ({ name, verdict }) => verdict !== "ok" && (name !== "containment" || verdict === "refuse"),
  );
  const count = checks.filter(({ verdict }) => verdict === "ok").length;
  return [
    well("safety", `${count} of ${checks.length} checks are well`),
    ...findings.map(({ name, verdict, reason, remedy }): Check => {
      const check = { name: `safety: ${name}`, found: reason, fix: remedy };
      return verdict === "warn" ? { ...check, ok: true, isWarning: true } : { ...check, ok: false };
    }),
  ];
}

export async function schemaOf(kind: string): Promise<Result<unknown>> {
  const { ASSET_KINDS, jsonSchemaOf } = await import("./adapters/assets/schemas/kinds.ts");
  if (kind === "settings") return ok((await import("./config.ts")).settingsJsonSchema());
  const known = ASSET_KINDS.find((one) => one === kind);
  if (known !== undefined) return ok(jsonSchemaOf(known));
  return refuse(
    "USAGE",
    `There is no asset kind ${kind}. The kinds: ${[...ASSET_KINDS, "settings"].join(", ")}.`,
    { kind },
  );
}
