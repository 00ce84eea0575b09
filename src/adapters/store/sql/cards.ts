// Cards: the records of the backlog. `move` is the only statement that writes a status, and it is a compare-and-set.
// Every write raises the version and says after which event it was made. How cards are looked up stands in
// card-queries.ts, how a row is read in card-rows.ts.
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Card, CardBrief } from "../../../domain/card.ts";
import { UNTOUCHED } from "../../../domain/card.ts";
import { EngineError } from "../../../domain/errors.ts";
import { canonicalJson } from "../../../domain/json.ts";
import type {
  CardColumns,
  CardDefinition,
  CardStore,
  NewCard,
  PastCard,
} from "../../../ports/store.ts";
import { cardReadStatements, openCardReads } from "./card-queries.ts";
import { CARD_COLUMNS, cardKey } from "./card-rows.ts";
import type { LogEnd } from "./events.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import type { Value } from "./statement.ts";
import { family, prepare } from "./statement.ts";
import { addVerificationStatement, verificationValues } from "./verifications.ts";

const NEW_COLUMNS = [...CARD_COLUMNS, "id_key", "changed_seq"] as const;
const DEFINED = [
  "type",
  "summary",
  "priority",
  "seat",
  "depends_on",
  "retries_max",
  "position",
] as const;

/** What is written when it is given, by the name the port has for it. The status is not among them. */
const WRITABLE = {
  retryCount: "retry_count",
  cycle: "cycle",
  verified: "verified",
  orphaned: "orphaned",
  authorSeats: "author_seats",
  assignee: "assignee",
  credits: "credits",
  resolution: "resolution",
  lastError: "last_error",
  waitDetail: "wait_detail",
} as const satisfies Record<keyof CardColumns, string>;

const FIELDS = Object.keys(WRITABLE) as (keyof CardColumns)[];
type Written = (typeof WRITABLE)[keyof CardColumns] | (typeof DEFINED)[number];

type CardStatements = ReturnType<typeof cardStatements>;

export function cardStatements(db: Kysely<Schema>) {
  const stamped = (value: (name: "updated_at" | "changed_seq") => never) => ({
    version: sql<number>`version + 1`,
    updated_at: value("updated_at"),
    changed_seq: value("changed_seq"),
  });
  const placed = <Name extends string>(names: readonly Name[], value: (name: Name) => never) =>
    Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, never>;
  const key = (columns: string): readonly Written[] => columns.split(",") as Written[];

  return {
    ...cardReadStatements(db),
    insert: prepare<(typeof NEW_COLUMNS)[number]>((value) =>
      db
        .insertInto("cards")
        .values(placed(NEW_COLUMNS, value))
        .onConflict((conflict) => conflict.columns(["build", "id_key"]).doNothing()),
    ),
    addVerification: addVerificationStatement(db),
    saveBrief: prepare<"build" | "key" | "brief">((value) =>
      db
        .insertInto("card_briefs")
        .values({ build: value("build"), id_key: value("key"), brief: value("brief") })
        .onConflict((conflict) =>
          conflict
            .columns(["build", "id_key"])
            .doUpdateSet((set) => ({ brief: set.ref("excluded.brief") })),
        ),
    ),
    /** By the columns it writes, joined by commas. */
    write: family<string, "build" | "key" | "updated_at" | "changed_seq" | Written>(
      (columns, value) =>
        db
          .updateTable("cards")
          .set({ ...placed(key(columns), value), ...stamped(value) })
          .where("build", "=", value("build"))
          .where("id_key", "=", value("key")),
    ),
    /** By the columns it writes besides the status, joined by commas. */
    move: family<
      string,
      | "build"
      | "key"
      | "from"
      | "to"
      | "wait_reason"
      | "version"
      | "updated_at"
      | "changed_seq"
      | Written
    >((columns, value) =>
      db
        .updateTable("cards")
        .set({
          ...placed(key(columns), value),
          ...stamped(value),
          status: value("to"),
          status_since: value("updated_at"),
          wait_reason: value("wait_reason"),
        })
        .where("build", "=", value("build"))
        .where("id_key", "=", value("key"))
        .where("version", "=", value("version"))
        .where("status", "=", value("from")),
    ),
  };
}

export type CardDeps = {
  readonly db: Kysely<Schema>;
  readonly session: Session;
  readonly statements: CardStatements;
  readonly end: LogEnd;
};

export function openCards({ db, session, statements, end }: CardDeps): CardStore {
  const reads = openCardReads({ db, session, statements });

  const stamp = async (build: string, id: string) => ({
    build,
    key: cardKey(id),
    updated_at: session.now(),
    changed_seq: (await end.read()).seq + 1,
  });

  async function write(
    card: Pick<Card, "build" | "id">,
    values: Readonly<Partial<Record<Written, Value>>>,
  ): Promise<void> {
    const columns = Object.keys(values).join(",");
    if (columns === "") return;
    const statement = statements.write(columns);
    const changed = await session.change(statement, {
      ...(await stamp(card.build, card.id)),
      ...values,
    } as Values<typeof statement>);
    if (changed === 0)
      throw new EngineError("CARD_UNKNOWN", `Build ${card.build} has no card ${card.id}.`);
  }

  async function insert(values: ReturnType<typeof pastValues>, brief: CardBrief): Promise<boolean> {
    if ((await session.change(statements.insert, values)) === 0) return false;
    const { build, id_key: key } = values;
    await session.change(statements.saveBrief, { build, key, brief: canonicalJson(brief) });
    return true;
  }

  return {
    ...reads,
    insert: async (card) => insert(newValues(card, await stamp(card.build, card.id)), card.brief),
    insertPast: async (card) =>
      insert(pastValues(card, await stamp(card.build, card.id)), card.brief),
    move: async (card, move) => {
      const clears = move.to === "done" || move.cause === "restart";
      const also = { ...toValues(move), ...(clears ? { author_seats: "[]" } : {}) };
      const statement = statements.move(Object.keys(also).join(","));
      const changed = await session.change(statement, {
        ...(await stamp(card.build, card.id)),
        ...also,
        version: card.version,
        from: move.from,
        to: move.to,
        wait_reason: move.waitReason,
      } as Values<typeof statement>);
      return changed === 1;
    },
    write: async (build, id, columns) => write({ build, id }, toValues(columns)),
    addVerification: async (build, id, run) => {
      const values = verificationValues(build, cardKey(id), run);
      await session.change(statements.addVerification, values);
    },
    define: async (build, id, definition) => {
      const card = await reads.get(build, id);
      if (card === null) throw new EngineError("CARD_UNKNOWN", `Build ${build} has no card ${id}.`);
      const values = definedValues(definition);
      const wanted = canonicalJson(definition.brief);
      const known = await reads.brief(build, id);
      const sameBrief = known !== null && canonicalJson(known) === wanted;
      // Each load of the assets comes by here; a card they say nothing new about keeps its version.
      if (sameBrief && canonicalJson(definedValues(card)) === canonicalJson(values)) return;
      if (!sameBrief)
        await session.change(statements.saveBrief, { build, key: cardKey(id), brief: wanted });
      await write(card, values);
    },
  };
}

type Values<Statement> = Statement extends { readonly places: readonly (infer Place)[] }
  ? Readonly<Record<Extract<Place, { readonly name: string }>["name"], Value>>
  : never;

/** Only what the port lets be written, whatever else the object holds. */
function toValues(columns: CardColumns): Partial<Record<Written, Value>> {
  const values: Partial<Record<Written, Value>> = {};
  for (const field of FIELDS) {
    const given = columns[field];
    if (given === undefined) continue;
    values[WRITABLE[field]] = toValue(given);
  }
  return values;
}

function toValue(given: NonNullable<unknown> | null): Value {
  if (typeof given === "boolean") return given ? 1 : 0;
  if (Array.isArray(given)) return JSON.stringify(given);
  return given as Value;
}

const definedValues = (definition: Omit<CardDefinition, "brief">) => ({
  type: definition.type,
  summary: definition.summary,
  priority: definition.priority,
  seat: definition.seat,
  depends_on: JSON.stringify(definition.dependsOn),
  retries_max: definition.retriesMax,
  position: definition.position,
});

type Stamp = { readonly key: string; readonly updated_at: string; readonly changed_seq: number };

function newValues(card: NewCard, stamp: Stamp) {
  if (card.status !== "ready" && card.status !== "blocked") {
    throw new EngineError("INTERNAL", `A card is created ready or blocked, not ${card.status}.`, {
      details: { card: card.id },
    });
  }
  const began = { createdAt: stamp.updated_at, statusSince: stamp.updated_at };
  return pastValues({ ...card, ...UNTOUCHED, ...began }, stamp);
}

const pastValues = (card: PastCard, { key, updated_at, changed_seq }: Stamp) =>
  ({
    ...definedValues(card),
    build: card.build,
    id: card.id,
    id_key: key,
    kind: card.kind,
    status: card.status,
    wait_reason: card.waitReason,
    wait_detail: card.waitDetail,
    version: 1,
    epic: card.epic,
    parent: card.parent,
    department: card.department,
    retry_count: card.retryCount,
    cycle: card.cycle,
    verified: card.verified ? 1 : 0,
    orphaned: card.orphaned ? 1 : 0,
    author_seats: JSON.stringify(card.authorSeats),
    assignee: card.assignee,
    credits: card.credits,
    resolution: card.resolution,
    last_error: card.lastError,
    created_at: card.createdAt,
    updated_at,
    status_since: card.statusSince,
    changed_seq,
  }) as const;
