// Logs of builds in memory, written by several processes as on a disk: who finds that another wrote must look again.
import type { BuildLog, BuildLogs } from "../../../src/ports/log.ts";
import type { SimulatedProcess } from "./scheduler.ts";

/** Numbers of the events that the log of a build holds, in the order in which they were written. */
export type LoggedSeqs = Map<string, number[]>;

export const createSimulatedLogs = (logs: LoggedSeqs, process: SimulatedProcess): BuildLogs => ({
  startAllAnew: () => [],
  open: (build) => {
    const seqs = logs.get(build) ?? [];
    logs.set(build, seqs);
    return openLog(seqs, process);
  },
});

function openLog(seqs: number[], process: SimulatedProcess): BuildLog {
  let known = -1;
  return {
    lastSeq: () => {
      known = seqs.length;
      return seqs.at(-1) ?? 0;
    },
    append: (events) => {
      if (process.state === "crashed" || known !== seqs.length) return false;
      seqs.push(...events.map(({ seq }) => seq));
      known = seqs.length;
      return true;
    },
    startAnew: () => {
      seqs.length = 0;
      known = 0;
    },
    close: () => {},
  };
}
