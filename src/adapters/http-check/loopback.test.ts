// HTTP questions to real servers on the loopback interface: what is an answer, what is refused, and where it ends.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createSocketServer } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { HttpQuestion } from "../../ports/http-check.ts";
import { createLoopbackHttpCheck } from "./loopback.ts";

async function serve(context: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ask = async (
  baseUrl: string,
  more: Partial<HttpQuestion> = {},
  signal = new AbortController().signal,
) =>
  createLoopbackHttpCheck().ask(
    { baseUrl, endpoint: "/", method: "GET", payload: undefined, timeoutMs: 5000, ...more },
    signal,
  );

test("gives status and body, and sends method, path, query and payload", async (context) => {
  const base = await serve(context, (request, response) => {
    request.setEncoding("utf8");
    let body = "";
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      const { method, url, headers } = request;
      response.writeHead(201, { "content-type": "application/json" });
      response.end(JSON.stringify({ method, url, type: headers["content-type"] ?? null, body }));
    });
  });
  const posted = await ask(base, { endpoint: "/a?b=1", method: "POST", payload: { c: null } });
  assert.deepEqual(posted.ok && posted.value.kind === "answered" && posted.value.body, {
    method: "POST",
    url: "/a?b=1",
    type: "application/json",
    body: '{"c":null}',
  });
  const got = await ask(base);
  assert.deepEqual(got.ok && got.value.kind === "answered" && [got.value.status, got.value.body], [
    201,
    { method: "GET", url: "/", type: null, body: "" },
  ]);
});

test("a body that is no JSON is text and no value", async (context) => {
  const base = await serve(context, (_, response) => response.end("<p>hi"));
  const answer = await ask(base);
  assert.deepEqual(answer, {
    ok: true,
    value: { kind: "answered", status: 200, body: undefined, text: "<p>hi" },
  });
});

test("a redirect is an answer, and where it leads is not asked", async (context) => {
  let asked = 0;
  const elsewhere = await serve(context, (_, response) => {
    asked += 1;
    response.end("{}");
  });
  const base = await serve(context, (_, response) => {
    response.writeHead(302, { location: `${elsewhere}/secret` });
    response.end();
  });
  const answer = await ask(base);
  assert.equal(answer.ok && answer.value.kind === "answered" && answer.value.status, 302);
  assert.equal(asked, 0);
});

test("an endpoint that names another server is refused, and nobody is asked", async (context) => {
  let asked = 0;
  const other = await serve(context, (_, response) => {
    asked += 1;
    response.end("{}");
  });
  const base = await serve(context, (_, response) => {
    asked += 1;
    response.end("{}");
  });
  const host = new URL(other).host;
  for (const endpoint of [`//${host}/`, `/\\${host}/`, `@${host}/`, `${other}/`, `http:${host}`]) {
    const answer = await ask(base, { endpoint });
    assert.equal(answer.ok ? "asked" : answer.error.code, "SANDBOX_INVALID", endpoint);
  }
  const named = await ask(base.replace("127.0.0.1", "localhost"));
  assert.equal(named.ok, false, "no name is looked up");
  assert.equal(asked, 0);
});

test("a server that never ends, floods, breaks off or is not there is a failure with its reason", async (context) => {
  const why = async (base: string, timeoutMs = 5000): Promise<string> => {
    const answer = await ask(base, { timeoutMs });
    return answer.ok && answer.value.kind === "failed" ? answer.value.why : "answered";
  };
  const silent = await serve(context, () => {});
  assert.match(await why(silent, 200), /no whole answer within 0\.2 s/);
  const dripping = await serve(context, (_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write("x"), 20);
    response.on("close", () => clearInterval(timer));
  });
  assert.match(await why(dripping, 200), /no whole answer/);
  const flooding = await serve(context, (_, response) => {
    const more = (): void => {
      while (response.write("x".repeat(65_536)));
      response.once("drain", more);
    };
    more();
  });
  assert.match(await why(flooding), /more than 1048576 bytes/);
  const broken = await serve(context, (request) => request.socket.destroy());
  assert.match(await why(broken), /no answer/);
  const gone = createSocketServer();
  await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  assert.match(await why(`http://127.0.0.1:${port}`), /ECONNREFUSED/);
});

test("an abort ends the question", async (context) => {
  const silent = await serve(context, () => {});
  const stop = new AbortController();
  const asked = ask(silent, {}, stop.signal);
  stop.abort();
  const answer = await asked;
  assert.equal(answer.ok && answer.value.kind, "failed");
});
