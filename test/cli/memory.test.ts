// The command line as a process: what turns left to the project's memory, looked through and forgotten by a person.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runOrket } from "../support/orket.ts";
import { approve, epicFile, makeProject, say, script, write } from "../support/project.ts";

const SECRET = "sk-0123456789abcdefghijklmnop";

/** Two cards of the architect. The second's words hold a terminal sequence, and a secret where the text is cut. */
async function remembering(context: { after: (work: () => Promise<void>) => void }) {
  const words = ["Storage is a file.", `Format\u001b[2J is JSON ${"x".repeat(170)} ${SECRET}`];
  const cards = Object.fromEntries(
    ["api", "ui"].map((id, place) => [
      id,
      {
        architect: [write(`src/engines/${id}_engine.ts`, "1\n"), say(words[place] ?? "")],
        guard: [approve],
      },
    ]),
  );
  const issues = ["api", "ui"].map((id) => ({ id, seat: "architect" }));
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile(issues),
    "script.yaml": script(cards),
    "orket.yaml": "concurrency: 1\n",
  });
  context.after(project.remove);
  const orket = async (...args: readonly string[]) =>
    runOrket(args, { cwd: project.dir, env: { OPENAI_API_KEY: SECRET, USER: "me" } });
  return { orket, dir: project.dir };
}

type Listed = { readonly memories: readonly { readonly id: number; readonly text: string }[] };

test("memory lists what turns decided, finds it by words, and forgets one for good", async (context) => {
  const { orket } = await remembering(context);
  const none = await orket("memory");
  assert.deepEqual([none.code, none.out], [0, ""]);
  assert.match(none.err, /Nothing is remembered yet/);
  assert.equal((await orket("run", "work")).code, 0);

  const listed = await orket("memory");
  assert.match(
    listed.out,
    /^id .*memory\n.* ui .*\n.* api +architect +Decision by architect on api: /,
  );
  assert.ok(!listed.out.includes("\u001b"));
  const { memories } = JSON.parse((await orket("memory", "--json")).out) as Listed;
  assert.equal(memories.length, 2);

  const found = JSON.parse(
    (await orket("memory", "--search", "FILE storage or", "--json")).out,
  ) as Listed;
  assert.deepEqual(
    found.memories.map(({ text }) => text),
    ["Decision by architect on api: Storage is a file."],
  );
  for (const words of ["nothing-there", "a b", "", '" OR NEAR(']) {
    const { code, out, err } = await orket("memory", "--search", words);
    assert.deepEqual([code, out], [0, ""], words);
    assert.match(err, /No memory has one of these words/, words);
  }

  const id = String(found.memories[0]?.id);
  const forgotten = await orket("memory", "forget", id);
  assert.deepEqual(
    [forgotten.code, forgotten.out],
    [0, "forgotten: Decision by architect on api: Storage is a file.\n"],
  );
  for (const word of [id, "0", "99", "x", "1.5", "9".repeat(30)]) {
    const { code, out, err } = await orket("memory", "forget", word);
    assert.deepEqual([code, out], [2, ""], word);
    assert.match(err, /^error MEMORY_UNKNOWN: .*orket memory\n$/, word);
  }
  const left = JSON.parse((await orket("memory", "--json")).out) as Listed;
  assert.deepEqual(
    left.memories.map((one) => one.id),
    memories.filter((one) => String(one.id) !== id).map((one) => one.id),
  );
  assert.equal((await orket("events", "verify")).code, 0);
});

test("no half of a secret is remembered, wherever the text is cut", async (context) => {
  const { orket } = await remembering(context);
  await orket("run", "work");
  const { out } = await orket("memory", "--search", "format", "--json");
  const { memories } = JSON.parse(out) as Listed;
  assert.match(memories[0]?.text ?? "", /x \[redact/);
  assert.doesNotMatch(out, /sk-0123/);
});
