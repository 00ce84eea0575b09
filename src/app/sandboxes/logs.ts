// What the services of a sandbox printed last.
import type { Result } from "../../domain/result.ts";
import { refuse } from "../../domain/result.ts";
import type { HealthDeps } from "./health.ts";
import { touchSandbox } from "./health.ts";
import { findSandbox } from "./registry.ts";
import { timeBoxed } from "./time-box.ts";

const LINES_MAX = 100;
const READ_MS_MAX = 10_000;

export type LogsRequest = {
  readonly id: string;
  /** null for all. */
  readonly service: string | null;
};

export async function sandboxLogs(
  deps: HealthDeps,
  { id, service }: LogsRequest,
  signal: AbortSignal,
): Promise<Result<string>> {
  const found = await findSandbox(deps, id);
  if (!found.ok) return found;
  const { services } = found.value;
  // Never handed to the engine: whoever asks must not choose its arguments.
  if (service !== null && !services.includes(service))
    return refuse(
      "SERVICE_UNKNOWN",
      `The sandbox ${id} has no such service. It has: ${services.join(", ")}`,
      { sandbox: id, services },
    );
  const box = { ms: READ_MS_MAX, signal };
  const asked = { id, service, lines: LINES_MAX };
  const logs = await timeBoxed(deps.clock, box, async (ends) => deps.sandbox.logs(asked, ends));
  if (logs.ok) await touchSandbox(deps, id);
  return logs;
}
