// A card as the predecessor stored it, and what becomes of it here. Its rows are read as somebody may have written them: whatever
// does not fit is told, and nothing is guessed into being done.
import type { Card, CardStatus } from "./card.ts";
import { isCardStatus } from "./card.ts";

/** Column → value, as the database has it. */
export type OldRow = Readonly<Record<string, unknown>>;

export type OldCard = {
  readonly id: string;
  readonly build: string;
  readonly summary: string;
  readonly state: Pick<
    Card,
    "status" | "waitReason" | "waitDetail" | "retryCount" | "credits" | "resolution" | "assignee"
  >;
  /** ISO 8601 in UTC; null when the row tells no time. */
  readonly createdAt: string | null;
  /** What was not taken as it stood, one sentence each. */
  readonly notes: readonly string[];
};

/** Work that lies in the old workspace and not here: it begins anew. */
const BEGUN: ReadonlySet<CardStatus> = new Set(["in_progress", "ready_for_testing", "code_review"]);
const TEXT_CHARACTERS_MAX = 10_000;
const CREDITS_MAX = 1e9;
const RETRIES_MAX = 1000;

/** Null for a row without an id. */
export function readOldCard(row: OldRow): OldCard | null {
  const id = textOf(row["id"]);
  if (id === "") return null;
  const notes: string[] = [];
  for (const column of ["verification_json", "metrics_json", "depends_on_json", "params_json"])
    if (!isJson(row[column])) notes.push(`${column} is no JSON, and is left out.`);
  const { status, waitReason, waitDetail } = stateOf(textOf(row["status"]), notes);
  return {
    id,
    build: textOf(row["build_id"]),
    summary: textOf(row["summary"]),
    state: {
      status,
      waitReason,
      waitDetail,
      retryCount: Math.min(RETRIES_MAX, Math.trunc(countOf(row["retry_count"]))),
      credits: Math.min(CREDITS_MAX, countOf(row["credits_spent"])),
      resolution: textOf(row["resolution"]) || null,
      assignee: textOf(row["assignee"]) || null,
    },
    createdAt: momentOf(row["created_at"]),
    notes,
  };
}

function stateOf(
  written: string,
  notes: string[],
): Pick<Card, "status" | "waitReason" | "waitDetail"> {
  const status = written
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_");
  const plain = { waitReason: null, waitDetail: null };
  if (!isCardStatus(status)) {
    notes.push(`Its status was ${JSON.stringify(written.slice(0, 50))}, which is none.`);
    const waitDetail = "Its status before the import is none that there is.";
    return { status: "blocked", waitReason: "system", waitDetail };
  }
  if (BEGUN.has(status)) {
    notes.push(`It was ${status}; its work lies in the old workspace, so it is ready again.`);
    return { status: "ready", ...plain };
  }
  if (status === "blocked")
    return { status, waitReason: "system", waitDetail: "It was blocked before the import." };
  if (status === "waiting_for_developer")
    return { status, waitReason: "input", waitDetail: "It waited for a person before the import." };
  if (status === "done") notes.push("It was done, and nothing here has verified it.");
  return { status, ...plain };
}

function textOf(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return typeof value === "string" ? value.slice(0, TEXT_CHARACTERS_MAX) : "";
}

const countOf = (value: unknown): number => {
  const count = typeof value === "number" ? value : Number(textOf(value));
  return Number.isFinite(count) && count > 0 ? count : 0;
};

function isJson(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return true;
  if (typeof value !== "string") return false;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

/** `2026-02-03T04:05:06`, with or without a zone, a space or fractions; without a zone it is UTC. */
export function momentOf(value: unknown): string | null {
  const text = textOf(value).trim();
  const found = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?$/.exec(
    text,
  );
  if (found === null) return null;
  const [, day, time, fraction = "", zone = "Z"] = found;
  const moment = Date.parse(`${day}T${time}.${fraction.slice(0, 3).padEnd(3, "0")}${zone}`);
  return Number.isNaN(moment) ? null : new Date(moment).toISOString();
}

export type OldRemark = { readonly card: string; readonly author: string; readonly text: string };

/** Null for a row that says nothing, or of nobody. */
export function readOldComment(row: OldRow): OldRemark | null {
  const card = textOf(row["issue_id"]);
  const text = textOf(row["content"]).trim();
  const by = textOf(row["author"]).trim() || "unknown";
  const at = momentOf(row["created_at"]);
  if (card === "" || text === "") return null;
  return {
    card,
    author: `agent:${by.slice(0, 100)}`,
    text: at === null ? text : `${text}\n\n(${at})`,
  };
}

/** One line of what happened to a card. */
export function readOldStep(row: OldRow): { readonly card: string; readonly line: string } | null {
  const card = textOf(row["card_id"]);
  const action = textOf(row["action"]).trim();
  if (card === "" || action === "") return null;
  const at = momentOf(row["timestamp"]) ?? "at an unknown time";
  return { card, line: `${at} ${textOf(row["role"]) || "unknown"}: ${action}` };
}
