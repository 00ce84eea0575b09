// Removes whatever the engine holds of a project, found by the label that compose puts on all of it. Needs no compose file,
// so that a project whose folder is lost goes the same way.
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Docker } from "./docker-command.ts";

export const PROJECT_LABEL = "com.docker.compose.project";
/** What was just being made when its maker was ended appears a moment later. */
const ROUNDS_MAX = 5;
const STOP_SECONDS = "1";

type Kind = { readonly list: readonly string[]; readonly remove: readonly string[] };

const KINDS: readonly Kind[] = [
  { list: ["ps", "-aq", "--no-trunc"], remove: ["rm", "--force", "--volumes"] },
  { list: ["network", "ls", "-q", "--no-trunc"], remove: ["network", "rm"] },
  { list: ["volume", "ls", "-q"], remove: ["volume", "rm", "--force"] },
  { list: ["images", "-aq", "--no-trunc"], remove: ["rmi", "--force"] },
];

export async function takeDown(
  docker: Docker,
  project: string,
  signal: AbortSignal,
): Promise<Result<null>> {
  let problem = "";
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    let found = 0;
    for (const kind of KINDS) {
      const listed = await idsOf(docker, { args: kind.list, project, signal });
      if (!listed.ok) return listed;
      const ids = listed.value;
      if (ids.length === 0) continue;
      found += ids.length;
      // Asked to end before it is made to.
      if (kind.list[0] === "ps")
        await docker.run({ args: ["stop", "-t", STOP_SECONDS, ...ids], signal });
      const removed = await docker.run({ args: [...kind.remove, ...ids], signal });
      if (removed.ended === "aborted") return refuse("SANDBOX_FAILED", "The work was stopped.");
      problem = removed.stderr.trim().slice(-1000) || problem;
    }
    if (found === 0) return ok(null);
  }
  return refuse("SANDBOX_FAILED", `Not all of the sandbox could be removed: ${problem}`);
}

type Listing = {
  readonly args: readonly string[];
  readonly project: string;
  readonly signal: AbortSignal;
};

async function idsOf(
  docker: Docker,
  { args, project, signal }: Listing,
): Promise<Result<readonly string[]>> {
  const filter = ["--filter", `label=${PROJECT_LABEL}=${project}`];
  const listed = await docker.ask({ args: [...args, ...filter], signal });
  if (!listed.ok) return listed;
  return ok([...new Set(listed.value.split("\n").filter(Boolean))]);
}
