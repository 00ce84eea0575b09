// Reading rows: every column is checked before it becomes a value of the domain, never cast. What does not fit is
// STORE_CORRUPT and names the table, the row and the column.
import { EngineError } from "../../../domain/errors.ts";
import type { Json, JsonObject } from "../../../domain/json.ts";
import { isJsonObject } from "../../../domain/json.ts";
import type { Usage } from "../../../domain/run.ts";

export type Row = Readonly<Record<string, unknown>>;

/** A table and the columns that name one of its rows to a person. */
export type Table = { readonly name: string; readonly keys: readonly string[] };

/** One row on its way in. */
export type Cells = { readonly table: Table; readonly row: Row };

export const table = (name: string, ...keys: readonly string[]): Table => ({ name, keys });

export const cellsOf = (from: Table, row: Row): Cells => ({ table: from, row });

const SHOWN_CHARACTERS_MAX = 80;

function unreadable(
  { table: { name, keys }, row }: Cells,
  column: string,
  expected: string,
): EngineError {
  const key = keys.map((one) => String(row[one]).slice(0, SHOWN_CHARACTERS_MAX)).join("/");
  return new EngineError(
    "STORE_CORRUPT",
    `Row ${key} of table ${name} is unreadable: ${column} is not ${expected}.`,
    {
      details: { table: name, key, column },
    },
  );
}

export function text(cells: Cells, column: string): string {
  const value = cells.row[column];
  if (typeof value !== "string") throw unreadable(cells, column, "a text");
  return value;
}

export const textOrNull = (cells: Cells, column: string): string | null =>
  cells.row[column] === null ? null : text(cells, column);

export function integer(cells: Cells, column: string): number {
  const value = cells.row[column];
  if (typeof value !== "number" || !Number.isSafeInteger(value))
    throw unreadable(cells, column, "a whole number");
  return value;
}

export function numeric(cells: Cells, column: string): number {
  const value = cells.row[column];
  if (typeof value !== "number" || !Number.isFinite(value))
    throw unreadable(cells, column, "a number");
  return value;
}

export const numericOrNull = (cells: Cells, column: string): number | null =>
  cells.row[column] === null ? null : numeric(cells, column);

export function flag(cells: Cells, column: string): boolean {
  const value = cells.row[column];
  if (value !== 0 && value !== 1) throw unreadable(cells, column, "0 or 1");
  return value === 1;
}

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

export function moment(cells: Cells, column: string): string {
  const value = cells.row[column];
  if (typeof value !== "string" || !MOMENT.test(value))
    throw unreadable(cells, column, "a moment in UTC");
  return value;
}

export const momentOrNull = (cells: Cells, column: string): string | null =>
  cells.row[column] === null ? null : moment(cells, column);

export function oneOf<Word extends string>(
  cells: Cells,
  column: string,
  words: readonly Word[],
): Word {
  const value = cells.row[column];
  const word = words.find((one) => one === value);
  if (word === undefined) throw unreadable(cells, column, `one of ${words.join(", ")}`);
  return word;
}

export const oneOfOrNull = <Word extends string>(
  cells: Cells,
  column: string,
  words: readonly Word[],
): Word | null => (cells.row[column] === null ? null : oneOf(cells, column, words));

function json(cells: Cells, column: string): Json {
  const value = text(cells, column);
  try {
    return JSON.parse(value) as Json;
  } catch {
    throw unreadable(cells, column, "JSON");
  }
}

export function jsonObject(cells: Cells, column: string): JsonObject {
  const value = json(cells, column);
  if (!isJsonObject(value)) throw unreadable(cells, column, "a JSON object");
  return value;
}

const NO_TEXTS: readonly string[] = [];

export function jsonTexts(cells: Cells, column: string): readonly string[] {
  // Most cards have no dependency and no author; a board of thousands of cards parses none of these.
  if (cells.row[column] === "[]") return NO_TEXTS;
  return jsonList(cells, column, (item): item is string => typeof item === "string");
}

/** `fits` looks as deep as the engine relies on; what lies below was written by the engine itself. */
export function jsonList<Item>(
  cells: Cells,
  column: string,
  fits: (item: unknown) => item is Item,
): readonly Item[] {
  const value: unknown = json(cells, column);
  if (!Array.isArray(value) || !value.every(fits))
    throw unreadable(cells, column, "a list of the right items");
  return value;
}

export function jsonOf<Value>(
  cells: Cells,
  column: string,
  fits: (value: unknown) => value is Value,
): Value {
  const value: unknown = json(cells, column);
  if (!fits(value)) throw unreadable(cells, column, "of the right shape");
  return value;
}

export const usage = (cells: Cells): Usage => ({
  inputTokens: integer(cells, "input_tokens"),
  outputTokens: integer(cells, "output_tokens"),
  costUsd: numeric(cells, "cost_usd"),
});
