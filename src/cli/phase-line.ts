// The bug-fix phase of a rock in one line, as the board and the view of a run show it.
import type { PhaseReport } from "../app/bug-fix-phase.ts";

const dayOf = (moment: string): string => moment.slice(0, 10);

export function phaseLine({ status, days, endsAt, completedAt, bugs }: PhaseReport): string {
  const { total, critical, rate, open } = bugs;
  const count = total === 1 ? "1 bug" : `${total} bugs`;
  const found = `${count}, ${open.length} open, ${critical} critical, ${rate.toFixed(1)} a day`;
  if (status === "completed")
    return `bug-fix phase ended ${dayOf(completedAt ?? endsAt)}: ${found}`;
  return `bug-fix phase until ${dayOf(endsAt)} (${days} days): ${found}`;
}
