// Line ends of a file survive the field in which it is edited.
import assert from "node:assert/strict";
import { test } from "node:test";
import { forFile, inField, lineEndsOf } from "./file-text.ts";

test("a file keeps its own line ends", () => {
  for (const content of ["", "one", "a\nb\n", "a\r\nb\r\n", "a\rb"]) {
    const { ends, isMixed } = lineEndsOf(content);
    assert.equal(forFile(inField(content), ends), content);
    assert.equal(isMixed, false);
  }
  assert.equal(inField("a\r\nb\rc\n"), "a\nb\nc\n");
});

test("of mixed line ends the most frequent is taken, and that is known", () => {
  assert.deepEqual(lineEndsOf("a\r\nb\r\nc\n"), { ends: "\r\n", isMixed: true });
  assert.deepEqual(lineEndsOf("a\nb\nc\r\n"), { ends: "\n", isMixed: true });
});
