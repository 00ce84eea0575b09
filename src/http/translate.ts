// Domain records as the wire has them, and the parts that several routes read the same way.
import { z } from "zod";
import type { Event } from "../domain/events.ts";
import type { Result } from "../domain/result.ts";
import { ok } from "../domain/result.ts";

/** The envelope of an event, one for every stream and list. */
export const toEvent = ({ seq, at, type, run, build, card, turn, actor, data }: Event) => ({
  v: 1 as const,
  seq,
  at,
  type,
  run: run ?? null,
  build: build ?? null,
  card: card ?? null,
  turn: turn ?? null,
  actor,
  data,
});

const PAGE = 100;
const PAGE_MAX = 1000;

/** How many a list gives at once. */
export const pageLimit = z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE);

export const idParams = z.object({ id: z.string().min(1) });

/** A word or several with commas between them. */
export const wordsOf = <Word extends string>(words: readonly [Word, ...Word[]]) =>
  z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(z.enum(words)).min(1));

export const answer = async <From, To>(
  result: Promise<Result<From>>,
  to: (value: From) => To | Promise<To>,
): Promise<Result<To>> => {
  const done = await result;
  return done.ok ? ok(await to(done.value)) : done;
};

/** Only what is there: a key whose value is undefined is left out. */
export const given = <Fields extends Readonly<Record<string, unknown>>>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]?: Exclude<Fields[Key], undefined>;
  };
