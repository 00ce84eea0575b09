// Pull requests: one row each, changed by compare-and-set on its version. What is to be done about them is beside, in
// pull-request-errands.ts.
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type {
  AgentReview,
  OwnVerification,
  PullRequestKey,
  Rejection,
  StoredRefusal,
  TrackedPullRequest,
} from "../../../domain/pull-request.ts";
import { PULL_REQUEST_STATES } from "../../../domain/pull-request.ts";
import type { Redactor } from "../../../domain/redact.ts";
import type { Json } from "../../../domain/json.ts";
import type { PullRequestFilter, PullRequestStore } from "../../../ports/store.ts";
import { openPullRequestErrands } from "./pull-request-errands.ts";
import type { Row } from "./rows.ts";
import {
  cellsOf,
  flag,
  integer,
  jsonList,
  jsonOf,
  moment,
  oneOf,
  table,
  text,
  textOrNull,
} from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { rowLimit } from "./session.ts";
import { prepare } from "./statement.ts";

const PULL_REQUESTS = table("pull_requests", "full_name", "number");

export type PullRequestDeps = {
  readonly db: Kysely<Schema>;
  readonly session: Session;
  readonly redact: Redactor;
};

export function openPullRequests(deps: PullRequestDeps): PullRequestStore {
  const { db, session, redact } = deps;
  const change = async (query: Parameters<typeof session.select>[0]): Promise<boolean> =>
    (await session.change(
      prepare(() => query),
      {},
    )) === 1;
  const one = async (query: Parameters<typeof session.select>[0]) => {
    const [row] = await session.select(query);
    return row === undefined ? null : row;
  };
  const rowOf = ({ repository, number }: PullRequestKey) =>
    db
      .selectFrom("pull_requests")
      .where("repository", "=", repository)
      .where("number", "=", number);
  return {
    get: async (key) => {
      const row = await one(rowOf(key).selectAll());
      return row === null ? null : readPullRequest(row);
    },
    named: async (fullName, number) => {
      const row = await one(namedQuery(db, fullName, number));
      return row === null ? null : readPullRequest(row);
    },
    list: async (filter) => (await session.select(listQuery(db, filter))).map(readPullRequest),
    insert: async (row) => {
      const { repository, number } = row;
      const made = { repository, number, created_at: session.now(), version: 1 };
      const values = { ...made, ...columnsOf(row, redact), updated_at: session.now() };
      return change(
        db
          .insertInto("pull_requests")
          .values({ ...values, owner: null, lease_until_ms: null })
          .onConflict((conflict) => conflict.doNothing()),
      );
    },
    write: async (row) =>
      change(
        db
          .updateTable("pull_requests")
          .set({
            ...columnsOf(row, redact),
            version: row.version + 1,
            updated_at: session.now(),
          })
          .where("repository", "=", row.repository)
          .where("number", "=", row.number)
          .where("version", "=", row.version),
      ),
    holder: async (key) => {
      const row = await one(rowOf(key).select(["full_name", "number", "owner", "lease_until_ms"]));
      return row === null || row["owner"] === null ? null : readHolder(row);
    },
    hold: async ({ repository, number }, { from, to }) => {
      const query = db
        .updateTable("pull_requests")
        .set({ owner: to?.owner ?? null, lease_until_ms: to?.untilMs ?? null })
        .where("repository", "=", repository)
        .where("number", "=", number);
      return change(
        from === null
          ? query.where("owner", "is", null)
          : query.where("owner", "=", from.owner).where("lease_until_ms", "=", from.untilMs),
      );
    },
    errands: openPullRequestErrands(deps),
  };
}

/** Of two repositories that had one name, the one that was seen last. */
const namedQuery = (db: Kysely<Schema>, fullName: string, number: number) =>
  db
    .selectFrom("pull_requests")
    .selectAll()
    .where(sql<string>`lower(full_name)`, "=", fullName.toLowerCase())
    .where("number", "=", number)
    .orderBy("id", "desc")
    .limit(1);

function listQuery(
  db: Kysely<Schema>,
  { states, fullName, headSha, dueMs, limit }: PullRequestFilter,
) {
  let query = db.selectFrom("pull_requests").selectAll().limit(rowLimit(limit));
  if (states !== undefined) query = query.where("state", "in", states);
  if (fullName !== undefined)
    query = query.where(sql<string>`lower(full_name)`, "=", fullName.toLowerCase());
  if (headSha !== undefined) query = query.where("head_sha", "=", headSha);
  if (dueMs !== undefined) query = query.where("look_at_ms", "<=", dueMs);
  return query.orderBy("updated_at", "desc").orderBy("id", "desc");
}

const jsonOrNull = (value: object | null, redact: Redactor): string | null =>
  value === null ? null : JSON.stringify(redact.json(value as Json));

function columnsOf(row: TrackedPullRequest, redact: Redactor) {
  return {
    full_name: row.fullName,
    title: redact.text(row.title),
    author: row.author,
    head_sha: row.headSha,
    base_branch: row.baseBranch,
    web_url: row.webUrl,
    build: row.build,
    card: row.card,
    state: row.state,
    round: row.round,
    cycles: row.cycles,
    rejections: JSON.stringify(redact.json(row.rejections as unknown as Json)),
    seen_reviews: JSON.stringify(row.seenReviews),
    opened_at: row.openedAt,
    is_escalated: row.isEscalated ? 1 : 0,
    is_rejecting: row.isRejecting ? 1 : 0,
    verification: jsonOrNull(row.verification, redact),
    agent_review: jsonOrNull(row.agentReview, redact),
    refusal: jsonOrNull(row.refusal, redact),
    merge_commit: row.mergeCommit,
    state_comment: jsonOrNull(row.stateComment, redact),
    look_at_ms: row.lookAtMs,
    looks: row.looks,
  } as const;
}

type Members = Readonly<Record<string, unknown>>;
const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const isText = (value: unknown): value is string => typeof value === "string";

const isRejection = (value: unknown): value is Rejection =>
  isMembers(value) &&
  isWhole(value["review"]) &&
  isWhole(value["cycle"]) &&
  [value["reviewer"], value["headSha"], value["reason"]].every(isText);
const isVerification = (value: unknown): value is OwnVerification =>
  isMembers(value) &&
  isText(value["sha"]) &&
  ["pass", "fail", null].some((verdict) => verdict === value["verdict"]);
const isAgentReview = (value: unknown): value is AgentReview =>
  isMembers(value) && [value["sha"], value["kind"], value["reason"]].every(isText);
const isRefusal = (value: unknown): value is StoredRefusal =>
  isMembers(value) &&
  isText(value["headSha"]) &&
  isText(value["facts"]) &&
  Array.isArray(value["refusals"]);
const isComment = (value: unknown): value is { readonly id: number; readonly body: string } =>
  isMembers(value) && isWhole(value["id"]) && isText(value["body"]);

const readHolder = (row: Row) => {
  const cells = cellsOf(PULL_REQUESTS, row);
  return { owner: text(cells, "owner"), untilMs: integer(cells, "lease_until_ms") };
};

function readPullRequest(row: Row): TrackedPullRequest {
  const cells = cellsOf(PULL_REQUESTS, row);
  const orNull = <Value>(column: string, fits: (value: unknown) => value is Value): Value | null =>
    row[column] === null ? null : jsonOf(cells, column, fits);
  return {
    repository: integer(cells, "repository"),
    number: integer(cells, "number"),
    fullName: text(cells, "full_name"),
    title: text(cells, "title"),
    author: text(cells, "author"),
    headSha: text(cells, "head_sha"),
    baseBranch: text(cells, "base_branch"),
    webUrl: text(cells, "web_url"),
    build: text(cells, "build"),
    card: text(cells, "card"),
    state: oneOf(cells, "state", PULL_REQUEST_STATES),
    round: integer(cells, "round"),
    cycles: integer(cells, "cycles"),
    rejections: jsonList(cells, "rejections", isRejection),
    seenReviews: jsonList(cells, "seen_reviews", isWhole),
    openedAt: text(cells, "opened_at"),
    isEscalated: flag(cells, "is_escalated"),
    isRejecting: flag(cells, "is_rejecting"),
    verification: orNull("verification", isVerification),
    agentReview: orNull("agent_review", isAgentReview),
    refusal: orNull("refusal", isRefusal),
    mergeCommit: textOrNull(cells, "merge_commit"),
    stateComment: orNull("state_comment", isComment),
    lookAtMs: row["look_at_ms"] === null ? null : integer(cells, "look_at_ms"),
    looks: integer(cells, "looks"),
    version: integer(cells, "version"),
    createdAt: moment(cells, "created_at"),
    updatedAt: moment(cells, "updated_at"),
  };
}
