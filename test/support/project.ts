// A project in a temporary folder, written as files as a person would write them, and the engine put together on it with
// real parts: SQLite on disk, git, the file system, the scripted provider.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { createAssetEdits } from "../../src/adapters/assets/asset-edits.ts";
import { createDiskAssets } from "../../src/adapters/assets/disk.ts";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { createUnavailableContainment } from "../../src/adapters/containment/unavailable.ts";
import { createUnavailableSandboxes } from "../../src/adapters/sandbox/unavailable.ts";
import { createRandomIds } from "../../src/adapters/ids/random.ts";
import { createBuildLogs } from "../../src/adapters/log/build-log.ts";
import { silentLog } from "../../src/adapters/log/silent.ts";
import { createModels } from "../../src/adapters/model/router.ts";
import { createProcesses } from "../../src/adapters/process/spawn.ts";
import { createSourceParserOnDemand } from "../../src/adapters/source/on-demand.ts";
import { createStateFiles } from "../../src/adapters/state-files/disk.ts";
import { openSqliteStore } from "../../src/adapters/store/sqlite.ts";
import { createDiskWorkspaces } from "../../src/adapters/workspace/open.ts";
import type { Engine } from "../../src/app/engine.ts";
import { executeRun } from "../../src/app/execute-run.ts";
import type { ExecuteRequest } from "../../src/app/execute-run.ts";
import { createDiskFixtures } from "../../src/adapters/fixtures/disk.ts";
import { createLoopbackHttpCheck } from "../../src/adapters/http-check/loopback.ts";
import { createThreadPatterns } from "../../src/adapters/pattern/thread.ts";
import type { SandboxUrl } from "../../src/app/verifier.ts";
import { createVerifier } from "../../src/app/verifier.ts";
import { refuse } from "../../src/domain/result.ts";
import type { EngineLimits, EngineSettings } from "../../src/app/settings.ts";
import { DEFAULT_LIMITS } from "../../src/app/settings.ts";
import type { RunRequest } from "../../src/app/start-run.ts";
import { startRun } from "../../src/app/start-run.ts";
import type { Event } from "../../src/domain/events.ts";
import { NO_BUDGET } from "../../src/domain/run.ts";
import { createRedactor } from "../../src/domain/redact.ts";
import { DEFAULT_RISK_POLICY } from "../../src/domain/governance.ts";
import type { Budget, Run } from "../../src/domain/run.ts";
import { evaluate } from "../../src/nodes/evaluate.ts";
import { gate } from "../../src/nodes/gate.ts";
import { plan } from "../../src/nodes/plan.ts";
import { route } from "../../src/nodes/route.ts";
import { selectModel } from "../../src/nodes/select-model.ts";

const FILE_TOOLS = [
  "read_file",
  "list_directory",
  "search_files",
  "write_file",
  "edit_file",
  "delete_file",
];
const CARD_TOOLS = [
  "get_issue_context",
  "create_issue",
  "update_issue_status",
  "add_issue_comment",
  "ask_human",
  "request_excuse",
];

/** Team `core`: architect, coder, tester and guard. The coder also lists a tool of every class. */
const BASIC: Readonly<Record<string, unknown>> = {
  "model/core/teams/core.yaml": {
    name: "core",
    description: "The team of the tests",
    seats: {
      architect: { name: "Architect", roles: ["lead_architect"] },
      coder: { name: "Coder", roles: ["coder"] },
      tester: { name: "Tester", roles: ["tester"] },
      guard: { name: "Guard", roles: ["integrity_guard"] },
    },
  },
  "model/core/roles/lead_architect.yaml": {
    name: "lead_architect",
    description: "Designs.",
    tools: [...FILE_TOOLS, ...CARD_TOOLS],
  },
  "model/core/roles/coder.yaml": {
    name: "coder",
    description: "Writes code.",
    tools: [
      ...FILE_TOOLS,
      ...CARD_TOOLS,
      "run_command",
      "reset_issue",
      "promote_prompt",
      "report_credits",
      "nominate_card",
    ],
  },
  "model/core/roles/tester.yaml": {
    name: "tester",
    description: "Only reads.",
    tools: ["read_file", "add_issue_comment", "update_issue_status"],
  },
  "model/core/roles/integrity_guard.yaml": {
    name: "integrity_guard",
    description: "Reviews.",
    tools: ["read_file", "update_issue_status"],
  },
  "model/core/environments/local.yaml": { name: "local", model: "scripted:script.yaml" },
};

export type TestIssue = {
  readonly id: string;
  readonly seat?: string;
  readonly depends_on?: readonly string[];
  readonly [key: string]: unknown;
};

export const epicFile = (
  issues: readonly TestIssue[],
  more: Readonly<Record<string, unknown>> = {},
): unknown => ({
  name: "The epic of the test",
  team: "core",
  environment: "local",
  issues: issues.map((issue) => ({ summary: `Work on ${issue.id}`, seat: "coder", ...issue })),
  ...more,
});

export type TestProject = { readonly dir: string; readonly remove: () => Promise<void> };

/** `files`: path → text, or a value written as YAML. null leaves one of the basic files out. `place`: a folder to use. */
export async function makeProject(
  files: Readonly<Record<string, unknown>>,
  place?: string,
): Promise<TestProject> {
  const dir = place ?? (await mkdtemp(join(tmpdir(), "orket-test-")));
  for (const [path, content] of Object.entries({ ...BASIC, ...files })) {
    if (content === null) continue;
    await mkdir(join(dir, dirname(path)), { recursive: true });
    await writeFile(join(dir, path), typeof content === "string" ? content : stringify(content));
  }
  return { dir, remove: async () => rm(dir, { recursive: true, force: true }) };
}

export type EngineOptions = {
  readonly limits?: Partial<EngineLimits>;
  readonly settings?: Partial<EngineSettings>;
  readonly replace?: Partial<Engine>;
  readonly sandboxUrl?: SandboxUrl;
  readonly secrets?: readonly string[];
};

export type TestEngine = {
  readonly engine: Engine;
  readonly events: Event[];
  readonly run: (
    request: Partial<RunRequest> & { readonly card: string },
    signal?: AbortSignal,
  ) => Promise<Run>;
  readonly resume: (run: string, budget?: Budget) => Promise<Run>;
  readonly close: () => Promise<void>;
};

export async function openTestEngine(
  dir: string,
  options: EngineOptions = {},
): Promise<TestEngine> {
  const clock = createSystemClock();
  const ids = createRandomIds({ clock });
  const redact = createRedactor({ values: options.secrets ?? [] });
  const stateDir = join(dir, ".orket");
  await mkdir(stateDir, { recursive: true });
  const store = await openSqliteStore({ path: join(stateDir, "orket.db"), clock, redact });
  const events: Event[] = [];
  const engine: Engine = {
    store,
    clock,
    // No jitter: a failed card is tried again at once.
    ids: { ...ids, random: () => 0 },
    workspaces: createDiskWorkspaces({
      stateDir,
      processes: createProcesses(),
      clock,
      searchPath: process.env["PATH"] ?? "",
    }),
    assets: createDiskAssets({ projectDir: dir, env: {} }),
    assetEdits: createAssetEdits({ projectDir: dir, stateDir, env: {} }),
    model: createModels({ projectDir: dir, clock, providers: {}, prices: {} }),
    containment: createUnavailableContainment(),
    verifier: createVerifier({
      containment: options.replace?.containment ?? createUnavailableContainment(),
      fixtures: createDiskFixtures(dir),
      httpCheck: createLoopbackHttpCheck(),
      patterns: createThreadPatterns(),
      sandboxUrl: options.sandboxUrl ?? (async () => refuse("SANDBOX_UNKNOWN", "No sandbox runs.")),
      ids,
      limits: { timeoutMs: 5000, cpuSec: 2, memoryMiB: 256 },
    }),
    sandbox: createUnavailableSandboxes(),
    source: createSourceParserOnDemand(),
    stateFiles: createStateFiles({ stateDir, projectDir: dir, redact }),
    nodes: {
      nodes: { plan, route, selectModel, gate, evaluate },
      names: {
        plan: "built-in",
        route: "built-in",
        selectModel: "built-in",
        gate: "built-in",
        evaluate: "built-in",
      },
      shadows: {},
    },
    log: silentLog,
    redact,
    buildLogs: createBuildLogs(stateDir),
    settings: {
      concurrency: 3,
      contextTurns: 10,
      model: null,
      roleModels: {},
      riskPolicy: DEFAULT_RISK_POLICY,
      approvalMs: 24 * 3_600_000,
      budgets: { run: NO_BUDGET, card: NO_BUDGET },
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      owner: `test:${process.pid}`,
      ...options.settings,
    },
    watcher: { onEvents: (list) => events.push(...list), onText: () => {} },
    ...options.replace,
  };
  const execute = async (
    request: Omit<ExecuteRequest, "isOwnerGone">,
    signal = new AbortController().signal,
  ): Promise<Run> => {
    const done = await executeRun(engine, { ...request, isOwnerGone: () => true }, signal);
    if (!done.ok) throw new Error(`${done.error.code}: ${done.error.message}`);
    return done.value;
  };
  return {
    engine,
    events,
    run: async (request, signal) => {
      const fresh = {
        build: null,
        department: null,
        restart: false,
        model: null,
        budget: NO_BUDGET,
        ...request,
      };
      const started = await startRun(engine, fresh);
      if (!started.ok)
        throw new Error(
          `${started.error.code}: ${started.error.message} ${JSON.stringify(started.error.details)}`,
        );
      return execute({ run: started.value.id, resume: false }, signal);
    },
    resume: async (run, budget = NO_BUDGET) => execute({ run, resume: true, budget }),
    close: async () => store.close(),
  };
}

/** Common replies of a script. */
export const say = (text: string): unknown => ({ text });
export const call = (tool: string, args: unknown): unknown => ({ calls: [{ tool, args }] });
export const write = (path: string, content: string): unknown =>
  call("write_file", { path, content });
export const approve = call("update_issue_status", { status: "done" });
export const reject = (reason: string): unknown =>
  call("update_issue_status", { status: "in_progress", reason });

/** A script in which the coder writes one file per card and the guard accepts everything. */
export const simpleScript = (ids: readonly string[]): unknown => ({
  version: 1,
  cards: Object.fromEntries(
    ids.map((id) => [
      id,
      {
        coder: [write(`src/engines/${id}_engine.ts`, "export const one = 1;\n"), say("Done.")],
        guard: [approve],
      },
    ]),
  ),
});

export const script = (cards: unknown): string => stringify({ version: 1, cards });
