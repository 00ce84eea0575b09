// The check of the event log: reads it page by page from the first event to its recorded end and names the first event
// that was changed, removed or moved. Between two pages others may write; what is appended meanwhile is not looked at.
import type { Kysely } from "kysely";
import { GENESIS_HASH } from "../../../domain/events.ts";
import type { ChainCheck } from "../../../ports/store.ts";
import type { Head } from "./events.ts";
import { chainColumns, rowHash } from "./events.ts";
import type { Row } from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { prepare } from "./statement.ts";

const PAGE_ROWS = 1000;

export type VerifyStatements = ReturnType<typeof verifyStatements>;

export const verifyStatements = (db: Kysely<Schema>) => ({
  head: prepare(() => db.selectFrom("event_head").select(["seq", "hash"]).where("id", "=", 1)),
  first: prepare(() => db.selectFrom("events").select("seq").orderBy("seq").limit(1)),
  last: prepare(() => db.selectFrom("events").select("seq").orderBy("seq", "desc").limit(1)),
  page: prepare<"after">((value) =>
    db
      .selectFrom("events")
      .select(chainColumns)
      .where("seq", ">", value("after"))
      .orderBy("seq")
      .limit(PAGE_ROWS),
  ),
});

type Read = <Value>(work: (session: Session) => Promise<Value>) => Promise<Value>;

/** Where the log says it ends, and where its rows begin and end. */
type Ends = { readonly head: Row | null; readonly firstSeq: number; readonly lastSeq: number };

export async function verifyEvents(read: Read, statements: VerifyStatements): Promise<ChainCheck> {
  const { head, firstSeq, lastSeq } = await read(async (session): Promise<Ends> => {
    const first = await session.row(statements.first, {});
    const last = await session.row(statements.last, {});
    return {
      head: await session.row(statements.head, {}),
      firstSeq: Number(first?.["seq"] ?? 1),
      lastSeq: Number(last?.["seq"] ?? 0),
    };
  });
  if (firstSeq < 1) return broken(firstSeq, "was added from outside: the log begins with event 1");
  let checked: Head = { seq: 0, hash: GENESIS_HASH };
  while (checked.seq < lastSeq) {
    const after = checked.seq;
    const page = await read((session) => session.rows(statements.page, { after }));
    for (const row of page) {
      if (checked.seq >= lastSeq) break;
      const problem = problemOf(row, checked);
      if (problem !== null) return { valid: false, seq: checked.seq + 1, problem };
      checked = { seq: checked.seq + 1, hash: String(row["hash"]) };
    }
    if (checked.seq === after) return broken(after + 1, "is missing");
  }
  return checkEnd(checked, head);
}

const broken = (seq: number, what: string): ChainCheck => ({
  valid: false,
  seq,
  problem: `Event ${seq} ${what}.`,
});

function problemOf(row: Row, before: Head): string | null {
  const seq = before.seq + 1;
  if (row["seq"] !== seq) return `Event ${seq} is missing.`;
  const whole = rowHash(row) === row["hash"];
  const follows = row["prev_hash"] === before.hash;
  if (whole && follows) return null;
  if (whole)
    return `Event ${seq} does not follow the event before it: one of the two was replaced.`;
  return follows
    ? `Event ${seq} was changed.`
    : `Event ${seq} is not the one that stood there: it was moved or replaced.`;
}

function checkEnd(last: Head, head: Row | null): ChainCheck {
  if (head === null)
    return broken(last.seq + 1, "may be missing: the record of the log's end is gone");
  const seq = Number(head["seq"]);
  if (seq > last.seq) return broken(last.seq + 1, `is missing: the log went on to event ${seq}`);
  if (seq < last.seq) return broken(seq + 1, "was added from outside: the log ends before it");
  if (head["hash"] !== last.hash) return broken(last.seq, "is not the last one the log recorded");
  return { valid: true, count: last.seq, lastHash: last.hash };
}
