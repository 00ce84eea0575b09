// The log of a build on a real disk: where it ends, what a crash or another writer does to it, and its rotation.
import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { runCommand } from "../../../test/support/run-command.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import type { Event } from "../../domain/events.ts";
import { createBuildLogs } from "./build-log.ts";

const event = (seq: number, text = ""): Event => ({
  seq,
  at: "2026-01-02T03:04:05.006Z",
  type: "alert-raised",
  build: "a/b",
  actor: "engine",
  data: { text },
  prevHash: "",
  hash: "",
});

const range = (from: number, to: number): readonly Event[] =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index));

async function scene(context: TestContext, limits = { bytesMax: 2000, filesMax: 5 }) {
  const stateDir = await tempFolder(context);
  const path = join(stateDir, "logs/a/b.jsonl");
  const open = () => createBuildLogs(stateDir, limits).open("a/b");
  const files = () => (existsSync(dirname(path)) ? readdirSync(dirname(path)).sort() : []);
  const seqs = () =>
    files()
      .toReversed()
      .flatMap((name) => readFileSync(join(dirname(path), name), "utf8").split("\n"))
      .filter((line) => line !== "")
      .map((line) => (JSON.parse(line) as Event).seq);
  return { stateDir, path, open, files, seqs };
}

test("R-60 goes on where it ended, without hashes, and with null for what an event does not name", async (context) => {
  const { open, path, seqs } = await scene(context);
  const first = open();
  assert.equal(first.lastSeq(), 0);
  assert.ok(first.append(range(1, 2)));
  first.close();
  const second = open();
  assert.equal(second.lastSeq(), 2);
  assert.ok(second.append([event(5)]));
  assert.deepEqual(seqs(), [1, 2, 5]);
  const [line] = readFileSync(path, "utf8").split("\n");
  const ids = '"build":"a/b","run":null,"card":null,"turn":null';
  const at = "2026-01-02T03:04:05.006Z";
  assert.equal(
    line,
    `{"seq":1,"at":"${at}","type":"alert-raised",${ids},"actor":"engine","data":{"text":""}}`,
  );
});

test("R-60 rotates before its limit, keeps five files and finds its end in the one before an empty one", async (context) => {
  const { open, files, path, seqs } = await scene(context);
  const log = open();
  assert.equal(log.lastSeq(), 0);
  for (let seq = 1; seq <= 300; seq += 1) assert.ok(log.append([event(seq)]));
  assert.deepEqual(files(), ["b.jsonl", "b.jsonl.1", "b.jsonl.2", "b.jsonl.3", "b.jsonl.4"]);
  for (const name of files()) assert.ok(statSync(join(dirname(path), name)).size <= 2000);
  const kept = seqs();
  assert.deepEqual(
    kept,
    range(kept[0] ?? 0, 300).map(({ seq }) => seq),
  );
  log.startAnew();
  assert.ok(!existsSync(path));
  assert.equal(open().lastSeq(), 300);
});

test("R-60 a batch that is larger than a file is spread over several", async (context) => {
  const { open, seqs, files, path } = await scene(context);
  const log = open();
  log.lastSeq();
  assert.ok(log.append(range(1, 40)));
  assert.deepEqual(
    seqs(),
    range(1, 40).map(({ seq }) => seq),
  );
  for (const name of files()) assert.ok(statSync(join(dirname(path), name)).size <= 2000);
  assert.ok(
    log.append([event(41, "x".repeat(3000))]),
    "a record that is too long has its own file",
  );
  assert.equal(log.lastSeq(), 41);
});

test("R-60 takes back half a line, and a tail of NUL bytes as a power failure leaves it", async (context) => {
  const { open, path, seqs } = await scene(context);
  const log = open();
  log.lastSeq();
  log.append(range(1, 3));
  for (const tail of ['{"seq":4,"at":"2026', "\0".repeat(300), '{"seq":4}']) {
    appendFileSync(path, tail);
    assert.equal(open().lastSeq(), 3);
    assert.deepEqual(seqs(), [1, 2, 3]);
  }
  const torn = '{"seq":1,"a';
  writeFileSync(path, torn);
  assert.equal(open().lastSeq(), 0);
  assert.equal(statSync(path).size, 0);
});

test("R-60 refuses to append after somebody else wrote, deleted or rotated, until it has looked again", async (context) => {
  const { open, path, seqs } = await scene(context);
  const [mine, other] = [open(), open()];
  assert.ok(!mine.append([event(1)]), "its end was never asked for");
  mine.lastSeq();
  other.lastSeq();
  assert.ok(other.append([event(1)]));
  assert.ok(!mine.append([event(1)]));
  assert.equal(mine.lastSeq(), 1);
  assert.ok(mine.append([event(2)]));
  assert.deepEqual(seqs(), [1, 2]);
  other.startAnew();
  assert.ok(!mine.append([event(3)]));
  assert.equal(mine.lastSeq(), 2);
  assert.ok(mine.append([event(3)]));
  rmSync(dirname(path), { recursive: true });
  assert.ok(!mine.append([event(4)]));
  assert.equal(mine.lastSeq(), 0);
});

test(
  "R-60 says that it cannot, and never throws or hangs, where its file cannot be",
  { timeout: 5000 },
  async (context) => {
    const stateDir = await tempFolder(context);
    const logs = createBuildLogs(stateDir);
    mkdirSync(join(stateDir, "logs/folder.jsonl"), { recursive: true });
    writeFileSync(join(stateDir, "logs/file"), "");
    symlinkSync("file", join(stateDir, "logs/link.jsonl"));
    await runCommand("mkfifo", join(stateDir, "logs/fifo.jsonl"));
    for (const build of ["folder", "file/inside", "link", "fifo", "../outside", "a//b", ""]) {
      const log = logs.open(build);
      assert.equal(log.lastSeq(), null, build);
      assert.ok(!log.append([event(1)]), build);
      log.startAnew();
      log.close();
    }
    assert.ok(!existsSync(join(stateDir, "outside.jsonl")));
    assert.equal(statSync(join(stateDir, "logs/file")).size, 0);
  },
);

test("R-60 a disk that becomes full leaves half a line, which the next writer makes whole", async (context) => {
  const { stateDir, open, seqs } = await scene(context, { bytesMax: 10_000_000, filesMax: 5 });
  const module = new URL("./build-log.ts", import.meta.url).href;
  const script = `const { createBuildLogs } = await import(${JSON.stringify(module)});
    const log = createBuildLogs(process.argv[1]).open("a/b");
    log.lastSeq();
    const data = { text: "x".repeat(100) };
    let seq = 1;
    while (seq < 10000 && log.append([{ seq, at: "", type: "alert-raised", actor: "engine", data }])) seq += 1;
    console.log(seq, log.append([]));`;
  const shell = `unset NODE_V8_COVERAGE; ulimit -f 64; exec "$@"`;
  const node = [process.execPath, "--input-type=module", "--eval", script];
  const output = await runCommand("sh", "-c", shell, "sh", ...node, stateDir);
  const [failedAt, isReady] = output.trim().split(" ");
  assert.ok(Number(failedAt) > 1 && Number(failedAt) < 10_000, output);
  assert.equal(isReady, "false");
  const log = open();
  assert.equal(log.lastSeq(), Number(failedAt) - 1);
  assert.ok(log.append(range(Number(failedAt), Number(failedAt) + 3)));
  assert.deepEqual(
    seqs(),
    range(1, Number(failedAt) + 3).map(({ seq }) => seq),
  );
});

test("R-60 puts all logs aside at once; whoever has one open goes on in the new file, without a gap", async (context) => {
  const { stateDir, open, files, seqs } = await scene(context);
  const log = open();
  log.lastSeq();
  log.append(range(1, 3));
  const other = createBuildLogs(stateDir).open("other");
  other.lastSeq();
  mkdirSync(join(stateDir, "logs/folder.jsonl"));
  symlinkSync("a/b.jsonl", join(stateDir, "logs/link.jsonl"));
  const logs = createBuildLogs(stateDir);
  assert.deepEqual(logs.startAllAnew(), ["a/b"]);
  assert.deepEqual(logs.startAllAnew(), []);
  assert.deepEqual(files(), ["b.jsonl.1"]);
  assert.ok(!log.append([event(4)]));
  assert.equal(log.lastSeq(), 3);
  assert.ok(log.append([event(4)]));
  assert.deepEqual(seqs(), [1, 2, 3, 4]);
  assert.deepEqual(createBuildLogs(join(stateDir, "nowhere")).startAllAnew(), []);
});
