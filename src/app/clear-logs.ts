// Puts the logs of the builds aside on a person's wish. The event table, of which they are copies, is left alone.
import type { Engine } from "./engine.ts";

/** Gives the builds whose logs began anew. */
export async function clearLogs(
  { store, buildLogs }: Pick<Engine, "store" | "buildLogs">,
  person: string,
): Promise<readonly string[]> {
  const builds = buildLogs.startAllAnew();
  await store.transaction(async ({ events }) =>
    events.append([{ type: "log-cleared", actor: `human:${person}`, data: { builds } }]),
  );
  return builds;
}
