// The project that simulations run: small epics of every shape, read once from real files by the real reader.
import { createDiskAssets } from "../../../src/adapters/assets/disk.ts";
import type { ProjectAssets } from "../../../src/domain/assets.ts";
import { makeProject } from "../project.ts";

const TOOLS = [
  "read_file",
  "write_file",
  "edit_file",
  "delete_file",
  "create_issue",
  "update_issue_status",
  "add_issue_comment",
  "ask_human",
];

const epic = (issues: readonly { id: string; seat: string; depends_on?: readonly string[] }[]) => ({
  name: "An epic of the simulation",
  team: "trio",
  environment: "simulated",
  architecture_governance: { idesign: false },
  issues: issues.map((issue) => ({ summary: `Work on ${issue.id}`, max_retries: 2, ...issue })),
});

/** Ada and Bob write and review each other; Cleo only reviews, so that there is always somebody left who may. */
const FILES: Readonly<Record<string, unknown>> = {
  "model/core/teams/trio.yaml": {
    name: "trio",
    description: "The team of the simulation",
    seats: {
      ada: { name: "Ada", roles: ["coder", "integrity_guard"] },
      bob: { name: "Bob", roles: ["coder", "integrity_guard"] },
      cleo: { name: "Cleo", roles: ["integrity_guard"] },
    },
  },
  "model/core/roles/coder.yaml": { name: "coder", description: "Writes.", tools: TOOLS },
  "model/core/roles/integrity_guard.yaml": {
    name: "integrity_guard",
    description: "Reviews.",
    tools: ["read_file", "update_issue_status"],
  },
  "model/core/environments/simulated.yaml": {
    name: "simulated",
    model: "simulated:simulated",
    timeout: 60,
  },
  "model/core/epics/single.yaml": epic([{ id: "S1", seat: "ada" }]),
  "model/core/epics/pair.yaml": epic([
    { id: "P1", seat: "ada" },
    { id: "P2", seat: "bob" },
  ]),
  "model/core/epics/chain.yaml": epic([
    { id: "C1", seat: "ada" },
    { id: "C2", seat: "bob", depends_on: ["C1"] },
    { id: "C3", seat: "ada", depends_on: ["C1"] },
  ]),
  "model/core/rocks/both.yaml": {
    name: "Both",
    epics: [
      { epic: "single", department: "core" },
      { epic: "pair", department: "core" },
    ],
  },
};

/** What a run can be asked for. */
export const TARGETS = ["single", "pair", "pair", "chain", "both", "P1"] as const;

export async function loadSimulatedAssets(): Promise<ProjectAssets> {
  const project = await makeProject(FILES);
  try {
    const loaded = await createDiskAssets({ projectDir: project.dir, env: {} }).load();
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    return loaded.value;
  } finally {
    await project.remove();
  }
}
