// Signatures against a published vector, and every way in which a header can be wrong.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isSignedBy, readSignature, sign } from "./signature.ts";

test("signs as RFC 4231 says, test cases 1 and 2", () => {
  assert.equal(
    sign("Jefe", Buffer.from("what do ya want for nothing?")).toString("hex"),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
  assert.equal(
    sign("\u000b".repeat(20), Buffer.from("Hi There")).toString("hex"),
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  );
});

const GOOD = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

test("R-41 takes exactly one header of 64 lower-case hexadecimal digits", () => {
  const read = readSignature([GOOD]);
  assert.ok(read.kind === "hex" && read.bytes.length === 32);
  for (const values of [undefined, [], [""], ["  "], ["", ""]])
    assert.equal(readSignature(values).kind, "missing", JSON.stringify(values));
  const malformed = [
    [GOOD.toUpperCase()],
    [`${GOOD}00`],
    [`${GOOD}zz`],
    [`${GOOD}\n`],
    [` ${GOOD}`],
    [`sha256=${GOOD}`],
    [GOOD.slice(1)],
    [`${GOOD}, ${GOOD}`],
    [GOOD, GOOD],
    [GOOD, ""],
    ["g".repeat(64)],
    ["é".repeat(32)],
  ];
  for (const values of malformed)
    assert.equal(readSignature(values).kind, "malformed", JSON.stringify(values));
});

test("either secret is good during a rotation, no other is, and no secret lets nobody in", () => {
  const body = Buffer.from("{}");
  const [now, before] = ["n".repeat(32), "b".repeat(32)];
  assert.equal(isSignedBy([now, before], body, sign(now, body)), true);
  assert.equal(isSignedBy([now, before], body, sign(before, body)), true);
  assert.equal(isSignedBy([now], body, sign(before, body)), false);
  assert.equal(isSignedBy([], body, sign(now, body)), false);
  assert.equal(isSignedBy([now], Buffer.from("{} "), sign(now, body)), false);
});
