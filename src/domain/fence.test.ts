// A fence cannot occur in what it holds, whatever that is.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fence, fenced } from "./fence.ts";

test("the fence is longer than any run of backticks inside", () => {
  assert.equal(fence("text"), "```\ntext\n```");
  assert.equal(fence("```\nout\n```"), "````\n```\nout\n```\n````");
  const parts = fc.constantFrom("`", "```", "\n", "x", "````````");
  fc.assert(
    fc.property(
      fc.array(parts).map((list) => list.join("")),
      (text) => {
        const [mark = "", ...rest] = fenced("TITLE", text).split("\n").slice(1);
        assert.match(mark, /^`{3,}$/);
        assert.ok(!text.includes(mark));
        assert.equal(rest.join("\n"), `${text}\n${mark}`);
      },
    ),
  );
});

test("a text of half a million backtick runs is fenced as well", () => {
  const text = "` ".repeat(500_000);
  assert.ok(fence(text).startsWith("```\n` "));
});
