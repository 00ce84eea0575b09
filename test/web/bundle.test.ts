// What the browser has to fetch, in bytes as they go over a wire: a gate, so that it does not creep.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const DIST = join(import.meta.dirname, "../../web/dist");
const KIB = 1024;

const gzipped = (paths: readonly string[]): number =>
  paths.reduce((sum, path) => sum + gzipSync(readFileSync(join(DIST, path))).length, 0) / KIB;

const files = readdirSync(DIST, { recursive: true, encoding: "utf8" }).filter((path) =>
  statSync(join(DIST, path)).isFile(),
);
const index = readFileSync(join(DIST, "index.html"), "utf8");
const first = [...index.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, path = ""]) => path);
const chunks = (name: string): readonly string[] =>
  files.filter((path) => path.startsWith(`assets/${name}-`) && path.endsWith(".js"));

/** A page is what comes on top of the first load when it is opened. */
const GATES: Readonly<Record<string, number>> = {
  "board-page": 40,
  "run-page": 40,
  worker: 5,
};

test("the first load is at most 160 KiB of script and 15 KiB of style", () => {
  const ending = (end: string) => first.filter((path) => path.endsWith(end));
  assert.ok(ending(".js").length > 0 && ending(".css").length > 0);
  assert.ok(gzipped(ending(".js")) <= 160, `${gzipped(ending(".js"))} KiB of script`);
  const styles = gzipped(files.filter((path) => path.endsWith(".css")));
  assert.ok(styles <= 15, `${styles} KiB of style`);
});

test("each page is at most as large as it may be", () => {
  for (const [name, most] of Object.entries(GATES)) {
    assert.notDeepEqual(chunks(name), [], name);
    const size = gzipped(chunks(name));
    assert.ok(size <= most, `${name}: ${size} KiB`);
  }
});

test("all of it is at most 4 MiB, and nothing of it comes from elsewhere or stands in the page itself", () => {
  const bytes = files.reduce((sum, path) => sum + statSync(join(DIST, path)).size, 0);
  assert.ok(bytes <= 4 * KIB * KIB, `${bytes} bytes`);
  assert.doesNotMatch(index, /https?:\/\/|<style|style=|javascript:|<script(?![^>]* src=)/);
});

const BANNED =
  /dangerouslySetInnerHTML|\binnerHTML\b|\bouterHTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function\(|srcdoc/;

test("no source of the page makes HTML or code of a text", () => {
  const root = join(import.meta.dirname, "../../web");
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => join("src", path));
  assert.ok(sources.length > 20);
  const found = [...sources, "public/theme.js"].filter((path) =>
    BANNED.test(readFileSync(join(root, path), "utf8")),
  );
  assert.deepEqual(found, []);
});
