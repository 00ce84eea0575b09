// Statements: a query is built and compiled once and executed many times with new values. Compiling is what costs in a
// query builder, so what the engine does in each turn goes through here; a filter that differs per call is built per call.
import type { Compilable, CompiledQuery } from "kysely";
import { EngineError } from "../../../domain/errors.ts";

export type Value = string | number | null;

/** A query with named places for its values. */
export type Statement<Name extends string> = {
  readonly compiled: CompiledQuery;
  /** What each parameter is, in the order of the text: a name, or a value that is always the same. */
  readonly places: readonly Place<Name>[];
  readonly writes: boolean;
};

type Place<Name extends string> = { readonly name: Name } | { readonly value: unknown };

const isPlace = (parameter: unknown): parameter is { readonly name: string } =>
  typeof parameter === "object" && parameter !== null && "name" in parameter;

/**
 * `build` writes the query with `value("name")` where a value belongs. The builder takes such a place for a value of any
 * column's type, which is what `never` says.
 */
export function prepare<Name extends string>(
  build: (value: (name: Name) => never) => Compilable,
): Statement<Name> {
  const compiled = build((name) => ({ name }) as never).compile();
  const places = compiled.parameters.map((parameter) =>
    isPlace(parameter) ? { name: parameter.name as Name } : { value: parameter },
  );
  return { compiled, places, writes: compiled.query.kind !== "SelectQueryNode" };
}

export function bind<Name extends string>(
  { compiled, places }: Statement<Name>,
  values: Readonly<Record<Name, Value>>,
): CompiledQuery {
  const parameters = places.map((place) => {
    if ("value" in place) return place.value;
    const value = values[place.name];
    if (value === undefined)
      throw new EngineError("INTERNAL", `A statement lacks its value ${place.name}.`);
    return value;
  });
  return { ...compiled, parameters };
}

/** Statements that differ in which columns they write, compiled when first needed. */
export function family<Key extends string | number, Name extends string>(
  build: (key: Key, value: (name: Name) => never) => Compilable,
): (key: Key) => Statement<Name> {
  const compiled = new Map<Key, Statement<Name>>();
  return (key) => {
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const statement = prepare<Name>((value) => build(key, value));
    compiled.set(key, statement);
    return statement;
  };
}
