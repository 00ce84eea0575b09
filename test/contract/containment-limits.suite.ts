// What a box costs at most, how it ends, and that nothing of it is left. What it keeps from the host is in containment.suite.ts.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { BoxLimits, ContainedCommand, ProcessFacts } from "../../src/ports/containment.ts";
import { commandIn, LIMITS, survivorsOf } from "../support/attack-scene.ts";
import { tempFolder } from "../support/temp-folder.ts";
import type { Walls } from "./containment.suite.ts";

const MIB = 1024 ** 2;
const GROW = `
import mmap, os, sys
kind, total, mib = sys.argv[1], 0, 1 << 20
kept = []
try:
    for _ in range(int(sys.argv[2])):
        if kind == "heap": kept.append(bytearray(b"x") * mib)
        if kind == "shared":
            area = mmap.mmap(-1, mib); area.write(b"x" * mib); kept.append(area)
        if kind.startswith("/") or kind == "file":
            with open(kind, "ab") as file: file.write(b"x" * mib)
        if kind == "files":
            with open("f%d" % total, "wb") as file: file.write(b"x" * mib)
        total += 1
        print(total, flush=True)
except BaseException as error: print("held", error, flush=True)
`;
const BOMB = `
import os, signal, time
children = []
try:
    for _ in range(400):
        pid = os.fork()
        if pid == 0: signal.pause()
        children.append(pid)
except OSError: pass
print(len(children), flush=True)
for pid in children: os.kill(pid, 9)
`;
const DAEMON = (mark: string): string => `
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2): os.dup2(null, fd)
        os.execvp("python3", ["python3", "-c", "import signal\\nsignal.signal(15, signal.SIG_IGN)\\nwhile True: signal.pause()", "${mark}"])
    os._exit(0)
time.sleep(0.3)
`;

export function testBoxLimits({ name, open, languages }: Walls): void {
  const run = async (
    context: TestContext,
    argv: readonly string[],
    rest: Partial<ContainedCommand> = {},
  ): Promise<ProcessFacts> => {
    const workspaceDir = await tempFolder(context);
    const ran = await open().run(commandIn(workspaceDir, argv, rest), new AbortController().signal);
    assert.ok(ran.ok, JSON.stringify(ran));
    return ran.value;
  };
  const limits = (some: Partial<BoxLimits>) => ({ limits: { ...LIMITS, ...some } });
  const lastNumber = (text: string): number =>
    Number(text.split("\n").findLast((line) => /^\d+$/.test(line)) ?? 0);
  const last = ({ stdout }: ProcessFacts): number => lastNumber(stdout.head + stdout.tail);
  const sh = (script: string): readonly string[] => ["sh", "-c", script];

  if (languages.includes("python")) {
    describe(`${name}: memory, processes, disk`, () => {
      for (const [kind, most] of [
        ["heap", 280],
        ["shared", 280],
        ["/dev/shm/grown", 280],
        ["/tmp/grown", LIMITS.temporaryMiB],
        ["file", LIMITS.fileMiB],
      ] as const)
        test(`R-30 holds ${kind} to its limit`, async (context) => {
          const facts = await run(context, ["python3", "-c", GROW, kind, "700"]);
          assert.ok(last(facts) <= most, `${last(facts)} MiB, ${facts.ended}`);
          const little = await run(context, ["python3", "-c", GROW, kind, "3"]);
          assert.deepEqual([little.ended, last(little)], ["exited", 3], little.stderr.head);
        });

      test("R-30 ends a program that fills the disk with small files", async (context) => {
        const facts = await run(context, ["python3", "-c", GROW, "files", "700"]);
        assert.notEqual(facts.ended, "exited", `${last(facts)} MiB`);
        assert.ok(last(facts) < 700);
      });

      test("R-30 stops a fork bomb at the number of processes", async (context) => {
        const started = last(await run(context, ["python3", "-c", BOMB]));
        assert.ok(started > 0 && started < LIMITS.processesMax, `${started}`);
      });

      test("R-30 leaves no daemon behind that ignores TERM in a session of its own", async (context) => {
        const mark = `orket-mark-${randomBytes(8).toString("hex")}`;
        const facts = await run(context, ["python3", "-c", DAEMON(mark)]);
        assert.equal(facts.ended, "exited", facts.stderr.head);
        assert.deepEqual(survivorsOf(mark), []);
      });

      test("serves itself on its own loopback", async (context) => {
        const script = `import socket, threading
server = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=lambda: server.accept()[0].sendall(b"pong"), daemon=True).start()
print(socket.create_connection(server.getsockname()).recv(4).decode())`;
        const facts = await run(context, ["python3", "-c", script]);
        assert.equal(facts.stdout.head, "pong\n", facts.stderr.head);
      });
    });
  }

  describe(`${name}: ends`, () => {
    for (const [script, code] of [
      ["exit 0", 0],
      ["exit 1", 1],
      ["exit 7", 7],
      ["no-such-program-anywhere", 127],
      ["kill -9 $$", 137],
    ] as const)
      test(`gives ${code} for: ${script}`, async (context) => {
        const facts = await run(context, sh(script));
        assert.deepEqual([facts.ended, facts.exitCode], ["exited", code], facts.stderr.head);
      });

    for (const [what, script] of [
      ["an endless loop", "while :; do :; done"],
      ["a program that ignores TERM", "trap '' TERM INT HUP; while :; do sleep 1; done"],
      ["a group of its own that holds the output open", "(setsid sleep 600 &) ; sleep 600"],
    ] as const)
      test(`R-30 ends ${what} at its time`, async (context) => {
        const mark = `orket-mark-${randomBytes(8).toString("hex")}`;
        const argv = ["sh", "-c", script, mark];
        const facts = await run(context, argv, limits({ wallMs: 1500 }));
        assert.deepEqual([facts.ended, facts.exitCode], ["timeout", null]);
        assert.deepEqual(survivorsOf(mark), []);
      });

    for (const target of ["1", "2"])
      test(`R-30 ends a flood on descriptor ${target}`, async (context) => {
        const facts = await run(context, sh(`yes flood >&${target}`));
        assert.deepEqual([facts.ended, facts.exitCode], ["output-limit", null]);
        const { stdout, stderr } = facts;
        const kept = [stdout.head, stdout.tail, stderr.head, stderr.tail].join("").length;
        assert.ok(kept > 0 && kept <= 2 * MIB, `${kept} characters kept`);
      });

    const toResult = (script: string): readonly string[] =>
      sh(
        `if [ -n "$ORKET_RESULT_FD" ]; then eval "exec 9>&$ORKET_RESULT_FD"; else exec 9>"$ORKET_RESULT_FILE"; fi; ${script}`,
      );

    test("takes the result from its own channel, and not from stdout", async (context) => {
      const script = `echo '{"ok":true}'; echo real >&9`;
      const facts = await run(context, toResult(script), { resultBytesMax: 1024 });
      assert.deepEqual([facts.ended, facts.result], ["exited", "real\n"], facts.stderr.head);
    });

    test("R-30 ends a flood on the result channel", async (context) => {
      const facts = await run(context, toResult("yes flood >&9"), { resultBytesMax: 4096 });
      assert.equal(facts.ended, "output-limit", facts.stderr.head);
      assert.ok(facts.result.length <= 4096);
    });

    test("bears a program that closes its input early", async (context) => {
      const facts = await run(context, sh("exec 0<&-; exit 3"), { stdin: "x".repeat(4 * MIB) });
      assert.deepEqual([facts.ended, facts.exitCode], ["exited", 3]);
    });

    test("ends everything at an abort, and starts nothing after one", async (context) => {
      const workspaceDir = await tempFolder(context);
      await symlink("/etc", join(workspaceDir, "etc-link"));
      const mark = `orket-mark-${randomBytes(8).toString("hex")}`;
      const stopper = new AbortController();
      const argv = ["sh", "-c", "while :; do sleep 1; done", mark];
      const running = open().run(commandIn(workspaceDir, argv), stopper.signal);
      await open().run(commandIn(workspaceDir, ["true"]), new AbortController().signal);
      stopper.abort();
      const ran = await running;
      assert.ok(ran.ok && ran.value.ended === "aborted", JSON.stringify(ran));
      const again = await open().run(commandIn(workspaceDir, argv), AbortSignal.abort());
      assert.ok(!again.ok || again.value.ended === "aborted");
      assert.deepEqual(survivorsOf(mark), []);
    });
  });
}
