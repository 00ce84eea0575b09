// Deployments that a run asks for, beside its turns: one at a time for a build, without a slot, ended with the run. What
// becomes of one is an event that its card shows; it never ends the run.
import type { Card } from "../../domain/card.ts";
import { isJsonObject } from "../../domain/json.ts";
import { cardEvent } from "../apply-move.ts";
import type { Lane, Session } from "../session.ts";
import { write } from "../session.ts";
import { sandboxUrlOf } from "./address.ts";
import { deploySandbox } from "./deploy.ts";

type Subject = Pick<Card, "build" | "id">;

export type SandboxJobs = {
  /** By build. */
  readonly working: ReadonlyMap<string, Promise<void>>;
  /** True when the card waits for a deployment that goes on now; it is held until then. */
  readonly waitsFor: (lane: Lane, card: Card) => Promise<boolean>;
  /** Deploys what an epic's work made, once in this run. */
  readonly afterEpic: (lane: Lane) => void;
  /** Ends what still goes on, and takes it back. */
  readonly stop: () => Promise<void>;
};

export function createSandboxJobs(session: Session): SandboxJobs {
  const working = new Map<string, Promise<void>>();
  /** The work of these builds was tried, by its digest; a failure is not tried again with the same. */
  const tried = new Map<string, string>();
  const finished = new Set<string>();
  const over = new AbortController();
  const isAuto = session.assets.organization.sandbox?.auto === true;

  const start = (lane: Lane, subject: Subject): Promise<void> => {
    const known = working.get(lane.build);
    if (known !== undefined) return known;
    const job = deploy(session, subject, over.signal).finally(() => working.delete(lane.build));
    working.set(lane.build, job);
    return job;
  };

  return {
    working,
    waitsFor: async (lane, card) => {
      if (!isAuto || !(await hasHttpScenario(session, card))) return false;
      if (!working.has(lane.build)) {
        const url = await sandboxUrlOf(session.engine, lane.build);
        const digest = await lane.workspace.digest();
        // What lacks then is told where the verification looks.
        if (url.ok || tried.get(lane.build) === digest) return false;
        tried.set(lane.build, digest);
      }
      lane.backlog.hold(card.id);
      void start(lane, card).then(() => lane.backlog.free(card.id));
      return true;
    },
    afterEpic: (lane) => {
      if (!isAuto || finished.has(lane.build)) return;
      finished.add(lane.build);
      void start(lane, { build: lane.build, id: lane.epic.id });
    },
    stop: async () => {
      over.abort();
      await Promise.all(working.values());
    },
  };
}

async function hasHttpScenario({ engine }: Session, { build, id }: Card): Promise<boolean> {
  const brief = await engine.store.read(async ({ cards }) => cards.brief(build, id));
  const scenarios = brief?.verification?.scenarios ?? [];
  return scenarios.some(
    ({ inputData }) => isJsonObject(inputData) && inputData["endpoint"] !== undefined,
  );
}

/** Never throws: a deployment is not what the run is for. */
async function deploy(session: Session, subject: Subject, over: AbortSignal): Promise<void> {
  const { engine, assets, run, signal, pause, isOwnerGone } = session;
  const { organization } = assets;
  const ends = AbortSignal.any([signal, pause, over]);
  const { build } = subject;
  try {
    const asked = { build, stack: null, organization, actor: "engine", isOwnerGone };
    const up = await deploySandbox(engine, asked, ends);
    if (up.ok || ends.aborted) return;
    await tell(session, subject, `${up.error.code}: ${up.error.message}`);
  } catch (error) {
    engine.log.error({ run: run.id, build, error: String(error) }, "a sandbox was not deployed");
    if (ends.aborted) return;
    await tell(session, subject, `INTERNAL: ${String(error)}`).catch((failure: unknown) =>
      engine.log.error({ run: run.id, error: String(failure) }, "and that could not be told"),
    );
  }
}

const DETAIL_CHARACTERS_MAX = 2000;

/** On the card and the board. It carries no run: a repetition of the run deploys nothing. */
async function tell(session: Session, subject: Subject, why: string): Promise<void> {
  const detail = `The sandbox of ${subject.build} did not come up. ${why}`;
  const data = { alert: "sandbox-failed", detail: detail.slice(0, DETAIL_CHARACTERS_MAX) };
  await write(session, async ({ events }) => {
    await events.append([cardEvent(subject, { type: "alert-raised", actor: "engine", data })]);
  });
}
