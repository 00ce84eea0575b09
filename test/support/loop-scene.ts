// A project on which a test runs the organization loop. The idle wait is a call of the test, so nothing here sleeps, and ten
// seconds pass with each.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import type { LoopRequest } from "../../src/app/organization-loop.ts";
import { LOOP_IDLE_MS, runOrganizationLoop } from "../../src/app/organization-loop.ts";
import type { Event } from "../../src/domain/events.ts";
import type { Run } from "../../src/domain/run.ts";
import { NO_BUDGET } from "../../src/domain/run.ts";
import type { TestEngine } from "./project.ts";
import { approve, epicFile, makeProject, openTestEngine, say, script, write } from "./project.ts";

export const done = (id: string) => ({
  coder: [write(`src/engines/${id}_engine.ts`, "export const one = 1;\n"), say("Done.")],
  guard: [approve],
});
export const refuses = (...then: readonly unknown[]) => ({
  coder: [say("No."), say("No."), say("No."), ...then],
  guard: [approve],
});
const OPS = { "model/ops/teams/.keep": "" };
/** What the loop is asked for, but for who watches. */
export const REQUEST = {
  model: null,
  budget: NO_BUDGET,
  department: null,
  isOwnerGone: () => false,
};

type Setting = {
  readonly epics: Readonly<Record<string, unknown>>;
  readonly cards: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, unknown>>;
};

type Scene = {
  readonly opened: TestEngine & { readonly dir: string };
  /** Runs the loop; `idle` is called with the number of its idle waits, and gives what happens meanwhile. */
  readonly loop: (
    idle: (count: number, stop: () => void) => Promise<void> | void,
    more?: Partial<LoopRequest>,
  ) => Promise<Looped>;
};
type Looped = { readonly said: readonly string[]; readonly ended: readonly (Run | null)[] };

export async function openScene(
  context: TestContext,
  { epics, cards, files }: Setting,
): Promise<Scene> {
  const project = await makeProject({
    ...OPS,
    ...epics,
    ...files,
    "script.yaml": script(cards),
  });
  const system = createSystemClock();
  let passedMs = 0;
  let onIdle = async (): Promise<void> => {};
  const clock = {
    ...system,
    monotonic: () => system.monotonic() + passedMs,
    sleep: async (ms: number, signal?: AbortSignal) =>
      ms === LOOP_IDLE_MS ? onIdle() : system.sleep(ms, signal),
  };
  const options = { limits: { leaseRenewMs: 9000 }, replace: { clock } };
  const opened = await openTestEngine(project.dir, options);
  context.after(async () => {
    await opened.close();
    await project.remove();
  });
  const loop: Scene["loop"] = async (idle, more = {}) => {
    const stop = new AbortController();
    const said: string[] = [];
    const ended: (Run | null)[] = [];
    let count = 0;
    onIdle = async () => {
      count += 1;
      passedMs += LOOP_IDLE_MS;
      assert.ok(count < 50, said.join("\n"));
      await idle(count, () => stop.abort());
    };
    const watch = {
      runStarts: async () => {},
      runEnds: async (run: Run | null) => void ended.push(run),
      say: (text: string) => void said.push(text),
    };
    const request = {
      ...REQUEST,
      watch,
      ...more,
    };
    const result = await runOrganizationLoop(opened.engine, request, stop.signal);
    if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
    assert.equal(result.value, ended.length);
    return { said, ended };
  };
  return { opened: { ...opened, dir: project.dir }, loop };
}

export const of = (events: readonly Event[], type: string): readonly Event[] =>
  events.filter((event) => event.type === type);
export const epicAt = (path: string, issues: Parameters<typeof epicFile>[0]) => ({
  [`model/${path}.yaml`]: epicFile(issues),
});
/** What a skip says in words. */
export const detailOf = (event: Event | undefined): string => JSON.stringify(event?.data["detail"]);
export const stopAtOnce = (_: number, stop: () => void): void => stop();
