// The project over HTTP: files, board, sprint, prompt, driver, logs, posture, a run's parts, approvals, archive, sandboxes.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { HttpScene, SceneOptions } from "../support/http-scene.ts";
import { API_KEY, KEYS, openHttp } from "../support/http-scene.ts";
import { approve, call, reject, say, script, write } from "../support/project.ts";

const read = (scene: HttpScene, path: string) => scene.ask({ path, key: KEYS.read });
type Sent = readonly [body: unknown, headers?: Readonly<Record<string, string>>];
const post = (scene: HttpScene, path: string, ...[body, headers = {}]: Sent) =>
  scene.ask({ method: "POST", path, key: API_KEY, body, headers });
const at = (path: string, query: string): string => `${path}?path=${encodeURIComponent(query)}`;

test("R-39 R-64 explorer and read: what is inside and harmless, literally, and nothing else", async (context) => {
  const scene = await openHttp(context);
  const put = (path: string, content: string | Buffer): void =>
    writeFileSync(join(scene.dir, path), content);
  mkdirSync(join(scene.dir, "notes"));
  put("notes/a.b.MD", "# A\n");
  put("notes/%2e%2e", "dots");
  put(".env", "SECRET=1");
  put("binary.bin", Buffer.from([0, 1]));
  put("huge.txt", "x".repeat(1024 * 1024 + 1));
  const listed = await read(scene, at("/v1/system/explorer", "notes"));
  assert.deepEqual(listed.json, {
    items: [
      { name: "%2e%2e", is_dir: false, ext: "" },
      { name: "a.b.MD", is_dir: false, ext: ".md" },
    ].filter(({ name }) => listed.text.includes(name)),
    path: "notes",
  });
  const root = await read(scene, "/v1/system/explorer");
  assert.deepEqual((await read(scene, "/v1/system/explorer?path=")).json, root.json);
  assert.ok(!root.text.includes(".env") && !root.text.includes(".orket"));
  assert.deepEqual((await read(scene, at("/v1/system/explorer", "nothing"))).json["items"], []);
  const file = await read(scene, at("/v1/system/read", "notes/a.b.MD"));
  assert.equal(file.json["content"], "# A\n");
  for (const [path, status] of [
    ["../x", 403],
    ["notes/../.env", 403],
    ["/etc/passwd", 403],
    [".env", 403],
    [".orket/orket.db", 403],
    [".git/config", 403],
    ["key.pem", 403],
    ["nothing.md", 404],
    ["notes", 400],
    ["binary.bin", 400],
    ["huge.txt", 413],
  ] as const)
    assert.equal((await read(scene, at("/v1/system/read", path))).status, status, path);
  assert.equal((await read(scene, at("/v1/system/explorer", "notes/a.b.MD"))).status, 400);
  assert.equal((await read(scene, at("/v1/system/explorer", ".."))).status, 403);
});

test("save writes inside the project, and with If-Match only over what was read", async (context) => {
  const scene = await openHttp(context);
  const path = "notes/new.md";
  const made = await post(scene, "/v1/system/save", { path, content: "one" });
  assert.deepEqual([made.status, made.json["ok"]], [200, true]);
  const { headers } = await read(scene, at("/v1/system/read", path));
  const match = { "if-match": String(headers["etag"]) };
  assert.equal((await post(scene, "/v1/system/save", { path, content: "two" }, match)).status, 200);
  assert.equal(
    (await post(scene, "/v1/system/save", { path, content: "lost" }, match)).status,
    412,
  );
  const weak = { "if-match": "*" };
  assert.equal((await post(scene, "/v1/system/save", { path, content: "lost" }, weak)).status, 412);
  assert.equal(readFileSync(join(scene.dir, path), "utf8"), "two");
  for (const [bad, status] of [
    [{ path: ".env", content: "x" }, 403],
    [{ path: "../x", content: "x" }, 403],
    [{ path, content: null }, 400],
    [{ path, content: "a\u0000b" }, 400],
    [{ path, content: "x".repeat(1024 * 1024 + 1) }, 413],
  ] as const)
    assert.equal(
      (await post(scene, "/v1/system/save", bad)).status,
      status,
      JSON.stringify(bad).slice(0, 40),
    );
  assert.ok(!existsSync(join(scene.dir, ".env")));
  const operate = {
    method: "POST",
    path: "/v1/system/save",
    key: KEYS.operate,
    body: { path, content: "x" },
  };
  assert.equal((await scene.ask(operate)).status, 403);
});

test("board, sprint, prompt and posture", async (context) => {
  const scene = await openHttp(context);
  const board = await read(scene, "/v1/system/board");
  assert.equal(board.status, 200);
  assert.match(board.text, /"id":"api"/);
  assert.deepEqual(board.json["artifacts"], []);
  const { json } = await read(scene, "/v1/system/calendar");
  assert.match(String(json["current_sprint"]), /^Q\d S\d+$/);
  const preview = await read(scene, "/v1/system/preview-asset?issue_id=api");
  assert.equal(preview.status, 200);
  assert.equal((preview.json["messages"] as { role: string }[])[0]?.role, "system");
  assert.equal((await read(scene, "/v1/system/preview-asset?issue_id=ghost")).status, 404);
  assert.equal((await read(scene, "/v1/system/preview-asset")).status, 400);
  assert.equal((await read(scene, "/v1/system/security")).status, 403);
  const posture = await scene.ask({ path: "/v1/system/security", key: API_KEY });
  assert.deepEqual(posture.json["checks"], await scene.api.posture());
});

test("the settings are an administrator's, and hide what looks like a secret", async (context) => {
  const scene = await openHttp(context);
  const path = "/v1/system/settings";
  for (const key of [KEYS.read, KEYS.operate])
    assert.equal((await scene.ask({ path, key })).status, 403);
  const { status, text, json } = await scene.ask({ path, key: API_KEY });
  const [shown] = json["settings"] as { key: string; value: string; origin: string }[];
  assert.deepEqual([status, shown?.key, shown?.origin], [200, "docker_host", "environment"]);
  assert.match(shown?.value ?? "", /host\.invalid/);
  assert.doesNotMatch(text, /canary/);
});

test("a project whose assets do not load is a 4xx with the places, not a 500", async (context) => {
  const scene = await openHttp(context);
  writeFileSync(join(scene.dir, "model/core/epics/work.yaml"), "name: [");
  const board = await read(scene, "/v1/system/board");
  assert.ok(board.status >= 400 && board.status < 500, board.text);
  assert.equal(board.json["code"], "ASSET_INVALID");
});

test("the driver answers, its plan waits for an approval, and a model that is down is a 502", async (context) => {
  const settings = { model: "scripted:script.yaml" };
  const down = await openHttp(context, { script: script({}), options: { settings } });
  const asked = await post(down, "/v1/system/chat-driver", { message: "What is there?" });
  assert.equal(asked.status, 502, asked.text);
  assert.match(String(asked.json["code"]), /^MODEL_/);
});

const CARDS = {
  api: {
    coder: [
      write("src/engines/api_engine.ts", "1\n"),
      say("Done."),
      write("src/engines/api_engine.ts", "2\n"),
      say("Fixed."),
    ],
    guard: [reject("The number must be two, not one."), approve],
  },
};

async function ran(context: TestContext, options: SceneOptions = {}) {
  const scene = await openHttp(context, { script: script(CARDS), ...options });
  const ended = await scene.run({ card: "work" });
  return { ...scene, ended };
}

test("R-18 R-20 a run's parts: turns, one from near, files with diffs, backlog, metrics, events", async (context) => {
  const scene = await ran(context);
  const of = (part: string) => read(scene, `/v1/runs/${scene.ended.id}/${part}`);
  const turns = (await of("turns")).json["turns"] as { numberInRun: number; seat: string }[];
  assert.deepEqual(
    turns.map(({ numberInRun, seat }) => [numberInRun, seat]),
    [
      [1, "coder"],
      [2, "guard"],
      [3, "coder"],
      [4, "guard"],
    ],
  );
  assert.ok(!(await of("turns")).text.includes('"prompt"'));
  const turn = await of("turns/1");
  assert.equal(turn.status, 200);
  const { steps, prompt, events } = turn.json as {
    steps: unknown[];
    prompt: unknown[];
    events: unknown[];
  };
  assert.ok(steps.length === 2 && prompt.length > 0 && events.length > 0);
  assert.equal((await of("turns/99")).status, 404);
  const files = (await of("files")).json["files"] as { path: string; turn: number; text: string }[];
  assert.deepEqual(
    files.map(({ path, turn: number }) => [path, number]),
    [
      ["src/engines/api_engine.ts", 1],
      ["src/engines/api_engine.ts", 3],
    ],
  );
  assert.match(files[1]?.text ?? "", /^-1\n\+2$/m);
  const backlog = (await of("backlog")).json["cards"] as { id: string; status: string }[];
  assert.equal(backlog.find(({ id }) => id === "api")?.status, "done");
  assert.ok("coder" in (await of("metrics")).json);
  for (const part of ["turns", "turns/1", "files", "backlog", "metrics", "events"])
    assert.equal((await read(scene, `/v1/runs/run-ghost/${part}`)).status, 404, part);
});

test("a run's events in parts, forwards and backwards, and by a word in them", async (context) => {
  const scene = await ran(context);
  type Page = {
    readonly events: readonly { seq: number; type: string }[];
    readonly next: number | null;
  };
  const page = async (query: string): Promise<Page> =>
    (await read(scene, `/v1/runs/${scene.ended.id}/events?${query}`)).json as unknown as Page;
  const all = (await page("limit=1000")).events.map(({ seq }) => seq);
  assert.ok(all.length > 20);
  const forwards: number[] = [];
  for (let next: number | null = 0; next !== null;) {
    const found: Page = await page(`limit=7&after=${next}`);
    forwards.push(...found.events.map(({ seq }) => seq));
    next = found.next;
  }
  assert.deepEqual(forwards, all);
  const backwards: number[] = [];
  for (let next: number | null = 1_000_000; next !== null;) {
    const found: Page = await page(`limit=7&before=${next}`);
    backwards.unshift(...found.events.map(({ seq }) => seq));
    next = found.next;
  }
  assert.deepEqual(backwards, all);
  const rejected = await page("q=MUST BE TWO".replaceAll(" ", "%20"));
  assert.ok(rejected.events.some(({ type }) => type === "review-rejected"));
  assert.ok(rejected.events.length < all.length);
});

test("an approval decided over HTTP frees the run that waits for it", async (context) => {
  const scene = await openHttp(context, {
    script: script({
      api: {
        coder: [
          call("reset_issue", { issue_id: "api", confirm: true }),
          write("src/engines/api_engine.ts", "1\n"),
          say("Done."),
        ],
        guard: [approve],
      },
    }),
  });
  const waiting = await scene.run({ card: "work" });
  assert.deepEqual([waiting.status, waiting.reason], ["paused", "approval"]);
  const listed = await read(scene, "/v1/approvals");
  const [approval] = listed.json["approvals"] as { id: string; tool: string }[];
  assert.equal(approval?.tool, "reset_issue");
  const path = `/v1/approvals/${approval?.id ?? ""}`;
  const reader = { method: "POST", path, key: KEYS.read, body: { decision: "allow" } };
  assert.equal((await scene.ask(reader)).status, 403);
  assert.equal((await post(scene, path, { decision: "perhaps" })).status, 400);
  assert.equal((await post(scene, "/v1/approvals/nothing", { decision: "deny" })).status, 404);
  const denied = await post(scene, path, { decision: "deny", reason: "Not now." });
  assert.equal(denied.status, 200);
  assert.equal((denied.json["approval"] as { state: string }).state, "denied");
  assert.equal((await post(scene, path, { decision: "allow" })).status, 409);
  let status = "paused";
  while (["paused", "queued", "running"].includes(status)) {
    const { json } = await read(scene, `/v1/runs/${waiting.id}`);
    ({ status } = json["run"] as { status: string });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(status, "done", (await read(scene, `/v1/runs/${waiting.id}`)).text);
});

test("R-45 archive counts each card once, by id, build and word, and needs a selector", async (context) => {
  const scene = await ran(context);
  const none = await post(scene, "/v1/cards/archive", {});
  assert.equal(none.status, 400);
  assert.match(none.text, /Provide at least one selector: card_ids, build_id, or related_tokens/);
  const body = {
    card_ids: ["api", "API", "ghost"],
    related_tokens: ["api"],
    archived_by: "mallory",
  };
  const archived = await post(scene, "/v1/cards/archive", body);
  assert.deepEqual(archived.json, {
    ok: true,
    archived_count: 1,
    archived_ids: ["api"],
    missing_ids: ["ghost"],
  });
  const events = await scene.api.engine.store.read(async ({ events: log }) =>
    log.list({ types: ["card-archived"], limit: 5 }),
  );
  assert.deepEqual(
    events.map(({ actor }) => actor),
    ["human:ORKET_API_KEY"],
  );
});

test("logs begin anew, and the events are still there", async (context) => {
  const scene = await ran(context);
  assert.ok(existsSync(join(scene.dir, ".orket/logs/build-work.jsonl")));
  assert.deepEqual((await post(scene, "/v1/system/clear-logs", {})).json, { ok: true });
  assert.ok(!existsSync(join(scene.dir, ".orket/logs/build-work.jsonl")));
  const { json } = await read(scene, `/v1/runs/${scene.ended.id}/events`);
  assert.ok((json["events"] as unknown[]).length > 0);
});

test("R-19 sandboxes: an empty list without an engine says so, an unknown one is a 404", async (context) => {
  const scene = await openHttp(context);
  const listed = await read(scene, "/v1/sandboxes");
  assert.deepEqual(
    [listed.status, listed.json["sandboxes"], listed.json["orphans"]],
    [200, [], []],
  );
  assert.ok(typeof listed.json["engine"] === "string");
  assert.equal((await post(scene, "/v1/sandboxes/sandbox-x/stop", {})).status, 404);
  for (const part of ["logs", "health"])
    assert.equal((await read(scene, `/v1/sandboxes/sandbox-x/${part}`)).status, 404, part);
});
