// The life of a sandbox on a real Docker engine: up, seen, heard, taken down.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildBusyboxImage, useDockerEngine } from "../../../test/support/docker-engine.ts";
import {
  deploymentOf,
  freePort,
  makeSandboxScene,
  never,
  projectText,
  shellService,
  webService,
} from "../../../test/support/sandbox-scene.ts";

const engine = await useDockerEngine();
const { skip } = engine;
const image = skip === false ? buildBusyboxImage(engine) : "";

test(
  "a sandbox comes up healthy, is heard, and goes without a trace",
  { skip },
  async (context) => {
    const { sandboxes, stateDir } = await makeSandboxScene(context, engine);
    const port = await freePort();
    const compose = projectText({
      web: webService(image, port),
      talker: shellService(image, "echo first; echo second; sleep 600"),
    });
    const id = "sandbox-shop";
    assert.deepEqual(await sandboxes.up(deploymentOf(id, compose), never()), {
      ok: true,
      value: null,
    });
    assert.deepEqual(await sandboxes.health(id, never()), {
      ok: true,
      value: [
        { service: "talker", state: "running", health: null, exitCode: null },
        { service: "web", state: "running", health: "healthy", exitCode: null },
      ],
    });
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "hello\n");
    assert.equal(await sandboxes.isPortFree(port), false);
    const all = await sandboxes.logs({ id, service: null, lines: 100 }, never());
    assert.ok(all.ok && all.value.includes("second"), JSON.stringify(all));
    const one = await sandboxes.logs({ id, service: "talker", lines: 1 }, never());
    assert.ok(one.ok && one.value.includes("second") && !one.value.includes("first"));
    assert.deepEqual(await sandboxes.list(never()), { ok: true, value: [id] });

    assert.deepEqual(await sandboxes.down(id, never()), { ok: true, value: null });
    assert.deepEqual(await sandboxes.list(never()), { ok: true, value: [] });
    assert.equal(await sandboxes.isPortFree(port), true);
    assert.equal(existsSync(join(stateDir, "sandboxes", id)), false);
    assert.deepEqual(await sandboxes.health(id, never()), { ok: true, value: [] });
    assert.deepEqual(await sandboxes.down(id, never()), { ok: true, value: null });
  },
);
