// The workflows in `.gitea/workflows`, held against the list of suites and against what Gitea's Actions do with them: a key that
// a server ignores is a promise that nobody keeps, so that it is a fault here.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseDocument } from "yaml";
import { z } from "zod";
import type { Suite, Workflow } from "../test/suites.ts";
import { WORKFLOWS } from "../test/suites.ts";
import { isSelected, readSelection } from "./select-suites.ts";

const FOLDER = ".gitea/workflows";
/** Whose jobs do something outside, so that a variable has to ask for them. */
const ON_REQUEST: readonly string[] = ["publish", "cleanup"];
const NAMES: readonly string[] = [...WORKFLOWS, ...ON_REQUEST];
/** Newer ones of these fail on this forge. */
const USABLE: readonly string[] = ["actions/checkout@v4", "actions/upload-artifact@v3"];
const DEPTH_MAX = 8;
/** One program with plain words: whatever else a job does is a script of package.json, which runs by hand too. */
const COMMAND = /^npm (?:ci|test|run [a-z:-]+)(?: -- [a-z0-9 =-]+)?$/;

// Strict all through: `permissions`, `concurrency`, `timeout-minutes`, `continue-on-error` and `environment` are ignored by
// servers up to 1.25, and a `strategy` or a `container` of a job would need a look of its own.
const textMap = z.record(z.string(), z.string());
const stepSchema = z.strictObject({
  name: z.string().optional(),
  uses: z.string().optional(),
  with: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  run: z.string().optional(),
});
const jobSchema = z.strictObject({
  if: z.string().optional(),
  "runs-on": z.string().regex(/^[a-z0-9-]+$/),
  env: textMap.optional(),
  steps: z.array(stepSchema).min(1),
});
const branches = z.strictObject({ branches: z.array(z.string()) });
const eventsSchema = z.strictObject({
  push: branches.optional(),
  pull_request: z.null().optional(),
  schedule: z.array(z.strictObject({ cron: z.string() })).optional(),
  workflow_dispatch: z.null().optional(),
});
const workflowSchema = z.strictObject({
  name: z.string(),
  on: eventsSchema,
  jobs: z.record(z.string().regex(/^[a-z_]+$/), jobSchema),
});
type WorkflowFile = z.infer<typeof workflowSchema>;
type Job = z.infer<typeof jobSchema>;

type Scripts = Readonly<Record<string, string>>;

/** Every fault of the workflows below the root, one a line; none when they keep what the list of suites promises. */
export function findWorkflowFaults(root: string, suites: readonly Suite[]): readonly string[] {
  const folder = join(root, FOLDER);
  const files = existsSync(folder) ? readdirSync(folder).toSorted() : [];
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly scripts: Scripts;
  };
  const faults: string[] = [];
  const commands = new Map<string, readonly string[]>();
  for (const file of files) {
    const read = readWorkflow(join(folder, file));
    faults.push(...read.faults.map((fault) => `${FOLDER}/${file}: ${fault}`));
    if (read.workflow === null) continue;
    const found = faultsOf(basename(file, ".yaml"), read.workflow, scripts);
    faults.push(...found.map((fault) => `${FOLDER}/${file}: ${fault}`));
    commands.set(basename(file, ".yaml"), commandsOf(read.workflow));
  }
  for (const name of NAMES)
    if (!files.includes(`${name}.yaml`)) faults.push(`${FOLDER}/${name}.yaml is missing.`);
  return [...faults, ...brokenPromises(suites, commands, scripts)];
}

function readWorkflow(path: string): {
  readonly workflow: WorkflowFile | null;
  readonly faults: readonly string[];
} {
  if (!path.endsWith(".yaml")) return { workflow: null, faults: ["it is no .yaml file."] };
  const document = parseDocument(readFileSync(path, "utf8"), { uniqueKeys: true });
  if (document.errors.length > 0)
    return { workflow: null, faults: document.errors.map(({ message }) => message) };
  const parsed = workflowSchema.safeParse(document.toJS());
  if (parsed.success) return { workflow: parsed.data, faults: [] };
  const faults = parsed.error.issues.map(({ path: at, message }) => `${at.join(".")}: ${message}`);
  return { workflow: null, faults };
}

function faultsOf(name: string, workflow: WorkflowFile, scripts: Scripts): readonly string[] {
  const faults: string[] = [];
  const fault = (isFault: boolean, words: string): void => void (isFault && faults.push(words));
  const { on, jobs } = workflow;
  fault(!NAMES.includes(name), "nobody knows a workflow of that name.");
  fault(workflow.name !== name, `its name is ${workflow.name}, not that of its file.`);
  const isOnRequest = ON_REQUEST.includes(name);
  if (!isOnRequest) {
    fault(on.pull_request === undefined, "it does not run for pull requests.");
    fault(on.push?.branches.includes("main") !== true, "it does not run for main.");
  }
  fault(isOnRequest && on.pull_request !== undefined, "a pull request must not start it.");
  fault(Object.keys(jobs).join() !== name, "it has one job, of its own name.");
  for (const job of Object.values(jobs)) faults.push(...faultsOfJob(job, isOnRequest, scripts));
  return faults;
}

const ASKED_FOR = /^\$\{\{ vars\.[A-Z_]+ == 'yes' \}\}$/;

function faultsOfJob(job: Job, isOnRequest: boolean, scripts: Scripts): readonly string[] {
  const faults: string[] = [];
  const fault = (isFault: boolean, words: string): void => void (isFault && faults.push(words));
  const [checkout, install, ...rest] = job.steps;
  fault(checkout?.uses !== "actions/checkout@v4", "its first step is not the checkout.");
  fault(install?.run !== "npm ci", "its second step is not npm ci.");
  fault(
    rest.every(({ run }) => run === undefined),
    "it runs nothing.",
  );
  fault(isOnRequest && !ASKED_FOR.test(job.if ?? ""), "no variable has to ask for it.");
  fault(
    !isOnRequest && job.if !== undefined,
    "a condition can leave it out, and it would be green.",
  );
  fault(job.env?.["CI"] !== "true", "CI is not set, so that a skipped test would be green.");
  const secrets = Object.values(job.env ?? {}).some((value) => value.includes("secrets."));
  fault(secrets && !isOnRequest, "it is given a secret, and anybody's pull request would be too.");
  for (const { run, uses, with: given } of job.steps) {
    fault((run === undefined) === (uses === undefined), "a step neither runs nor uses, or both.");
    fault(uses !== undefined && !USABLE.includes(uses), `${uses} does not work here.`);
    fault(run !== undefined && given !== undefined, `${run} cannot have \`with\`.`);
    if (run === undefined) continue;
    fault(!COMMAND.test(run), `\`${run}\` is not npm and one script.`);
    const script = scriptOf(run);
    fault(script !== null && scripts[script] === undefined, `there is no script ${script}.`);
  }
  return faults;
}

const commandsOf = ({ jobs }: WorkflowFile): readonly string[] =>
  Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));

const scriptOf = (command: string): string | null =>
  /^npm run (\S+)/.exec(command)?.[1] ?? (/^npm test(?: |$)/.test(command) ? "test" : null);

/** A suite that names a workflow is run by one of its commands. */
function brokenPromises(
  suites: readonly Suite[],
  commands: ReadonlyMap<string, readonly string[]>,
  scripts: Scripts,
): readonly string[] {
  const broken = (suite: Suite): readonly string[] => {
    const missing = suite.workflows.filter(
      (name: Workflow) =>
        !(commands.get(name) ?? []).some((command) => runsSuite({ command, suite, scripts }, 0)),
    );
    const lines = missing.map(
      (name) => `The suite ${suite.name} is promised by ${name}, which does not run it.`,
    );
    return suite.workflows.length === 0
      ? [...lines, `No workflow runs the suite ${suite.name}.`]
      : lines;
  };
  return suites.flatMap(broken);
}

type Running = { readonly command: string; readonly suite: Suite; readonly scripts: Scripts };

/** Follows scripts into what they run, with the arguments that they hand on. */
function runsSuite({ command, suite, scripts }: Running, depth: number): boolean {
  if (depth > DEPTH_MAX) return false;
  return command.split("&&").some((part) => {
    const one = part.trim();
    const runner = /^node scripts\/test\.ts(.*)$/.exec(one)?.[1];
    if (runner !== undefined) return isSelected(readSelection(wordsOf(runner)))(suite);
    const script = scriptOf(one);
    const text = script === null ? undefined : scripts[script];
    if (text === undefined) return false;
    const more = one.split(" -- ")[1] ?? "";
    return runsSuite({ command: `${text} ${more}`.trim(), suite, scripts }, depth + 1);
  });
}

const wordsOf = (text: string): readonly string[] =>
  [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
