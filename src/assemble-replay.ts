// Puts an engine together that plays a recorded run again: on real parts in a folder that goes afterwards, but for time,
// chance and models. Apart from assemble.ts, because only two commands and the golden runs need it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSimulatedClock } from "./adapters/clock/simulated.ts";
import { createUnavailableContainment } from "./adapters/containment/unavailable.ts";
import { createSeededIds } from "./adapters/ids/seeded.ts";
import { createRecordedModel } from "./adapters/model/recorded.ts";
import { readRecording, writeRecording } from "./adapters/model/recording-file.ts";
import { createUnavailableSandboxes } from "./adapters/sandbox/unavailable.ts";
import type { Engine } from "./app/engine.ts";
import { createRecordedVerifier } from "./app/recorded-verifier.ts";
import { recordRun } from "./app/record-run.ts";
import { replayRun } from "./app/replay-run.ts";
import { createTurnstile } from "./app/turnstile.ts";
import { assembleEngine, assetsOf } from "./assemble.ts";
import type { Config } from "./config.ts";
import type { ProjectAssets } from "./domain/assets.ts";
import type { Difference, PlainEvent, Recording } from "./domain/recording.ts";
import {
  createNames,
  describeDifference,
  eventLine,
  firstDifference,
  firstDifferenceByCard,
  plainEvents,
} from "./domain/recording.ts";
import type { Result } from "./domain/result.ts";
import { ok, refuse } from "./domain/result.ts";

export type ReplaySetting = {
  /** The project whose assets, nodes and settings are in force. */
  readonly dir: string;
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
};

const START = Date.parse("2026-01-01T00:00:00.000Z");
const SEED = 1;

/** Gives the events of the repetition. `assets` are used instead of the project's when they are given. */
export async function replayRecording(
  { dir, config, env }: ReplaySetting,
  recording: Recording,
  assets?: ProjectAssets,
): Promise<Result<readonly PlainEvent[]>> {
  const stateDir = await mkdtemp(join(tmpdir(), "orket-replay-"));
  const clock = createSimulatedClock(START);
  const names = createNames();
  const files = assetsOf(dir, config);
  const load = async () => {
    const loaded = assets === undefined ? await files.load() : ok(assets);
    return loaded.ok ? ok(withoutSandboxes(loaded.value)) : loaded;
  };
  try {
    const assembled = await assembleEngine({
      dir,
      stateDir,
      config,
      secrets: config.secrets(),
      env,
      owner: "replay",
      watcher: { onEvents: (events) => events.forEach(names.learn), onText: () => {} },
      parts: {
        clock,
        ids: createSeededIds(SEED),
        model: createRecordedModel({ recording, names }),
        containment: createUnavailableContainment(),
        verifier: createRecordedVerifier({ recording, names }),
        sandbox: createUnavailableSandboxes(),
        assets: { ...files, load },
      },
    });
    if (!assembled.ok) return assembled;
    const engine = withConcurrency(assembled.value, recording.concurrency);
    try {
      return await replayRun(createTurnstile(engine, clock), recording);
    } finally {
      await engine.store.close();
    }
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

/** What a repetition must not do to the machine; what came of it at the time is in the recording. */
const withoutSandboxes = (assets: ProjectAssets): ProjectAssets => ({
  ...assets,
  organization: { ...assets.organization, sandbox: { auto: false } },
});

const withConcurrency = (engine: Engine, concurrency: number): Engine => ({
  ...engine,
  settings: { ...engine.settings, concurrency },
});

export type Replayed = { readonly events: number; readonly difference: Difference | null };

/** Whether the run in this folder goes the same way with the project as it is now. */
export async function replayFolder(setting: ReplaySetting, dir: string): Promise<Result<Replayed>> {
  const kept = await readRecording(dir);
  if (!kept.ok) return kept;
  const replayed = await replayRecording(setting, kept.value.recording);
  if (!replayed.ok) return replayed;
  const lines = replayed.value.map(eventLine);
  return ok({ events: lines.length, difference: firstDifference(kept.value.events, lines) });
}

/** Records a run into a new folder, after a repetition has shown that it can be repeated. */
export async function exportRun(
  setting: ReplaySetting & { readonly engine: Engine },
  { run, dir }: { readonly run: string; readonly dir: string },
): Promise<Result<{ readonly events: number }>> {
  const { engine } = setting;
  const { concurrency } = engine.settings;
  const recorded = await engine.store.read(async (transaction) =>
    recordRun(transaction, { run, concurrency }),
  );
  if (!recorded.ok) return recorded;
  const { snapshot, events } = recorded.value;
  // Folders of recordings are kept beside the project and handed on.
  const { recording } = engine.redact.data(recorded.value);
  const replayed = await replayRecording(setting, recording, snapshot.assets);
  if (!replayed.ok) return replayed;
  const difference = firstDifferenceByCard(plainEvents(events), replayed.value);
  if (difference !== null)
    return refuse(
      "RUN_STATE",
      `Run ${run} cannot be repeated with the settings and nodes of now. ${describeDifference(difference)}`,
      { run },
    );
  const written = await writeRecording(dir, { recording, events: replayed.value.map(eventLine) });
  return written.ok ? ok({ events: replayed.value.length }) : written;
}
