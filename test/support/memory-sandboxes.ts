// A sandbox engine in memory: passes the contract of the port, and can be told to fail, hang, lose a port or forget.
import type { Result } from "../../src/domain/result.ts";
import { ok, refuse } from "../../src/domain/result.ts";
import type { SandboxDeployment, SandboxEngine, ServiceHealth } from "../../src/ports/sandbox.ts";

export type MemorySandboxes = SandboxEngine & {
  /** What it has now; a test may remove or add behind the product's back. */
  readonly there: Map<string, SandboxDeployment>;
  readonly calls: string[];
  /** Ports that other programs hold. */
  readonly taken: Set<number>;
  /** What the next calls do; a test sets them. */
  readonly plan: {
    engineIsGone: boolean;
    /** One answer for each coming `up`, then all go well. */
    ups: ("well" | "fails" | "hangs" | "port-taken" | "throws")[];
    downFails: boolean;
    /** Breaks the contract: a failure tells the secrets. */
    leaks: boolean;
    health: ServiceHealth[] | null;
  };
};

const GONE = "No container engine answers. Start Docker with Compose v2.";

export function createMemorySandboxes(): MemorySandboxes {
  const there = new Map<string, SandboxDeployment>();
  const calls: string[] = [];
  const plan: MemorySandboxes["plan"] = {
    engineIsGone: false,
    ups: [],
    downFails: false,
    leaks: false,
    health: null,
  };
  const answer = async <Value>(name: string, work: () => Result<Value>): Promise<Result<Value>> => {
    calls.push(name);
    return plan.engineIsGone ? refuse("ENGINE_UNAVAILABLE", GONE) : work();
  };
  const taken = new Set<number>();
  return {
    there,
    calls,
    taken,
    plan,
    probe: async () => answer("probe", () => ok({ engine: "memory", compose: "2" })),
    up: async (deployment, signal) => {
      const { id, secrets } = deployment;
      calls.push(`up ${id}`);
      if (plan.engineIsGone) return refuse("ENGINE_UNAVAILABLE", GONE);
      there.set(id, deployment);
      switch (plan.ups.shift() ?? "well") {
        case "well":
          return ok(null);
        case "fails":
          return refuse(
            "SANDBOX_FAILED",
            plan.leaks
              ? `api exited with 1: ${Object.values(secrets).join(" ")}`
              : "api exited with 1",
          );
        case "port-taken":
          return refuse("PORT_TAKEN", "port is already allocated");
        case "throws":
          throw new TypeError("a bug");
        case "hangs":
          if (!signal.aborted)
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
          calls.push(`aborted ${id}`);
          return refuse("SANDBOX_FAILED", "It was stopped.");
      }
    },
    down: async (id) =>
      answer(`down ${id}`, () => {
        if (plan.downFails) return refuse("SANDBOX_FAILED", "a volume is in use");
        there.delete(id);
        return ok(null);
      }),
    health: async (id) =>
      answer(`health ${id}`, () =>
        ok(there.has(id) ? (plan.health ?? allWell(there.get(id))) : []),
      ),
    logs: async ({ id, service, lines }) =>
      answer(`logs ${id}`, () => ok(`${service ?? "all"} ${lines}\n`)),
    list: async () => answer("list", () => ok([...there.keys()])),
    isPortFree: async (port) => !taken.has(port),
  };
}

const allWell = (deployment: SandboxDeployment | undefined): ServiceHealth[] =>
  Object.keys((JSON.parse(deployment?.compose ?? "{}") as { services: object }).services).map(
    (service) => ({ service, state: "running", health: null, exitCode: null }),
  );
