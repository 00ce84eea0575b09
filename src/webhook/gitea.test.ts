// Decoders over everything a body may be: what is signed and odd is refused or ignored, and never a failure.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { parseDelivery, repositoryOf } from "./gitea.ts";

const FOLDER = new URL("../../test/fixtures/gitea/", import.meta.url);
const NO_HEADERS = { event: null, eventType: null };

type Sample = {
  readonly name: string;
  readonly value: Record<string, unknown>;
  readonly headers: { readonly event: string | null; readonly eventType: string | null };
};

const samples: readonly Sample[] = readdirSync(FOLDER)
  .filter((file) => /^\d.*(?<!headers)\.json$/.test(file))
  .map((file) => {
    const read = (name: string) =>
      JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as Record<string, unknown>;
    const headers = read(file.replace(/json$/, "headers.json"));
    return {
      name: file,
      value: read(file),
      headers: {
        event: String(headers["X-Gitea-Event"]),
        eventType: String(headers["X-Gitea-Event-Type"]),
      },
    };
  });

type Path = readonly string[];

/** Every member of a body, by path, as deep as anything is read from. */
function pathsOf(value: unknown, depth = 0): readonly Path[] {
  if (typeof value !== "object" || value === null || depth === 3) return [];
  return Object.entries(value).flatMap(([key, member]) => [
    [key],
    ...pathsOf(member, depth + 1).map((path) => [key, ...path]),
  ]);
}

function changed(value: unknown, [key = "", ...rest]: Path, to: unknown): unknown {
  const copy = { ...(value as Record<string, unknown>) };
  if (rest.length > 0) copy[key] = changed(copy[key], rest, to);
  else if (to === undefined) delete copy[key];
  else copy[key] = to;
  return copy;
}

const ODD = [undefined, null, 0, -1, 1.5, 1e300, "", "x", true, [], {}, [null], "é".repeat(300)];

test("R-63 any field null, absent or of a wrong type is read, refused or ignored, for every sample", () => {
  for (const { name, value, headers } of samples)
    for (const path of pathsOf(value))
      for (const to of ODD) {
        const body = changed(value, path, to);
        const read = parseDelivery(body, headers);
        repositoryOf(body);
        if (!read.ok) assert.equal(read.error.code, "PAYLOAD_INVALID");
        // Whatever was accepted has what the work on it needs.
        else if (read.value.state === "accepted") {
          const { repository, pullRequest, event } = read.value;
          assert.ok(Number.isSafeInteger(repository?.id) && repository?.fullName !== "", name);
          if (event.startsWith("pull_request"))
            assert.ok(Number.isSafeInteger(pullRequest) && (pullRequest ?? 0) > 0, name);
        }
      }
});

test("R-63 any JSON with any headers is read, refused or ignored", () => {
  const word = fc.constantFrom("pull_request", "push", "pull_request_comment", "x", "fork", "");
  const key = fc.constantFrom(
    "action",
    "pull_request",
    "issue",
    "comment",
    "review",
    "repository",
    "sender",
    "ref",
    "before",
    "after",
    "sha",
    "context",
    "number",
    "is_pull",
    "run",
    "__proto__",
  );
  const body = fc.dictionary(key, fc.oneof(fc.jsonValue(), fc.dictionary(key, fc.jsonValue())));
  const header = fc.option(fc.oneof(word, fc.string()));
  fc.assert(
    fc.property(fc.oneof(body, fc.jsonValue()), header, header, (value, event, eventType) => {
      const read = parseDelivery(value, { event, eventType });
      assert.ok(typeof repositoryOf(value) === "string");
      if (!read.ok) assert.equal(read.error.message, "Invalid payload");
    }),
  );
});

test("the words of the headers must be those of the body, each alone too", () => {
  for (const { name, value, headers } of samples) {
    const { event, eventType } = headers;
    for (const said of [
      headers,
      NO_HEADERS,
      { event, eventType: null },
      { event: null, eventType },
    ])
      assert.equal(parseDelivery(value, said).ok, true, `${name} ${JSON.stringify(said)}`);
    for (const other of samples) {
      const own = other.headers;
      if (own.eventType !== eventType) {
        assert.equal(parseDelivery(value, { event, eventType: own.eventType }).ok, false, name);
        assert.equal(parseDelivery(value, { event: null, eventType: own.eventType }).ok, false);
      }
      if (own.event !== event)
        assert.equal(parseDelivery(value, { event: own.event, eventType }).ok, false, name);
    }
  }
});

test("pull_request_comment is a review by its coarse word and a conversation by its fine one", () => {
  const review = samples.find(({ name }) => name.startsWith("07"));
  const comment = samples.find(({ name }) => name.startsWith("10"));
  const eventOf = (value: unknown, said: Sample["headers"]) => {
    const read = parseDelivery(value, said);
    return read.ok ? read.value.event : read.error.code;
  };
  const coarse = { event: "pull_request_comment", eventType: null };
  const fine = { event: null, eventType: "pull_request_comment" };
  assert.equal(eventOf(review?.value, coarse), "pull_request_review_comment");
  assert.equal(eventOf(comment?.value, fine), "pull_request_comment");
  assert.equal(eventOf(review?.value, fine), "PAYLOAD_INVALID");
  assert.equal(eventOf(comment?.value, coarse), "PAYLOAD_INVALID");
});

test("a review that contradicts itself is no delivery", () => {
  const { value, headers } = samples.find(({ name }) => name.startsWith("06")) as Sample;
  for (const [path, to] of [
    [["action"], "opened"],
    [["review"], null],
    [["review", "type"], "pull_request_review_rejected"],
    [["review", "type"], "pull_request_approved"],
    [["number"], 13],
  ] as const)
    assert.equal(parseDelivery(changed(value, path, to), headers).ok, false, path.join("."));
});
