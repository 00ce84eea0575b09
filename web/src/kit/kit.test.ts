// The small rules of the kit: marks, addresses, spans of time, the way back after signing in.
import assert from "node:assert/strict";
import { test } from "node:test";
import { nextOf } from "../pages/login/next.ts";
import { paramsOf } from "./address.ts";
import { marked } from "./marks.ts";
import { changedSearch } from "./search-state.ts";
import { spanOf } from "./span.ts";

test("what hides or turns letters is drawn, and nothing else is touched", () => {
  assert.equal(
    marked("a\u202Eb\u200Bc\u001B[31m\u{E0041}"),
    "a[U+202E]b[U+200B]c[U+001B][31m[U+E0041]",
  );
  assert.equal(marked("\uD800x\u2028\u3164"), "[U+D800]x[U+2028][U+3164]");
  const plain = "Zeilen\n\tund Umlaute äöü, 漢字, 👍, ❤️ and <b>";
  assert.equal(marked(plain), plain);
});

test("an address changes by what is said, and keeps the rest", () => {
  assert.equal(changedSearch("?view=tree&q=a", { q: null, epic: "E 1" }), "?view=tree&epic=E+1");
  assert.equal(changedSearch("?q=a", { q: "" }), "");
});

test("a part of an address is decoded once", () => {
  const id = "a/b %41 ü?#:";
  const path = `/cards/${encodeURIComponent(id)}/turns/7`;
  assert.deepEqual(paramsOf("/cards/:id/turns/:turn", path), { id, turn: "7" });
  assert.deepEqual(paramsOf("/runs/:id", "/runs/100%"), { id: "100%" });
});

test("a span is said in its largest unit", () => {
  const spans = [-5, 18_400, 60_000, 7_199_999, 90_000_000].map(spanOf);
  assert.deepEqual(spans, ["0 s", "18 s", "1 min", "1 h", "1 d"]);
});

test("after signing in only a page of this server is gone to", () => {
  const next = (text: string) => nextOf(`?next=${encodeURIComponent(text)}`);
  assert.equal(next("/runs/r-1?tab=events"), "/runs/r-1?tab=events");
  for (const strange of [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/.//evil.example",
    "/./\\evil.example",
    "/..//evil.example/x",
    "javascript:1",
    "/login",
    "",
  ])
    assert.equal(next(strange), "/board", strange);
  assert.equal(nextOf(""), "/board");
});
