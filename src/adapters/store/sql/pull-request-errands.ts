// Errands of pull requests: asked for once, taken with one attempt more each time, settled by whoever took them last.
import type { Kysely } from "kysely";
import type { PullRequestKey } from "../../../domain/pull-request.ts";
import type { Errand } from "../../../domain/pull-request-errand.ts";
import { ERRAND_KINDS, ERRAND_STATES } from "../../../domain/pull-request-errand.ts";
import type { PullRequestErrands } from "../../../ports/store.ts";
import type { PullRequestDeps } from "./pull-requests.ts";
import type { Row } from "./rows.ts";
import { cellsOf, integer, jsonObject, oneOf, table, text, textOrNull } from "./rows.ts";
import type { Schema } from "./schema.ts";
import { rowLimit } from "./session.ts";
import { prepare } from "./statement.ts";

const ERRANDS = table("pull_request_errands", "id");

export function openPullRequestErrands({
  db,
  session,
  redact,
}: PullRequestDeps): PullRequestErrands {
  const change = async (query: Parameters<typeof session.select>[0]): Promise<number> =>
    session.change(
      prepare(() => query),
      {},
    );
  const mine = ({ id, attempts }: Pick<Errand, "id" | "attempts">) =>
    db
      .updateTable("pull_request_errands")
      .where("id", "=", id)
      .where("state", "=", "open")
      .where("attempts", "=", attempts);
  return {
    list: async ({ key, kinds, states, limit }) => {
      let query = db.selectFrom("pull_request_errands").selectAll().limit(rowLimit(limit));
      if (key !== undefined)
        query = query.where("repository", "=", key.repository).where("number", "=", key.number);
      if (kinds !== undefined) query = query.where("kind", "in", kinds);
      if (states !== undefined) query = query.where("state", "in", states);
      return (await session.select(query.orderBy("id"))).map(readErrand);
    },
    add: async ({ repository, number, round, kind, about, facts }, nowMs) => {
      const fresh = { state: "open", attempts: 0, next_attempt_ms: nowMs };
      const empty = { failure: null, answer: null, owner: null, lease_until_ms: null };
      const values = { repository, number, round, kind, about, ...fresh, ...empty };
      await change(
        db
          .insertInto("pull_request_errands")
          .values({ ...values, facts: JSON.stringify(redact.json(facts)) })
          .onConflict((conflict) => conflict.doNothing()),
      );
    },
    take: async ({ id, attempts }, { owner, untilMs }) =>
      (await change(
        mine({ id, attempts }).set({
          attempts: attempts + 1,
          owner,
          lease_until_ms: untilMs,
        }),
      )) === 1,
    renew: async (errand, untilMs) =>
      (await change(mine(errand).set({ lease_until_ms: untilMs }))) === 1,
    settle: async (errand, { state, failure, answer, nextAttemptMs }) =>
      (await change(
        mine(errand).set({
          state,
          failure: failure === null ? null : redact.text(failure),
          answer: answer === null ? null : JSON.stringify(redact.json(answer)),
          next_attempt_ms: nextAttemptMs,
          owner: null,
          lease_until_ms: null,
        }),
      )) === 1,
    drop: async (key, { kinds, except }) => change(dropQuery(db, key, { kinds, except })),
  };
}

function dropQuery(
  db: Kysely<Schema>,
  { repository, number }: PullRequestKey,
  { kinds, except }: { kinds: readonly Errand["kind"][] | undefined; except: string | undefined },
) {
  const query = db
    .updateTable("pull_request_errands")
    .set({ state: "dropped", owner: null, lease_until_ms: null })
    .where("repository", "=", repository)
    .where("number", "=", number)
    .where("state", "=", "open");
  const ofKinds = kinds === undefined ? query : query.where("kind", "in", kinds);
  return except === undefined ? ofKinds : ofKinds.where("about", "!=", except);
}

function readErrand(row: Row): Errand {
  const cells = cellsOf(ERRANDS, row);
  return {
    id: integer(cells, "id"),
    repository: integer(cells, "repository"),
    number: integer(cells, "number"),
    round: integer(cells, "round"),
    kind: oneOf(cells, "kind", ERRAND_KINDS),
    about: text(cells, "about"),
    facts: jsonObject(cells, "facts"),
    state: oneOf(cells, "state", ERRAND_STATES),
    attempts: integer(cells, "attempts"),
    nextAttemptMs: integer(cells, "next_attempt_ms"),
    failure: textOrNull(cells, "failure"),
    answer: row["answer"] === null ? null : jsonObject(cells, "answer"),
    holder:
      row["owner"] === null
        ? null
        : { owner: text(cells, "owner"), untilMs: integer(cells, "lease_until_ms") },
  };
}
