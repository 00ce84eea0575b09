// The golden runs: recordings in test/golden, played again on the project beside them.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { readFile } from "node:fs/promises";
import type { ReplaySetting } from "../../src/assemble-replay.ts";
import { replayRecording } from "../../src/assemble-replay.ts";
import { loadConfig } from "../../src/config.ts";
import { eventLine } from "../../src/domain/recording.ts";
import type { Recording } from "../../src/domain/recording.ts";
import { parseRecording } from "../../src/adapters/model/recording-file.ts";

const FOLDER = fileURLToPath(new URL("../golden/", import.meta.url));
const PROJECT = join(FOLDER, "project");

export async function goldenRuns() {
  const entries = (await readdir(FOLDER)).filter((name) => name !== "project").sort();
  return entries.map((name) => ({ name, dir: join(FOLDER, name) }));
}

export function goldenSetting(): ReplaySetting {
  const config = loadConfig({ env: {} });
  assert.ok(config.ok);
  return { dir: PROJECT, config: config.value, env: process.env };
}

export async function readGolden(dir: string): Promise<Recording> {
  const parsed = parseRecording(parse(await readFile(join(dir, "recording.yaml"), "utf8")));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value;
}

export async function replayGolden(dir: string): Promise<readonly string[]> {
  const replayed = await replayRecording(goldenSetting(), await readGolden(dir));
  assert.ok(replayed.ok, JSON.stringify(replayed));
  return replayed.value.map(eventLine);
}
