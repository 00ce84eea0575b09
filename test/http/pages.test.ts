// The dashboard's files at the server's door: what is given out, under which headers, and what is not.
import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { readPages } from "../../src/http/pages.ts";
import { KEYS, openHttp } from "../support/http-scene.ts";
import { tempFolder } from "../support/temp-folder.ts";

async function built(context: TestContext): Promise<string> {
  const folder = join(await tempFolder(context), "dist");
  await mkdir(join(folder, "assets"), { recursive: true });
  await writeFile(join(folder, "index.html"), "<!doctype html>the page");
  await writeFile(join(folder, "theme.js"), "1");
  await writeFile(join(folder, "assets/index-AbC123.js"), "import.meta");
  await writeFile(join(folder, "assets/secret.env"), "KEY=1");
  await writeFile(join(folder, "../outside.js"), "outside");
  return folder;
}

test("the page stands under its own addresses, with its own policy, for everybody", async (context) => {
  const { ask } = await openHttp(context, { pages: readPages(await built(context)) });
  for (const path of ["/", "/login", "/board?view=tree", "/runs/r-1/turns/3", "/cards/A-1"]) {
    const { status, headers, text } = await ask({ path });
    assert.deepEqual([status, text], [200, "<!doctype html>the page"], path);
    assert.equal(headers["content-type"], "text/html; charset=utf-8");
    assert.equal(headers["cache-control"], "no-cache");
    assert.match(
      String(headers["content-security-policy"]),
      /^default-src 'none'; script-src 'self'/,
    );
    assert.match(
      String(headers["content-security-policy"]),
      /require-trusted-types-for 'script'; trusted-types orket-worker$/,
    );
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["referrer-policy"], "no-referrer");
    assert.equal(headers["cross-origin-opener-policy"], "same-origin");
    assert.equal(headers["cross-origin-resource-policy"], "same-origin");
  }
});

test("a file named after its content may be kept for ever, any other is asked for again", async (context) => {
  const { ask } = await openHttp(context, { pages: readPages(await built(context)) });
  const hashed = await ask({ path: "/assets/index-AbC123.js" });
  assert.deepEqual([hashed.status, hashed.text], [200, "import.meta"]);
  assert.equal(hashed.headers["content-type"], "text/javascript; charset=utf-8");
  assert.equal(hashed.headers["cache-control"], "public, max-age=31536000, immutable");
  assert.equal((await ask({ path: "/theme.js" })).headers["cache-control"], "no-cache");
});

test("nothing but what was built is given out, however a path is written", async (context) => {
  const folder = await built(context);
  const pages = readPages(folder);
  const { ask } = await openHttp(context, { pages });
  // What comes after the start is not seen: no request reaches the disk.
  await writeFile(join(folder, "late.js"), "late");
  await symlink("/etc/passwd", join(folder, "passwd.txt"));
  const strange = [
    "/late.js",
    "/passwd.txt",
    "/outside.js",
    "/../outside.js",
    "/assets/../../outside.js",
    "/%2e%2e/outside.js",
    "/assets/..%2f..%2foutside.js",
    "/assets/..\\..\\outside.js",
    "/assets/secret.env",
    "/assets/",
    "/assets",
    "/index.html",
    "//etc/passwd",
    "/unknown",
    "/board/more",
    `/cards/${"a".repeat(5000)}`,
  ];
  for (const path of strange) assert.equal((await ask({ path })).status, 404, path);
  assert.equal((await ask({ path: "/assets/%00" })).status, 404);
  assert.equal((await ask({ path: "/cards/%ff" })).status, 400);
});

test("below /v1 there is no page, and a page takes no other method", async (context) => {
  const { ask } = await openHttp(context, { pages: readPages(await built(context)) });
  for (const path of ["/v1", "/v1/", "/v1/board", "/V1/board"])
    assert.equal((await ask({ path })).status, 403, path);
  assert.equal((await ask({ path: "/v1/board", key: KEYS.admin })).status, 404);
  const posted = await ask({ method: "POST", path: "/board", body: {} });
  assert.deepEqual([posted.status, posted.headers["allow"]], [405, "GET"]);
});

test("a foreign host and a foreign page get neither the page nor its files", async (context) => {
  const { ask } = await openHttp(context, { pages: readPages(await built(context)) });
  for (const path of ["/board", "/theme.js", "/assets/index-AbC123.js"]) {
    const foreignHost = await ask({ path, headers: { host: "evil.example" } });
    const foreignPage = await ask({ path, headers: { origin: "https://evil.example" } });
    assert.deepEqual([foreignHost.status, foreignPage.status], [421, 403], path);
    assert.match(
      String(foreignPage.headers["content-security-policy"]),
      /^default-src 'none'; frame/,
    );
  }
});

test("a checkout without a built page says how to build it, and the API works", async (context) => {
  const pages = readPages(join(await tempFolder(context), "nothing"));
  assert.equal(pages, null);
  const { ask } = await openHttp(context, { pages });
  const { status, headers, text } = await ask({ path: "/board" });
  assert.equal(status, 404);
  assert.equal(headers["content-type"], "text/plain; charset=utf-8");
  assert.match(text, /npm run build:web/);
  assert.equal((await ask({ path: "/v1/version", key: KEYS.read })).status, 200);
});
