// What is said aloud: counted, named where it is one thing, and nothing where nothing concerns a listener.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireEvent } from "../api/types.ts";
import { announcementOf } from "./announcement.ts";

const event = (
  type: WireEvent["type"],
  data: WireEvent["data"] = {},
  card: string | null = null,
): WireEvent => ({
  v: 1,
  seq: 1,
  at: "2026-01-01T00:00:00.000Z",
  type,
  run: "r",
  build: "b",
  card,
  turn: null,
  actor: "engine",
  data,
});

const moved = (card: string, to: string) => event("card-moved", { to }, card);

test("one card is named, more are counted, and each is told of where it stands now", () => {
  assert.equal(announcementOf([moved("A-1", "done")]), "A-1 moved to Done");
  assert.equal(
    announcementOf([
      moved("A-1", "code_review"),
      moved("A-1", "done"),
      moved("A-2", "done"),
      moved("A-3", "in_progress"),
    ]),
    "2 cards moved to Done. A-3 moved to Working",
  );
  assert.equal(announcementOf([moved("A-1\u202e", "archived")]), "A-1[U+202E] moved to archived");
});

test("ends and questions are told, and nothing else", () => {
  const asked = event("approval-requested");
  const ended = event("run-ended", { status: "failed" });
  assert.equal(announcementOf([asked, ended]), "A run ended: failed. An approval waits for you");
  assert.equal(
    announcementOf([asked, asked, ended, event("run-ended", { status: "done" })]),
    "2 runs ended, last: done. 2 approvals wait for you",
  );
  assert.equal(announcementOf([event("turn-started"), event("tool-called")]), null);
  assert.equal(announcementOf([]), null);
});
