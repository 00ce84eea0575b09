// Reads what `docker compose ps --format json` prints: one array in some releases, one object per line in others.
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { ServiceHealth } from "../../ports/sandbox.ts";

const HEALTH_WORDS = ["healthy", "unhealthy", "starting"] as const;

export function readStatus(text: string): Result<readonly ServiceHealth[]> {
  try {
    const rows = rowsOf(text.trim()).map(readRow);
    return ok(rows.toSorted((left, right) => (left.service < right.service ? -1 : 1)));
  } catch {
    return refuse("SANDBOX_FAILED", "The status that docker compose printed cannot be read.");
  }
}

function rowsOf(text: string): readonly unknown[] {
  if (text === "") return [];
  if (text.startsWith("[")) return JSON.parse(text) as readonly unknown[];
  return text.split("\n").map((line) => JSON.parse(line) as unknown);
}

function readRow(row: unknown): ServiceHealth {
  const { Service, State, Health, ExitCode } = row as Readonly<Record<string, unknown>>;
  if (typeof Service !== "string" || typeof State !== "string") throw new Error("no service");
  return {
    service: Service,
    state: State,
    health: HEALTH_WORDS.find((word) => word === Health) ?? null,
    // A service that runs has none yet; the engine says 0.
    exitCode: State === "exited" && typeof ExitCode === "number" ? ExitCode : null,
  };
}

export const isWell = ({ state, health }: ServiceHealth): boolean =>
  state === "running" && health !== "unhealthy";
