// How busy the machine is: processors since the last look, memory now. Graphics memory is read by nothing here and told as 0.
import { cpus, freemem, totalmem } from "node:os";

export type MachineLoad = { readonly cpuPercent: number; readonly ramPercent: number };

type Ticks = { readonly idle: number; readonly all: number };

const ticksNow = (): Ticks => {
  let idle = 0;
  let all = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, all };
};

const percent = (share: number): number => Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10;

/** The first look tells of the time since the meter was made. */
export function createMachineMeter(): () => MachineLoad {
  let last = ticksNow();
  return () => {
    const now = ticksNow();
    const all = now.all - last.all;
    const busy = all === 0 ? 0 : 1 - (now.idle - last.idle) / all;
    last = now;
    return { cpuPercent: percent(busy), ramPercent: percent(1 - freemem() / totalmem()) };
  };
}
