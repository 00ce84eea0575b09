// What every engine of sandboxes must do, line by line of the contract in src/ports/sandbox.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { SandboxDeployment, SandboxEngine } from "../../src/ports/sandbox.ts";

export type SandboxScene = {
  readonly engine: SandboxEngine;
  /** One that comes up, with services that are named; each call is made with another id. */
  readonly deployment: (id: string) => SandboxDeployment;
  readonly services: readonly string[];
  /** One that does not come up and prints its secret. */
  readonly broken: (id: string) => SandboxDeployment;
  /** The same engine when it cannot be reached. */
  readonly withoutEngine: () => Promise<SandboxEngine>;
};

const NEVER = new AbortController().signal;

export function testSandboxEngine(
  name: string,
  open: (context: TestContext) => Promise<SandboxScene>,
): void {
  test(`${name}: a sandbox comes up, is well, prints, is listed, and is gone after it was taken down`, async (context) => {
    const { engine, deployment, services } = await open(context);
    const id = "sandbox-suite-one";
    assert.equal((await engine.probe(NEVER)).ok, true);
    const up = await engine.up(deployment(id), NEVER);
    assert.deepEqual(up, { ok: true, value: null });
    const health = await engine.health(id, NEVER);
    assert.ok(health.ok);
    const told = health.value.map(({ service, state }) => `${service} ${state}`);
    assert.deepEqual(
      told.toSorted(),
      services.map((service) => `${service} running`),
    );
    const logs = await engine.logs({ id, service: services[0] ?? null, lines: 100 }, NEVER);
    assert.equal(logs.ok, true);
    const listed = await engine.list(NEVER);
    assert.ok(listed.ok && listed.value.includes(id));
    assert.equal((await engine.down(id, NEVER)).ok, true);
    const after = await engine.list(NEVER);
    assert.ok(after.ok && !after.value.includes(id));
    assert.deepEqual(await engine.health(id, NEVER), { ok: true, value: [] });
    assert.equal((await engine.down(id, NEVER)).ok, true, "what is gone is no error");
  });

  test(`${name}: what does not come up says so without its secrets, stays as it is, and can be taken down`, async (context) => {
    const { engine, broken } = await open(context);
    const id = "sandbox-suite-two";
    const deployment = broken(id);
    const up = await engine.up(deployment, NEVER);
    assert.equal(up.ok ? "ok" : up.error.code, "SANDBOX_FAILED");
    const listed = await engine.list(NEVER);
    assert.ok(listed.ok && listed.value.includes(id));
    for (const secret of Object.values(deployment.secrets))
      assert.ok(!JSON.stringify(up).includes(secret));
    assert.equal((await engine.down(id, NEVER)).ok, true);
  });

  test(`${name}: without an engine each call answers ENGINE_UNAVAILABLE, and none throws`, async (context) => {
    const { withoutEngine, deployment } = await open(context);
    const engine = await withoutEngine();
    const id = "sandbox-suite-three";
    const answers = [
      await engine.probe(NEVER),
      await engine.up(deployment(id), NEVER),
      await engine.down(id, NEVER),
      await engine.health(id, NEVER),
      await engine.logs({ id, service: null, lines: 1 }, NEVER),
      await engine.list(NEVER),
    ];
    for (const answer of answers)
      assert.equal(answer.ok ? "ok" : answer.error.code, "ENGINE_UNAVAILABLE");
  });
}
