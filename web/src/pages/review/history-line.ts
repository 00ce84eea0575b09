// What happened to a pull request, in a line for people.
import type { WireEvent } from "../../api/types.ts";

export function lineOf({ type, data }: WireEvent): string {
  const text = (name: string): string => {
    const value = data[name];
    return typeof value === "string" || typeof value === "number" ? String(value) : "";
  };
  const head = text("headSha").slice(0, 10);
  const verdict = `${text("reviewer")} ${text("kind").toLowerCase().replaceAll("_", " ")}`.trim();
  const lines: Readonly<Partial<Record<WireEvent["type"], string>>> = {
    "pr-opened": `opened at ${head}`,
    "pr-synchronized": `new head ${head}`,
    "pr-reviewed":
      data["counts"] === false
        ? `${verdict}${text("why") === "" ? "" : `; not counted: ${text("why")}`}`
        : `${verdict}, cycle ${text("cycle")}`,
    "pr-escalated": "escalated: somebody is asked to look at the approach",
    "pr-merged": `merged at ${head}`,
    "pr-closed": "closed",
    "pr-reopened": "opened again",
    "pr-rejected": "rejected: sent back too often",
    "pr-merge-asked": "the forge is asked to merge it",
    "pr-merge-refused": "not merged by rule",
    "pr-errand-done": `${text("errand")} done`,
    "pr-errand-retried": `${text("errand")} failed, and is tried again`,
    "pr-errand-given-up": `${text("errand")} given up`,
  };
  return lines[type] ?? type;
}
