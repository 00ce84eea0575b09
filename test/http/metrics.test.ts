// The figures for Prometheus: well formed, for keys alone, and the same as what the store holds after a real run.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Run } from "../../src/domain/run.ts";
import type { HttpScene } from "../support/http-scene.ts";
import { KEYS, openHttp } from "../support/http-scene.ts";

type Sample = { readonly name: string; readonly labels: string; readonly value: number };

/** The text format 0.0.4, read strictly: each family says what it is before its first sample. */
function parse(text: string): readonly Sample[] {
  assert.ok(text.endsWith("\n"));
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  for (const line of text.split("\n").filter(Boolean)) {
    const [, kind, family, rest] =
      /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line) ?? [];
    if (kind !== undefined && family !== undefined) {
      if (kind === "TYPE") types.set(family, rest ?? "");
      continue;
    }
    const [, name, labels = "", value] =
      /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\})? (\S+)$/.exec(line) ??
      [];
    assert.ok(name !== undefined, `no sample: ${line}`);
    const declared = name.replace(/_(?:sum|count|bucket)$/, "");
    assert.ok(types.has(name) || types.has(declared), `${name} has no TYPE`);
    // What was not measured yet is not a number, and Prometheus takes it in any spelling.
    assert.ok(Number.isFinite(Number(value)) || /^nan$/i.test(value ?? ""), line);
    samples.push({ name, labels, value: Number(value) });
  }
  return samples;
}

const metrics = async ({ ask }: HttpScene): Promise<readonly Sample[]> => {
  const answer = await ask({ path: "/metrics", key: KEYS.read });
  assert.equal(answer.status, 200);
  assert.match(String(answer.headers["content-type"]), /^text\/plain; version=0\.0\.4/);
  return parse(answer.text);
};

const valueOf = (samples: readonly Sample[], name: string, labels = ""): number | undefined =>
  samples.find((one) => one.name === name && one.labels === labels)?.value;

test("says what there is by state, every state named, and agrees with the store after a run", async (context) => {
  const scene = await openHttp(context);
  const before = await metrics(scene);
  assert.equal(valueOf(before, "orket_runs", '{state="done"}'), 0);
  assert.equal(valueOf(before, "orket_deliveries", '{state="dead"}'), 0);
  const started = await scene.ask({
    method: "POST",
    path: "/v1/runs",
    key: KEYS.operate,
    body: { card: "work" },
  });
  const { id } = started.json["run"] as Run;
  while (scene.tasks.activeCount() > 0) await new Promise((resolve) => setImmediate(resolve));
  const after = await metrics(scene);
  const { run, seq } = await scene.engine.store.read(async ({ runs, events }) => ({
    run: await runs.get(id),
    seq: await events.lastSeq(),
  }));
  assert.equal(run?.status, "done");
  assert.equal(valueOf(after, "orket_runs", '{state="done"}'), 1);
  // The issue and its epic.
  assert.equal(valueOf(after, "orket_cards", '{state="done"}'), 2);
  assert.equal(valueOf(after, "orket_active_tasks"), 0);
  assert.equal(valueOf(after, "orket_event_last_seq"), seq);
  assert.equal(valueOf(after, "orket_run_turns"), run?.turns);
  assert.equal(valueOf(after, "orket_run_tokens", '{direction="input"}'), run?.usage.inputTokens);
  assert.equal(valueOf(after, "orket_build_info", '{version="1.2.3"}'), 1);
  assert.ok((valueOf(after, "process_resident_memory_bytes") ?? 0) > 1e6);
});

test("names nothing of the project, so that the series are as many whatever the backlog", async (context) => {
  const few = await metrics(await openHttp(context, { issues: [{ id: "secret-card" }] }));
  const scene = await openHttp(context, {
    issues: Array.from({ length: 50 }, (_, at) => ({ id: `card-${at}` })),
  });
  await scene.ask({ method: "POST", path: "/v1/runs", key: KEYS.operate, body: { card: "work" } });
  while (scene.tasks.activeCount() > 0) await new Promise((resolve) => setImmediate(resolve));
  const many = await metrics(scene);
  const own = (samples: readonly Sample[]): readonly string[] =>
    samples
      .filter(({ name }) => name.startsWith("orket_"))
      .map(({ name, labels }) => name + labels);
  assert.deepEqual(own(many), own(few));
  assert.ok(!JSON.stringify([few, many]).includes("card-"));
});

test("is shut to strangers, and open to each scope", async (context) => {
  const { ask } = await openHttp(context);
  for (const key of [undefined, "wrong", ""]) {
    const answer = await ask({ path: "/metrics", ...(key === undefined ? {} : { key }) });
    assert.deepEqual([answer.status, answer.json["code"]], [403, "KEY_REFUSED"]);
  }
  for (const key of Object.values(KEYS))
    assert.equal((await ask({ path: "/metrics", key })).status, 200);
});
