// Cards and their briefs as rows: which columns there are, and how one is read.
import type { Card, CardBrief } from "../../../domain/card.ts";
import { CARD_KINDS, CARD_STATUSES, CARD_TYPES, WAIT_REASONS } from "../../../domain/card.ts";
import { isJsonObject } from "../../../domain/json.ts";
import type { Row } from "./rows.ts";
import {
  cellsOf,
  flag,
  integer,
  jsonOf,
  jsonTexts,
  moment,
  numeric,
  oneOf,
  oneOfOrNull,
  table,
  text,
  textOrNull,
} from "./rows.ts";

const CARDS = table("cards", "build", "id");
const BRIEFS = table("card_briefs", "build", "id_key");

export const CARD_COLUMNS = [
  "build",
  "id",
  "kind",
  "type",
  "summary",
  "status",
  "wait_reason",
  "wait_detail",
  "version",
  "priority",
  "seat",
  "epic",
  "parent",
  "department",
  "position",
  "depends_on",
  "retry_count",
  "retries_max",
  "cycle",
  "verified",
  "orphaned",
  "author_seats",
  "assignee",
  "credits",
  "resolution",
  "last_error",
  "created_at",
  "updated_at",
  "status_since",
] as const;

/** Two ids of a build differ in more than their case; they are looked up without it. */
export const cardKey = (id: string): string => id.toLowerCase();

export function readCard(row: Row): Card {
  const cells = cellsOf(CARDS, row);
  return {
    build: text(cells, "build"),
    id: text(cells, "id"),
    kind: oneOf(cells, "kind", CARD_KINDS),
    type: oneOf(cells, "type", CARD_TYPES),
    summary: text(cells, "summary"),
    status: oneOf(cells, "status", CARD_STATUSES),
    waitReason: oneOfOrNull(cells, "wait_reason", WAIT_REASONS),
    waitDetail: textOrNull(cells, "wait_detail"),
    version: integer(cells, "version"),
    priority: numeric(cells, "priority"),
    seat: textOrNull(cells, "seat"),
    epic: textOrNull(cells, "epic"),
    parent: textOrNull(cells, "parent"),
    department: text(cells, "department"),
    position: integer(cells, "position"),
    dependsOn: jsonTexts(cells, "depends_on"),
    retryCount: integer(cells, "retry_count"),
    retriesMax: integer(cells, "retries_max"),
    cycle: integer(cells, "cycle"),
    verified: flag(cells, "verified"),
    orphaned: flag(cells, "orphaned"),
    authorSeats: jsonTexts(cells, "author_seats"),
    assignee: textOrNull(cells, "assignee"),
    credits: numeric(cells, "credits"),
    resolution: textOrNull(cells, "resolution"),
    lastError: textOrNull(cells, "last_error"),
    createdAt: moment(cells, "created_at"),
    updatedAt: moment(cells, "updated_at"),
    statusSince: moment(cells, "status_since"),
  };
}

const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

const isBrief = (value: unknown): value is CardBrief =>
  isJsonObject(value) &&
  ["description", "note", "requirements"].every((name) => typeof value[name] === "string") &&
  ["acceptance", "labels", "references"].every((name) => isTexts(value[name])) &&
  isJsonObject(value["params"]) &&
  isVerification(value["verification"]);

const isVerification = (value: unknown): boolean =>
  value === null ||
  (isJsonObject(value) &&
    (value["fixturePath"] === null || typeof value["fixturePath"] === "string") &&
    (value["command"] === null || isJsonObject(value["command"])) &&
    Array.isArray(value["scenarios"]) &&
    value["scenarios"].every(
      (scenario) => isJsonObject(scenario) && typeof scenario["id"] === "string",
    ));

export const readBrief = (row: Row): CardBrief => jsonOf(cellsOf(BRIEFS, row), "brief", isBrief);
