// The project that is measured: one epic, or many, of issues without dependencies, and a model that answers at once.
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Model } from "../src/ports/model.ts";

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
  bottleneck_thresholds: { wip_limit_per_seat: 1000 },
};
const roleOf = (name: string): unknown => ({
  name,
  description: name,
  tools: ["update_issue_status"],
});

/** `epics` files of `issues` each; gives the folder. */
export async function makeBenchProject({
  epics,
  issues,
}: {
  epics: number;
  issues: number;
}): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "orket-bench-"));
  const put = async (path: string, value: unknown): Promise<void> => {
    await mkdir(join(dir, path, ".."), { recursive: true });
    await writeFile(join(dir, path), JSON.stringify(value));
  };
  await put("config/organization.json", ORGANIZATION);
  await put("model/core/teams/core.json", TEAM);
  await put("model/core/roles/coder.json", roleOf("coder"));
  await put("model/core/roles/integrity_guard.json", roleOf("integrity_guard"));
  await put("model/core/environments/local.json", { name: "local", model: "scripted:none.yaml" });
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

/** Moves each card to review in one reply; its turns cost the engine all that a turn costs, and the model nothing. */
export const NO_OP_MODEL: Model = {
  describe: async () => ({
    ok: true,
    value: {
      provider: "bench",
      name: "no-op",
      nativeTools: true,
      contextWindow: null,
      price: { inputUsdPerMillion: 0, outputUsdPerMillion: 0 },
    },
  }),
  reply: async () => ({
    kind: "reply",
    text: "",
    calls: [
      {
        id: "call",
        tool: "update_issue_status",
        args: { status: "blocked", wait_reason: "input" },
      },
    ],
    inputTokens: 10,
    outputTokens: 10,
    truncated: false,
  }),
};
