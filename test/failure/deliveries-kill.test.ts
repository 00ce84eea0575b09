// The server is killed while twenty connections send it deliveries: what it acknowledged is in the store when it starts again,
// byte for byte and once; what it did not may be sent again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startOrket } from "../support/orket.ts";
import { makeProject, openTestEngine } from "../support/project.ts";
import { freePort } from "../support/pull-request-scene.ts";
import { sampleOf, SECRET, send, signed } from "../support/webhook-scene.ts";

const CONNECTIONS = 20;
const KILLS = 3;
/** Of each life of the server. */
const ACKNOWLEDGED = 150;

/** Each of its own body and id. */
function delivery(number: number) {
  const { body } = sampleOf("01");
  const value = { ...(JSON.parse(body.toString()) as object), note: number };
  const id = `${String(number).padStart(8, "0")}-2222-4333-8444-555555555555`;
  return { id, ...signed(value, { "x-gitea-delivery": id }) };
}

test("R-42 a delivery that was acknowledged is kept over a kill under load, and each is stored once", async (context) => {
  const project = await makeProject({});
  context.after(project.remove);
  const port = await freePort();
  const env = {
    ORKET_API_KEY: "a-key-of-the-load",
    ORKET_WEBHOOK_PORT: String(port),
    ORKET_RATE_LIMIT: "100000",
    GITEA_WEBHOOK_SECRET: SECRET,
  };
  const acknowledged = new Map<string, string>();
  const unanswered: number[] = [];
  let next = 0;
  const sendOne = async (number: number): Promise<boolean> => {
    const { id, body, headers } = delivery(number);
    const answer = await send(port, { body, headers }).catch(() => null);
    if (answer === null) return false;
    assert.ok([200, 202].includes(answer.status), JSON.stringify(answer.json));
    acknowledged.set(id, body.toString());
    return true;
  };
  for (let life = 0; life <= KILLS; life += 1) {
    const server = startOrket(["serve", "--port", "0"], { cwd: project.dir, env });
    context.after(() => server.signal("SIGKILL"));
    await server.says(`:${port}`);
    // What nobody answered is sent once more by a person: it is new, or known.
    for (const number of unanswered.splice(0)) assert.ok(await sendOne(number));
    const enough = acknowledged.size + ACKNOWLEDGED;
    const connection = async (): Promise<void> => {
      for (let isUp = true; isUp;) {
        const number = (next += 1);
        isUp = await sendOne(number);
        if (!isUp) unanswered.push(number);
        if (acknowledged.size >= enough) server.signal("SIGKILL");
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, connection));
    assert.equal((await server.ended).code, null);
  }
  const { engine, close } = await openTestEngine(project.dir);
  context.after(close);
  const stored = await engine.store.read(async ({ deliveries }) =>
    deliveries.list({ limit: 10_000 }),
  );
  assert.ok(acknowledged.size > KILLS * ACKNOWLEDGED);
  assert.equal(new Set(stored.map(({ id }) => id)).size, stored.length);
  for (const [id, body] of acknowledged)
    assert.equal(await engine.store.read(async (all) => all.deliveries.body(id)), body, id);
});
