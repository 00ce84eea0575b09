// The first thing a run does that reviews a pull request: it makes its build's workspace be the head under review. The run
// holds the build by then, so nobody works in it meanwhile.
import { EngineError } from "../../domain/errors.ts";
import type { Session } from "../session.ts";
import { write } from "../session.ts";
import type { RunTarget } from "../start-run.ts";

/** Done anew whenever the run goes on; it costs little where all is so already. */
export async function bringHead(session: Session, target: RunTarget): Promise<void> {
  const { pullRequest, engine, run } = session;
  const build = target.entries[0]?.build;
  if (pullRequest === null || build === undefined) return;
  const { sha, touched, repository, number } = pullRequest;
  await session.lease.check();
  const arrivals = await engine.workspaces.arrivals(build);
  const taken = await arrivals.take(
    { commit: sha, touched },
    {
      subject: `Head ${sha} of pull request ${repository}#${number}`,
      card: target.card,
      seat: "engine",
      turn: "",
      run: run.id,
    },
  );
  if (!taken.ok) {
    const { code, message, details } = taken.error;
    throw new EngineError(code, message, { details });
  }
  const { commit, digest } = taken.value;
  await write(session, async ({ runs, events }) => {
    const known = await runs.build(build);
    if (known === null || (known.workspaceDigest === digest && commit === null)) return;
    await runs.saveBuild({ ...known, workspaceDigest: digest });
    const data = { head: sha, commit, before: known.workspaceDigest, now: digest };
    await events.append([
      { type: "workspace-replaced", actor: "engine", run: run.id, build, data },
    ]);
  });
}
