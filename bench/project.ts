// The project that is measured: one epic, or many, of issues without dependencies, and a scripted model that
// answers every turn with the same call.
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TEAM = {
  name: "core",
  description: "The team of the bench",
  seats: {
    coder: { name: "Coder", roles: ["coder"] },
    guard: { name: "Guard", roles: ["integrity_guard"] },
  },
};
/** One seat does all the work, so its limit must not be what is measured. */
const ORGANIZATION = {
  name: "Bench",
  vision: "Measure.",
  ethos: "Measure.",
  bottleneck_thresholds: { wip_limit_per_seat: 3 },
};
/** Each card waits for a person after one reply: its turn costs the engine all that a turn costs, the model nothing. */
const SCRIPT = {
  version: 1,
  match: [
    {
      when: {},
      reply: {
        calls: [{ tool: "update_issue_status", args: { status: "blocked", wait_reason: "input" } }],
        usage: { input: 10, output: 10 },
      },
    },
  ],
};
const roleOf = (name: string, tools: readonly string[]): unknown => ({
  name,
  description: name,
  tools: ["update_issue_status", ...tools],
});

/** `epics` files of `issues` each, and more tools for the one seat that works; gives the folder. */
export async function makeBenchProject({
  epics,
  issues,
  tools = [],
}: {
  epics: number;
  issues: number;
  tools?: readonly string[];
}): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "orket-bench-"));
  const put = async (path: string, value: unknown): Promise<void> => {
    await mkdir(join(dir, path, ".."), { recursive: true });
    await writeFile(join(dir, path), JSON.stringify(value));
  };
  await put("no-op.json", SCRIPT);
  await put("config/organization.json", ORGANIZATION);
  await put("model/core/teams/core.json", TEAM);
  await put("model/core/roles/coder.json", roleOf("coder", tools));
  await put("model/core/roles/integrity_guard.json", roleOf("integrity_guard", []));
  await put("model/core/environments/local.json", { name: "local", model: "scripted:no-op.json" });
  for (let number = 0; number < epics; number += 1) {
    const cards = Array.from({ length: issues }, (_, place) => ({
      id: `c${number}-${place}`,
      summary: `Card ${place}`,
      seat: "coder",
    }));
    await put(`model/core/epics/epic-${number}.json`, {
      name: `Epic ${number}`,
      team: "core",
      environment: "local",
      issues: cards,
    });
  }
  return dir;
}
