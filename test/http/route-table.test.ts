// Every route the server registers, asked by nobody, with a wrong key and with a key of each scope. The expected status comes
// from the route's own policy, so that a route cannot be forgotten.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { withRoutes } from "../../scripts/route-docs.ts";
import type { Scope } from "../../src/http/auth.ts";
import { mayCall, SCOPES } from "../../src/http/auth.ts";
import type { Route } from "../../src/http/route.ts";
import { checkRoute } from "../../src/http/route.ts";
import type { Answer } from "../support/http-scene.ts";
import { KEYS, openHttp } from "../support/http-scene.ts";

const pathOf = ({ path }: Route): string => path.replaceAll(/:\w+/g, "nothing");

const isRefusedAtTheDoor = ({ json }: Answer): boolean =>
  json["code"] === "KEY_REFUSED" || json["code"] === "SCOPE_MISSING";

test("R-37 R-38 every route lets in exactly the scopes of its policy", async (context) => {
  let handled = 0;
  const { routes, ask } = await openHttp(context, {
    // What is behind the door does not matter here, only whether it is reached.
    routes: (all) =>
      all.map((one) => ({
        ...one,
        schemas: { ...one.schemas, params: null, query: null, body: null },
        handle: async () => {
          handled += 1;
          return { ok: false, error: { code: "USAGE", message: "reached", details: {} } };
        },
      })),
  });
  assert.ok(routes.length > 5);
  for (const one of routes) {
    const { method, policy } = one;
    const call = { method, path: pathOf(one), ...(method === "GET" ? {} : { body: {} }) };
    const isPublic = policy.auth === "public";
    const name = `${method} ${one.path}`;
    for (const key of [undefined, "wrong", ""]) {
      const before = handled;
      const answer = await ask(key === undefined ? call : { ...call, key });
      assert.equal(answer.status, isPublic ? 400 : 403, `${name} with ${key}`);
      if (!isPublic) assert.equal(answer.json["detail"], "Could not validate credentials", name);
      assert.equal(handled - before, isPublic ? 1 : 0, name);
    }
    for (const scope of SCOPES) {
      const before = handled;
      const answer = await ask({ ...call, key: KEYS[scope] });
      const isLetIn = isPublic || mayCall(scope, policy.auth as Scope);
      assert.equal(answer.status, isLetIn ? 400 : 403, `${name} with a key of ${scope}`);
      assert.equal(isRefusedAtTheDoor(answer), !isLetIn, name);
      assert.equal(handled - before, isLetIn ? 1 : 0, name);
    }
  }
});

test("R-77 docs/http-api.md lists exactly the routes that are served", async (context) => {
  const { ask } = await openHttp(context);
  const { json } = await ask({ path: "/openapi.json", key: KEYS.read });
  const page = readFileSync(new URL("../../docs/http-api.md", import.meta.url), "utf8");
  assert.equal(page, withRoutes(page, json), "npm run docs:build makes it anew");
});

test("only health, login and logout are for everybody, and nothing that changes anything takes a read key", async (context) => {
  const { routes } = await openHttp(context);
  const open = routes.filter(({ policy }) => policy.auth === "public").map(({ path }) => path);
  assert.deepEqual(open.toSorted(), ["/health", "/v1/login", "/v1/logout"]);
  const effectful = routes.filter(({ method, path }) => method !== "GET" && !open.includes(path));
  const byReaders = effectful.filter(({ policy }) => policy.auth === "read");
  const paths = byReaders.map(({ path }) => path);
  assert.deepEqual(paths, ["/v1/tickets"], "which stands for the reader's own key");
});

test("a route without policy or schema is not registered", async (context) => {
  const { routes } = await openHttp(context);
  const [one] = routes;
  assert.ok(one);
  const schema = { response: { 200: one.schemas.answer } };
  const policy = one.policy;
  const { errors: _, ...withoutErrors } = policy;
  const declared = { method: "GET", url: "/v1/new" };
  checkRoute({ ...declared, config: { policy }, schema });
  for (const config of [
    {},
    { policy: withoutErrors as never },
    { policy: { ...policy, auth: "everybody" as never } },
    { policy: { ...policy, errors: ["NOT_A_CODE" as never] } },
    { policy: { ...policy, bodyBytesMax: Number.NaN } },
  ])
    assert.throws(() => checkRoute({ ...declared, config, schema }), /declares no auth/);
  assert.throws(() => checkRoute({ ...declared, config: { policy } }), /declares no auth/);
  const raw: typeof one = { ...one, path: "/v1/raw", policy: undefined as never };
  await assert.rejects(openHttp(context, { routes: (all) => [...all, raw] }), /auth|bodyBytesMax/);
});

test("the description at /openapi.json has exactly the routes of the router, with their errors", async (context) => {
  const { routes, ask, server } = await openHttp(context);
  const { json, status } = await ask({ path: "/openapi.json", key: KEYS.read });
  assert.equal(status, 200);
  const paths = json["paths"] as Record<string, Record<string, { responses: object }>>;
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const registered = routes.map(
    ({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`,
  );
  assert.deepEqual(described.toSorted(), registered.toSorted());
  for (const { method, path } of routes) assert.ok(server.app.hasRoute({ method, url: path }));
  const printed = server.app.printRoutes({ commonPrefix: false, includeHooks: false });
  const served = [...printed.matchAll(/\(([A-Z, ]+)\)/g)].flatMap(([, list = ""]) =>
    list.split(", "),
  );
  assert.equal(served.length, routes.length, printed);
  assert.deepEqual(
    Object.keys(paths["/v1/version"]?.["get"]?.responses ?? {}).includes("403"),
    true,
  );
  assert.equal((await ask({ path: "/openapi.json" })).status, 403);
});
