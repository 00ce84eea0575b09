// The webhook listener over real sockets: what is taken, what is refused and how, in the order of the checks, and that
// nothing which is refused leaves anything behind.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { test } from "node:test";
import { EngineError } from "../../src/domain/errors.ts";
import type { Answer, Sent } from "../support/webhook-scene.ts";
import {
  HOOK,
  openWebhook,
  sampleOf,
  samples,
  SECRET,
  send,
  signatureOf,
  signed,
} from "../support/webhook-scene.ts";

const told = ({ status, json }: Answer) => [status, json["detail"] ?? json["status"]];
const OTHER_ID = "11111111-2222-4333-8444-555555555555";

test("every sample is accepted with its own signature, stored byte for byte, and read right", async (context) => {
  const scene = await openWebhook(context);
  for (const sample of samples()) {
    const answer = await scene.send(sample);
    assert.deepEqual(
      [answer.status, answer.json],
      [202, { status: "accepted", delivery: sample.headers["x-gitea-delivery"] }],
      sample.name,
    );
    assert.equal(answer.headers.connection, "close");
    const id = String(sample.headers["x-gitea-delivery"]);
    const body = await scene.engine.store.read(async ({ deliveries }) => deliveries.body(id));
    assert.equal(body, sample.body.toString(), sample.name);
  }
  const stored = await scene.stored();
  assert.deepEqual(
    stored.map(({ event, action, pullRequest, sender }) => [
      event,
      action,
      pullRequest,
      sender?.login,
    ]),
    [
      ["pull_request", "opened", 12, "coder-agent"],
      ["pull_request_sync", "synchronized", 12, "coder-agent"],
      ["pull_request_review_rejected", "reviewed", 12, "integrity_guard"],
      ["pull_request_review_approved", "reviewed", 12, stored[3]?.sender?.login],
      ["pull_request_review_comment", "reviewed", 12, stored[4]?.sender?.login],
      ["pull_request", "closed", 12, stored[5]?.sender?.login],
      ["pull_request_comment", "created", 12, stored[6]?.sender?.login],
      ["push", null, null, stored[7]?.sender?.login],
      ["status", null, null, stored[8]?.sender?.login],
    ],
  );
  for (const one of stored) {
    assert.deepEqual(one.repository, { id: 7, fullName: "orket/sandbox-demo" });
    assert.deepEqual([one.state, one.attempts, one.source], ["accepted", 0, "webhook"]);
  }
  assert.equal(scene.woken(), stored.length);
  const events = await scene.engine.store.read(async (all) => all.events.list({ limit: 100 }));
  const accepted = events.filter(({ type }) => type === "delivery-accepted");
  assert.equal(accepted.length, stored.length);
  assert.ok(!JSON.stringify(events).includes(SECRET));
});

const opened = sampleOf("01");
const signatureHeader = String(opened.headers["x-gitea-signature"]);
const altered = Buffer.from(opened.body);
altered[100] = (altered[100] ?? 0) ^ 1;
const rewritten = Buffer.from(JSON.stringify(JSON.parse(opened.body.toString())));
const form = Buffer.from(`payload=${encodeURIComponent(opened.body.toString())}`);
const zipped = gzipSync(opened.body);
const without = (name: string) =>
  Object.fromEntries(Object.entries(opened.headers).filter(([key]) => key !== name));

const MUTATIONS: readonly (readonly [name: string, sent: Partial<Sent>, expected: unknown])[] = [
  ["no signature", { headers: without("x-gitea-signature") }, [401, "Missing signature"]],
  ["an empty signature", { headers: { "x-gitea-signature": "" } }, [401, "Missing signature"]],
  ["one byte changed", { body: altered }, [401, "Invalid signature"]],
  [
    "another secret",
    { headers: { "x-gitea-signature": signatureOf(opened.body, "x".repeat(36)) } },
    [401, "Invalid signature"],
  ],
  [
    "upper-case digits",
    { headers: { "x-gitea-signature": signatureHeader.toUpperCase() } },
    [401, "Invalid signature"],
  ],
  [
    "junk after it",
    { headers: { "x-gitea-signature": `${signatureHeader}zz` } },
    [401, "Invalid signature"],
  ],
  [
    "a prefix",
    { headers: { "x-gitea-signature": `sha256=${signatureHeader}` } },
    [401, "Invalid signature"],
  ],
  [
    "one digit short",
    { headers: { "x-gitea-signature": signatureHeader.slice(1) } },
    [401, "Invalid signature"],
  ],
  [
    "the header twice",
    { headers: { "x-gitea-signature": [signatureHeader, signatureHeader] } },
    [401, "Invalid signature"],
  ],
  ["JSON that was written again", { body: rewritten }, [401, "Invalid signature"]],
  [
    "a form, whose JSON is signed",
    { body: form, headers: { "content-type": "application/x-www-form-urlencoded" } },
    [401, "Invalid signature"],
  ],
  [
    "a form that is signed as it is",
    { body: form, headers: { "x-gitea-signature": signatureOf(form) } },
    [400, "Invalid payload"],
  ],
  [
    "gzip, which is never unpacked",
    { body: zipped, headers: { "content-encoding": "gzip" } },
    [401, "Invalid signature"],
  ],
  [
    "gzip that is signed",
    {
      body: zipped,
      headers: { "content-encoding": "gzip", "x-gitea-signature": signatureOf(zipped) },
    },
    [400, "Invalid payload"],
  ],
  [
    "another event",
    { headers: { "x-gitea-event": "push", "x-gitea-event-type": "push" } },
    [400, "Invalid payload"],
  ],
  [
    "the event of a review",
    { headers: { "x-gitea-event-type": "pull_request_review_approved" } },
    [400, "Invalid payload"],
  ],
  [
    "another coarse event alone",
    { headers: { "x-gitea-event": "pull_request_approved" } },
    [400, "Invalid payload"],
  ],
  ["an event nobody knows", { headers: { "x-gitea-event-type": "x" } }, [400, "Invalid payload"]],
];

for (const [name, sent, expected] of MUTATIONS)
  test(`R-41 refuses ${name} and keeps nothing of it, and the true one is accepted after it`, async (context) => {
    const scene = await openWebhook(context);
    const headers = { ...(name === "no signature" ? {} : opened.headers), ...sent.headers };
    const answer = await scene.send({ body: sent.body ?? opened.body, headers });
    assert.deepEqual(told(answer), expected);
    assert.match(String(answer.headers["content-type"]), /^application\/problem\+json/);
    assert.deepEqual(await scene.stored(), []);
    assert.equal((await scene.send(opened)).status, 202);
  });

test("headers of no event are not needed: the body alone tells what it is", async (context) => {
  const scene = await openWebhook(context, { perMinute: 1000 });
  for (const { body } of samples()) {
    const headers = { "x-gitea-signature": signatureOf(body), "x-gitea-event": "" };
    assert.equal((await scene.send({ body, headers })).status, 202);
  }
  const stored = await scene.stored();
  assert.deepEqual(
    stored.map(({ id }) => id.startsWith("delivery-")),
    stored.map(() => true),
  );
});

test("R-42 the same body is one delivery, whatever id or headers it comes with, and so is the same id", async (context) => {
  const scene = await openWebhook(context);
  assert.equal((await scene.send(opened)).status, 202);
  const again = await scene.send(opened);
  assert.deepEqual([again.status, again.json], [200, { status: "duplicate" }]);
  const headers = { ...opened.headers, "x-gitea-delivery": OTHER_ID };
  assert.deepEqual(told(await scene.send({ ...opened, headers })), [200, "duplicate"]);
  const other = sampleOf("02");
  const stolen = {
    ...other.headers,
    "x-gitea-delivery": String(opened.headers["x-gitea-delivery"]).toUpperCase(),
  };
  assert.deepEqual(told(await scene.send({ body: other.body, headers: stolen })), [
    200,
    "duplicate",
  ]);
  assert.equal((await scene.stored()).length, 1);
  assert.equal(scene.woken(), 1);
  assert.equal((await scene.send(other)).status, 202);
});

test("R-42 one body that arrives many times at once is stored once", async (context) => {
  const scene = await openWebhook(context);
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, place) =>
      scene.send({
        ...opened,
        headers: {
          ...opened.headers,
          "x-gitea-delivery": `${String(place + 10).repeat(4)}-2222-4333-8444-555555555555`,
        },
      }),
    ),
  );
  const count = (status: number): number => answers.filter((one) => one.status === status).length;
  assert.deepEqual([count(202), count(200)], [1, 19]);
  assert.equal((await scene.stored()).length, 1);
});

test("both secrets are good during a rotation, and the old one alone is not", async (context) => {
  const secrets = ["the-new-secret-of-the-hook-0123456789", SECRET];
  const both = await openWebhook(context, { secrets });
  assert.equal((await both.send(opened)).status, 202);
  const { body } = sampleOf("02");
  const headers = { "x-gitea-signature": signatureOf(body, secrets[0]) };
  assert.equal((await both.send({ body, headers })).status, 202);
  const one = await openWebhook(context, { secrets: secrets.slice(0, 1) });
  assert.equal((await one.send(opened)).status, 401);
});

test("an event that nothing handles is kept and ignored, with its reason, and unknown ones too", async (context) => {
  const scene = await openWebhook(context);
  const repository = { id: 7, full_name: "orket/sandbox-demo" };
  const labelled = {
    ...(JSON.parse(opened.body.toString()) as object),
    action: "label_updated",
  };
  const cases: readonly (readonly [unknown, Record<string, string>])[] = [
    [labelled, { "x-gitea-event": "pull_request", "x-gitea-event-type": "pull_request_label" }],
    [{ action: "created", forkee: {}, repository }, { "x-gitea-event-type": "fork" }],
    [
      { action: "success", run: { repository }, prior_status: 1 },
      { "x-gitea-event": "action_run_success" },
    ],
    [{ action: "pinned", issue: {}, repository }, { "x-gitea-event": "issues" }],
    [{ ref: "main", ref_type: "branch", repository }, { "x-gitea-event": "create" }],
  ];
  for (const [value, headers] of cases) {
    const answer = await scene.send(signed(value, headers));
    assert.deepEqual([answer.status, answer.json], [202, { status: "ignored" }]);
  }
  const stored = await scene.stored();
  assert.deepEqual(
    stored.map(({ state, event, reason }) => [state, event, reason]),
    [
      ["ignored", "pull_request_label", "Nothing is done about pull_request_label."],
      ["ignored", "other", "Nothing is done about fork."],
      ["ignored", "other", "Nothing is done about action_run_success."],
      ["ignored", "other", "Nothing is done about issues."],
      ["ignored", "create", "Nothing is done about create."],
    ],
  );
  assert.equal(scene.woken(), 0);
  const [, fork] = cases;
  const other = signed(fork?.[0], { "x-gitea-event-type": "wiki" });
  assert.deepEqual(told(await scene.send(other)), [200, "duplicate"]);
});

test("R-63 what is signed and no delivery is an invalid payload", async (context) => {
  const scene = await openWebhook(context, { perMinute: 1000 });
  const bodies = [
    "",
    "null",
    "[]",
    "7",
    '"x"',
    "{",
    "{}",
    "\uFEFF{}",
    "[".repeat(100_000),
    '{"__proto__":{"pull_request":{}}}',
    '{"ref":7}',
    '{"pull_request":{}}',
  ];
  for (const body of bodies)
    assert.deepEqual(
      told(await scene.send(signed(body))),
      [400, "Invalid payload"],
      body.slice(0, 40),
    );
  const notUtf8 = Buffer.concat([
    Buffer.from('{"a":"'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('"}'),
  ]);
  const headers = { "x-gitea-signature": signatureOf(notUtf8) };
  assert.deepEqual(told(await scene.send({ body: notUtf8, headers })), [400, "Invalid payload"]);
  assert.deepEqual(await scene.stored(), []);
});

test("a store that fails is 503, nothing is kept, and the next one is accepted", async (context) => {
  const state = { fails: true };
  const scene = await openWebhook(context, {
    store: (store) => ({
      ...store,
      transaction: async (work, fence) => {
        if (state.fails) throw new EngineError("STORE_FULL", "No room. /a/secret/path");
        return store.transaction(work, fence);
      },
    }),
  });
  const answer = await scene.send(opened);
  assert.deepEqual([answer.status, answer.json["code"]], [503, "DELIVERY_NOT_KEPT"]);
  assert.doesNotMatch(JSON.stringify(answer.json), /secret/);
  state.fails = false;
  assert.equal((await scene.send(opened)).status, 202);
  assert.equal((await scene.stored()).length, 1);
});

test("health says no more than that, other paths and methods are refused", async (context) => {
  const scene = await openWebhook(context);
  const health = await scene.send({ method: "GET", path: "/health", body: "" });
  assert.deepEqual([health.status, health.json], [200, { status: "ok", organization: "The test" }]);
  const get = await scene.send({ method: "GET", path: HOOK, body: "" });
  assert.deepEqual([get.status, get.headers.allow], [405, "POST"]);
  assert.equal((await scene.send({ method: "POST", path: "/health", body: "" })).status, 405);
  for (const path of ["/", "/v1/runs", "/webhook/gitea/", "/webhook", "/__proto__", "/constructor"])
    assert.equal((await scene.send({ ...opened, path })).status, 404, path);
  assert.equal((await scene.send({ ...opened, path: `${HOOK}?x=1` })).status, 202);
});

test("R-44 the test endpoint is closed unless it is on, and then needs its token", async (context) => {
  const path = "/webhook/test";
  const closed = await openWebhook(context);
  assert.deepEqual(told(await closed.send({ ...opened, path })), [
    403,
    "Test webhook endpoint disabled",
  ]);
  const scene = await openWebhook(context, { test: { token: "the-token" } });
  const ask = async (token: string | readonly string[] | null, more: Partial<Sent> = {}) =>
    scene.send({
      body: opened.body,
      path,
      headers: token === null ? {} : { "x-webhook-test-token": token },
      ...more,
    });
  for (const token of [null, "", "the-toke", "the-token2", ["the-token", "the-token"]])
    assert.equal((await ask(token)).status, 401, JSON.stringify(token));
  assert.equal((await scene.send({ ...opened, path })).status, 401, "a signature is no token");
  assert.deepEqual(told(await ask("the-token", { body: "{}" })), [400, "Invalid payload"]);
  assert.deepEqual(await scene.stored(), []);
  assert.equal((await ask("the-token")).status, 202);
  assert.deepEqual(told(await ask("the-token")), [200, "duplicate"]);
  assert.deepEqual(told(await scene.send(opened)), [200, "duplicate"]);
  const [stored] = await scene.stored();
  assert.equal(stored?.source, "test");
  const nobody = await openWebhook(context, { test: { token: null } });
  assert.equal(
    (await send(nobody.port, { ...opened, path, headers: { "x-webhook-test-token": "" } })).status,
    401,
  );
});
