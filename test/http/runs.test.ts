// Runs and cards over the API, on real parts with a scripted model: what can be started, steered and seen, and what is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpScene, Question } from "../support/http-scene.ts";
import { API_KEY, KEYS, openHttp } from "../support/http-scene.ts";
import { approve, epicFile, script, simpleScript, write } from "../support/project.ts";

type Run = { readonly id: string; readonly status: string; readonly reason: string | null };

const post = (path: string, body?: unknown): Question => ({
  path,
  method: "POST",
  key: KEYS.operate,
  ...(body === undefined ? {} : { body }),
});

const seqOf = async ({ engine }: HttpScene): Promise<number> =>
  engine.store.read(async ({ events }) => events.lastSeq());

type Wanted = { readonly id: string; readonly status: string; readonly active?: number };

async function until(scene: HttpScene, { id, status, active = 0 }: Wanted): Promise<Run> {
  for (;;) {
    const { json } = await scene.ask({ path: `/v1/runs/${id}`, key: KEYS.read });
    const run = json["run"] as Run;
    if (run.status === status && scene.tasks.activeCount() === active) return run;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("R-01 a run is started, seen and done, and its cards with it", async (context) => {
  const scene = await openHttp(context);
  const { ask } = scene;
  const started = await ask(post("/v1/runs", { card: "work" }));
  assert.equal(started.status, 202);
  const { id } = started.json["run"] as Run;
  assert.deepEqual((await until(scene, { id, status: "done" })).reason, "complete");
  const listed = await ask({ path: "/v1/runs?limit=1&status=done,failed", key: KEYS.read });
  assert.deepEqual(
    (listed.json["runs"] as readonly Run[]).map((run) => run.id),
    [id],
  );
  assert.deepEqual([listed.json["next"], listed.json["asOfSeq"]], [null, await seqOf(scene)]);
  const card = await ask({ path: "/v1/cards/API", key: KEYS.read });
  assert.equal((card.json["card"] as { status: string }).status, "done");
  assert.equal(card.json["asOfSeq"], await seqOf(scene));
  const session = await ask({ path: `/v1/sessions/${id}`, key: KEYS.read });
  assert.deepEqual([session.json["session_id"], session.json["status"]], [id, "done"]);
  const snapshot = await ask({ path: `/v1/sessions/${id}/snapshot`, key: KEYS.read });
  assert.deepEqual(Object.keys(snapshot.json["snapshot"] as object).includes("assets"), true);
  for (const path of ["/v1/runs/none", "/v1/sessions/none", "/v1/sessions/none/snapshot"]) {
    const unknown = await ask({ path, key: KEYS.read });
    assert.deepEqual([unknown.status, unknown.json["code"]], [404, "RUN_UNKNOWN"], path);
  }
});

test("run-active names a session, and refuses no asset, an unknown one and a build that is held", async (context) => {
  const scene = await openHttp(context, {
    script: script({ api: { coder: [{ text: "Done.", delayMs: 60_000 }] } }),
  });
  const { ask } = scene;
  const active = async (body: unknown) => {
    const { status, json } = await ask(post("/v1/system/run-active", body));
    return [status, json["detail"] ?? json["code"] ?? Object.keys(json)];
  };
  for (const body of [{}, { path: "" }, { path: " ", issue_id: null }, { path: "/" }])
    assert.deepEqual(await active(body), [400, "No asset ID provided."]);
  assert.equal((await active({ path: "model/core/epics/nothing.yaml" }))[0], 404);
  assert.equal((await active({ issue_id: "nobody" }))[0], 404);
  assert.deepEqual(await active({ path: "model/core/epics/work.yaml" }), [200, ["session_id"]]);
  assert.equal((await active({ issue_id: "api" }))[0], 409);
  assert.equal((await ask(post("/v1/runs", { card: "work" }))).json["code"], "BUILD_BUSY");
  const other = await ask(post("/v1/system/run-active", { path: "work", build_id: "second" }));
  assert.equal(other.status, 200);
  const { json } = await ask({ path: "/v1/system/heartbeat", key: KEYS.read });
  assert.deepEqual([json["status"], json["active_tasks"]], ["online", 2]);
});

test("a run is paused, continued and canceled, and what does not fit its state is a 409", async (context) => {
  const slow = script({
    api: { coder: [write("src/engines/a_engine.ts", "1\n"), { text: "Done.", delayMs: 60_000 }] },
  });
  const scene = await openHttp(context, { script: slow });
  const { ask } = scene;
  const { id } = (await ask(post("/v1/runs", { card: "work" }))).json["run"] as Run;
  const early = await ask(post(`/v1/runs/${id}/continue`));
  assert.deepEqual([early.status, early.json["code"]], [409, "RUN_STATE"]);
  const canceled = await ask(post(`/v1/runs/${id}/cancel`));
  assert.equal((canceled.json["run"] as Run).status, "canceled");
  await until(scene, { id, status: "canceled" });
  for (const verb of ["pause", "continue", "cancel"]) {
    const refused = await ask(post(`/v1/runs/${id}/${verb}`));
    assert.deepEqual([refused.status, refused.json["code"]], [409, "RUN_STATE"], verb);
    assert.equal((await ask(post(`/v1/runs/none/${verb}`))).status, 404, verb);
  }
  const events = await scene.engine.store.read(async (store) =>
    store.events.list({ types: ["run-stop-requested"], limit: 9 }),
  );
  assert.deepEqual(
    events.map(({ actor }) => actor),
    ["human:operate-key"],
  );
});

test("a paused run goes on where it was when it is continued, and twice at once is as good as once", async (context) => {
  const slow = (id: string) => ({
    coder: [write(`src/engines/${id}_engine.ts`, "1\n"), { text: "Done.", delayMs: 300 }],
    guard: [approve],
  });
  const scene = await openHttp(context, {
    issues: [{ id: "a" }, { id: "b", depends_on: ["a"] }],
    script: script({ a: slow("a"), b: slow("b") }),
  });
  const { ask } = scene;
  const { id } = (await ask(post("/v1/runs", { card: "work" }))).json["run"] as Run;
  await until(scene, { id, status: "running", active: 1 });
  assert.equal((await ask(post(`/v1/runs/${id}/pause`))).status, 200);
  await until(scene, { id, status: "paused" });
  const both = [ask(post(`/v1/runs/${id}/continue`)), ask(post(`/v1/runs/${id}/continue`))];
  const statuses = (await Promise.all(both)).map(({ status }) => status);
  assert.deepEqual(statuses, [200, 200]);
  await until(scene, { id, status: "done" });
});

test("a run is forked from one of its turns, and what cannot be forked is refused with its code", async (context) => {
  const scene = await openHttp(context);
  const { ask } = scene;
  const { id } = (await ask(post("/v1/runs", { card: "work" }))).json["run"] as Run;
  await until(scene, { id, status: "done" });
  const made = await ask(post(`/v1/runs/${id}/fork`, { turn: 1, budget: { turnsMax: 9 } }));
  const fork = made.json["run"] as Run & { builds: readonly string[]; budget: object };
  assert.deepEqual([made.status, fork.builds], [202, ["build-work-fork-1"]]);
  assert.deepEqual(fork.budget, {
    tokensMax: null,
    costUsdMax: null,
    minutesMax: null,
    turnsMax: 9,
  });
  await until(scene, { id: fork.id, status: "done" });
  const { json } = await ask({ path: `/v1/runs/${fork.id}`, key: KEYS.read });
  assert.deepEqual(json["from"], { run: id, turn: 1 });
  const refusals = [
    [id, { turn: 99 }, 404, "TURN_UNKNOWN"],
    ["none", { turn: 1 }, 404, "RUN_UNKNOWN"],
    [id, { turn: 1, build: "build-work" }, 409, "BUILD_EXISTS"],
    [id, { turn: 1, build: "../out" }, 400, "USAGE"],
    [id, { turn: 0 }, 400, "REQUEST_INVALID"],
    [id, {}, 400, "REQUEST_INVALID"],
  ] as const;
  for (const [run, body, status, code] of refusals) {
    const refused = await ask(post(`/v1/runs/${run}/fork`, body));
    assert.deepEqual([refused.status, refused.json["code"]], [status, code], JSON.stringify(body));
  }
});

test("a key is told its own name and scope", async (context) => {
  const { ask } = await openHttp(context);
  const names = { read: "read-key", operate: "operate-key", admin: "ORKET_API_KEY" } as const;
  for (const scope of ["read", "operate", "admin"] as const) {
    const { json } = await ask({ path: "/v1/key", key: KEYS[scope] });
    assert.deepEqual(json, { name: names[scope], scope });
  }
});

test("cards are moved by the rules and commented on, and what the rules refuse is a 409 with the rule", async (context) => {
  const scene = await openHttp(context);
  const { ask } = scene;
  const { id } = (await ask(post("/v1/runs", { card: "work" }))).json["run"] as Run;
  await until(scene, { id, status: "done" });
  const refused = await ask(post("/v1/cards/api/move", { to: "code_review" }));
  assert.deepEqual([refused.status, refused.json["code"]], [409, "CARD_MOVE_REFUSED"]);
  assert.match(String(refused.json["detail"]), /done/);
  const bad = await ask(post("/v1/cards/api/move", { to: "shining" }));
  assert.deepEqual([bad.status, bad.json["code"]], [400, "STATUS_INVALID"]);
  assert.equal((await ask(post("/v1/cards/none/move", { to: "ready" }))).status, 404);
  const archived = await ask(post("/v1/cards/api/move", { to: "archived" }));
  assert.equal((archived.json["card"] as { status: string }).status, "archived");
  const commented = await ask(post("/v1/cards/api/comments", { text: " Use UTC. " }));
  const comments = commented.json["comments"] as readonly { author: string; text: string }[];
  assert.deepEqual(
    comments.slice(-1).map(({ author, text }) => [author, text]),
    [["human:operate-key", "Use UTC."]],
  );
  assert.equal((await ask(post("/v1/cards/api/comments", { text: " " }))).status, 400);
  const build = { build: "elsewhere" };
  assert.equal((await ask(post("/v1/cards/api/comments", { text: "x", ...build }))).status, 404);
});

test("lists come in parts that hold each entry exactly once, and a history is told in order", async (context) => {
  const ids = ["a", "b", "c", "d", "e"];
  const scene = await openHttp(context, {
    issues: ids.map((id) => ({ id })),
    script: simpleScript(ids),
  });
  const { ask } = scene;
  const { id } = (await ask(post("/v1/runs", { card: "work" }))).json["run"] as Run;
  await until(scene, { id, status: "done" });
  const seen: string[] = [];
  let cursor = "";
  do {
    const path = `/v1/cards?kind=issue&limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`;
    const { json } = await ask({ path, key: KEYS.read });
    seen.push(...(json["cards"] as readonly { id: string }[]).map((card) => card.id));
    cursor = encodeURIComponent((json["next"] as string | null) ?? "");
  } while (cursor !== "");
  assert.deepEqual(seen, ids);
  const seqs: number[] = [];
  let after: number | null = 0;
  while (after !== null) {
    const path = `/v1/cards/a/history?limit=3&after=${after}`;
    const { json } = await ask({ path, key: KEYS.read });
    seqs.push(...(json["events"] as readonly { seq: number }[]).map(({ seq }) => seq));
    after = json["next"] as number | null;
  }
  assert.ok(seqs.length > 5);
  assert.deepEqual(
    seqs,
    [...new Set(seqs)].toSorted((left, right) => left - right),
  );
  for (const path of [
    "/v1/cards?limit=0",
    "/v1/cards?limit=1001",
    "/v1/cards?limit=x",
    "/v1/cards?cursor=nonsense",
    "/v1/cards?status=shining",
    "/v1/cards?surplus=1",
    "/v1/runs?status=,",
    "/v1/cards/a/history?after=-1",
    "/v1/runs?limit=1&limit=2",
  ]) {
    const { status, json } = await ask({ path, key: API_KEY });
    assert.deepEqual([status, json["code"]], [400, "REQUEST_INVALID"], path);
  }
});

test("a project whose assets do not load starts no run and says where, and the server goes on", async (context) => {
  const broken = { "model/core/epics/broken.yaml": epicFile([{ id: "x", seat: "nobody" }]) };
  const { ask } = await openHttp(context, { files: broken });
  const refused = await ask(post("/v1/runs", { card: "work" }));
  assert.deepEqual([refused.status, refused.json["code"]], [422, "ASSET_INVALID"]);
  const [problem] = refused.json["problems"] as readonly { path: string }[];
  assert.match(problem?.path ?? "", /^model\/core\/epics\/broken\.yaml/);
  assert.equal((await ask({ path: "/v1/cards", key: KEYS.read })).status, 200);
});
