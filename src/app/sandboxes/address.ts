// Where the sandbox of a build answers, for the scenarios of a verification. It only looks; nothing is brought up here.
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import { sandboxIdOf } from "../../domain/sandbox-id.ts";
import type { Engine } from "../engine.ts";
import { touchSandbox } from "./health.ts";

export type AddressDeps = Pick<Engine, "store" | "ids" | "clock" | "workspaces">;

/** Refused also for a sandbox of older sources: what it answers says nothing about the work as it is now. */
export async function sandboxUrlOf(deps: AddressDeps, build: string): Promise<Result<string>> {
  const { store, ids, workspaces } = deps;
  const id = sandboxIdOf({ kind: "build", build }, ids.digest);
  const sandbox = await store.read(async ({ sandboxes }) => sandboxes.get(id));
  const wayOut = `Bring it up with: orket sandboxes up ${build}`;
  if (sandbox === null || sandbox.state === "deleted")
    return refuse("SANDBOX_UNKNOWN", `The build ${build} has no sandbox. ${wayOut}`, { build });
  const details = { sandbox: id, state: sandbox.state };
  if (sandbox.state !== "running") {
    const reason = sandbox.reason === null ? "" : ` (${sandbox.reason.split("\n")[0]})`;
    const message = `The sandbox ${id} is ${sandbox.state}${reason}. ${wayOut}`;
    return refuse("SANDBOX_STATE", message, details);
  }
  const digest = sandbox.sources === null ? null : await (await workspaces.open(build)).digest();
  if (digest !== sandbox.sources)
    return refuse("SANDBOX_STATE", `The sandbox ${id} shows older work. ${wayOut}`, details);
  const url = sandbox.urls["api"] ?? sandbox.urls["frontend"];
  if (url === undefined)
    return refuse("SANDBOX_STATE", `The sandbox ${id} has no port for HTTP.`, details);
  await touchSandbox(deps, id);
  return ok(url);
}
