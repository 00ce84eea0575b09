// Every test suite of the repository: where it lies, by which command it runs, and why it is one of its own. `npm test` runs
// by this list, `npm run test:list` prints it, and its check fails for a test file that stands in none of them.

export type TestCommand = "npm test" | "npm run test:failure";

/** Those that test; each lies in `.gitea/workflows` under its name. */
export const WORKFLOWS = ["quality", "product_quality", "docker_smoke", "migration_smoke"] as const;
export type Workflow = (typeof WORKFLOWS)[number];

export type Suite = {
  readonly name: string;
  /** Where its tests run, from the root of the checkout. */
  readonly folder: string;
  /** Globs below the folder. */
  readonly files: readonly string[];
  /** What another suite of the same folder takes out of these. */
  readonly except?: readonly string[];
  readonly command: TestCommand;
  /** Runs the product in the process of the test, so that its coverage can be measured. */
  readonly isMeasured: boolean;
  /** The workflows in `.gitea/workflows` that promise to run it. */
  readonly workflows: readonly Workflow[];
  readonly why: string;
};

/** They start the product as a process of its own, or one whose remains would spoil the measurement. */
const UNIT_PROCESSES = ["src/adapters/workspace/{git,race}.test.ts"];
const FLOW_PROCESSES = ["test/e2e/{demo,openai-server}.test.ts"];

export const SUITES: readonly Suite[] = [
  {
    name: "unit",
    folder: ".",
    files: ["src/**/*.test.ts", "test/support/*.test.ts"],
    except: UNIT_PROCESSES,
    command: "npm test",
    isMeasured: true,
    workflows: ["quality"],
    why: "Each file beside its source, and the contract of each port against each of its adapters.",
  },
  {
    name: "flows",
    folder: ".",
    files: ["test/e2e/*.test.ts"],
    except: FLOW_PROCESSES,
    command: "npm test",
    isMeasured: true,
    workflows: ["quality"],
    why: "Whole runs on real files, databases, git, boxes and a Docker engine, with a scripted model.",
  },
  {
    name: "doors",
    folder: ".",
    files: ["test/http/*.test.ts", "test/webhook/*.test.ts"],
    command: "npm test",
    isMeasured: true,
    workflows: ["quality"],
    why: "Both listeners over real sockets, each route with each key.",
  },
  {
    name: "house",
    folder: ".",
    files: ["test/{architecture,docker-engine,bench-peers}.test.ts"],
    command: "npm test",
    isMeasured: true,
    workflows: ["quality"],
    why: "What may import what, and the tools of the tests themselves.",
  },
  {
    name: "processes",
    folder: ".",
    files: ["test/cli/*.test.ts", ...UNIT_PROCESSES, ...FLOW_PROCESSES],
    command: "npm test",
    isMeasured: false,
    workflows: ["quality"],
    why: "The command line as a person meets it; terminals, signals, exit codes.",
  },
  {
    name: "disasters",
    folder: ".",
    files: ["test/failure/*.test.ts"],
    command: "npm test",
    isMeasured: false,
    workflows: ["quality"],
    why: "Processes that are killed, disks that are full, models that are down.",
  },
  {
    name: "documents",
    folder: ".",
    files: ["test/{docs,package,release,runbook,suites,workflows}.test.ts"],
    command: "npm test",
    isMeasured: false,
    workflows: ["quality"],
    why: "What is written is true: pages, the runbook's blocks, the package, this list, the workflows, the release.",
  },
  {
    name: "container",
    folder: ".",
    files: ["test/container/*.test.ts"],
    command: "npm test",
    isMeasured: false,
    workflows: ["quality", "docker_smoke"],
    why: "The image, built and run on an engine of its own: its walls, its health, a restart on its volume.",
  },
  {
    name: "dashboard",
    folder: "web",
    files: ["src/**/*.test.ts", "../test/web/*.test.ts"],
    command: "npm test",
    isMeasured: false,
    workflows: ["quality"],
    why: "The page: its logic, and what a person does with it in Chromium before a real server.",
  },
  {
    name: "sneaky-price-watch",
    folder: "products/sneaky-price-watch",
    files: ["src/**/*.test.ts", "test/**/*.test.ts"],
    command: "npm test",
    isMeasured: false,
    workflows: ["quality", "product_quality"],
    why: "A product: prices read by Chromium and plain HTTP, robots, rates, alerts, and its page in a real browser.",
  },
  {
    name: "long disasters",
    folder: ".",
    files: ["test/failure/*.long.ts"],
    command: "npm run test:failure",
    isMeasured: false,
    workflows: ["quality"],
    why: "Those that take minutes: a hundred killed runs, frozen processes, power loss, simulated stories.",
  },
];
