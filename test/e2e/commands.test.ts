// Commands of agents in whole runs: who may start what, what comes back, and what the workspace looks like afterwards.
// The walls are tested elsewhere: most commands here are the test's own and run without, the last ones in the real box.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { createContainment } from "../../src/adapters/containment/select.ts";
import { EngineError } from "../../src/domain/errors.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import type { Containment } from "../../src/ports/containment.ts";
import { cardOf, openProject, workspace } from "../support/open-project.ts";
import { createPlainBox } from "../support/plain-box.ts";
import { approve, call, say, script } from "../support/project.ts";
import { tempFolder } from "../support/temp-folder.ts";

const TOOLS = ["read_file", "write_file", "update_issue_status", "run_command"];
const coder = (more: JsonObject): JsonObject => ({
  name: "coder",
  description: "Writes code.",
  tools: TOOLS,
  ...more,
});
const shell = (text: string, more: JsonObject = {}) =>
  call("run_command", { argv: ["sh", "-c", text], ...more });

const textOf = (value: unknown): string => {
  assert.equal(typeof value, "string");
  return value as string;
};

type Scene = {
  readonly replies: readonly unknown[];
  readonly role?: JsonObject;
  readonly files?: Readonly<Record<string, unknown>>;
  readonly arrange?: (workspaceDir: string) => void;
  readonly containment?: Containment;
};

async function play(context: TestContext, { replies, role, files, arrange, containment }: Scene) {
  const box = createPlainBox();
  const engine = await openProject(context, {
    issues: [{ id: "api" }],
    script: script({ api: { coder: [...replies, say("Done.")], guard: [approve] } }),
    files: { "model/core/roles/coder.yaml": coder({ programs: ["sh"], ...role }), ...files },
    options: { replace: { containment: containment ?? box } },
  });
  const dir = workspace(engine.dir);
  mkdirSync(dir, { recursive: true });
  arrange?.(dir);
  const run = await engine.run({ card: "work" });
  const turns = await engine.engine.store.read(async ({ turns: all }) => {
    const list = await all.list({ run: run.id, limit: 10 });
    return Promise.all(list.map(async (turn) => ({ turn, steps: await all.steps(turn.id) })));
  });
  const results = turns.flatMap(({ steps }) =>
    steps.flatMap((step) => step.results.map(({ result }) => result)),
  );
  const committed = async (): Promise<string> => {
    const opened = await engine.engine.workspaces.open("build-work");
    const [last] = await opened.history(1);
    return last === undefined ? "" : opened.diff(last.commit);
  };
  return { box, engine, dir, run, results, first: results[0] as JsonObject, committed };
}

test("a command's output, exit code and files come back, and its files are the card's work", async (context) => {
  const { first, committed, run, box } = await play(context, {
    replies: [shell("echo out; echo err >&2; mkdir docs; echo text > docs/a.md; exit 3")],
  });
  assert.deepEqual(first, {
    ok: true,
    exit_code: 3,
    ended: "exited",
    stdout: "out\n",
    stderr: "err\n",
    changed: ["docs/a.md"],
  });
  assert.match(await committed(), /docs\/a\.md[\s\S]*\+text/);
  assert.equal(run.status, "done");
  const [asked] = box.asked;
  assert.deepEqual([asked?.network, asked?.env, asked?.workspace], [false, {}, "writable"]);
});

test("of a flood both ends come back, with what was left out between them", async (context) => {
  const { first } = await play(context, {
    replies: [shell("echo first; head -c 300000 /dev/zero | tr '\\0' x; echo last")],
  });
  const stdout = textOf(first["stdout"]);
  assert.match(stdout, /^first\nx/);
  assert.match(stdout, /x\nlast|xlast\n$/);
  assert.match(stdout, /… \d+ bytes left out …/);
  assert.equal(Number(first["stdout_omitted_bytes"]), 300_011 - 64 * 1024);
});

for (const [name, role, argv, reason] of [
  [
    "a role without a list starts nothing",
    { programs: [] },
    ["sh"],
    /may not start "sh": no role of the seat coder lists any under 'programs'/,
  ],
  [
    "a program outside of the list is denied",
    {},
    ["node"],
    /may not start "node": the seat coder may start sh, by bare name/,
  ],
  ["a path is no bare name", {}, ["/bin/sh", "-c", "true"], /may not start "\/bin\/sh"/],
  ["a relative path is no bare name", {}, ["./sh"], /may not start ".\/sh"/],
  ["a prefix is not the name", {}, ["sh "], /may not start "sh "/],
] as const) {
  test(name, async (context) => {
    const { first, box, engine } = await play(context, {
      replies: [call("run_command", { argv: [...argv] }), shell("true")].slice(0, 1),
      role: { ...role },
    });
    assert.deepEqual([first["ok"], first["code"]], [false, "denied"]);
    assert.match(textOf(first["error"]), reason);
    assert.equal(box.asked.length, 0);
    assert.equal(
      engine.events
        .filter(({ type }) => type === "tool-called")
        .some(({ data }) => data["tool"] === "run_command"),
      false,
    );
  });
}

test("only a role that allows commands lends its programs and its network", async (context) => {
  const files = {
    "model/core/roles/lender.yaml": {
      name: "lender",
      description: "Lists, but may not run.",
      tools: ["read_file"],
      programs: ["node"],
      network: true,
    },
    "model/core/teams/core.yaml": {
      name: "core",
      seats: {
        coder: { name: "Coder", roles: ["coder", "lender"] },
        guard: { name: "Guard", roles: ["integrity_guard"] },
      },
    },
  };
  const { results, box } = await play(context, {
    replies: [call("run_command", { argv: ["node"] }), shell("true")],
    files,
  });
  assert.deepEqual(
    results.slice(0, 2).map((result) => result?.ok),
    [false, true],
  );
  assert.deepEqual(
    box.asked.map(({ network }) => network),
    [false],
  );
});

test("a role that grants the network has it", async (context) => {
  const { box } = await play(context, { replies: [shell("true")], role: { network: true } });
  assert.deepEqual(
    box.asked.map(({ network }) => network),
    [true],
  );
});

test("a command runs in the folder that it names, and in none outside", async (context) => {
  const { results, run } = await play(context, {
    replies: [shell("pwd", { cwd: "src/../src", timeout: 5 }), shell("pwd", { cwd: ".." })],
    arrange: (dir) => mkdirSync(join(dir, "src")),
  });
  assert.match(textOf((results[0] as JsonObject)["stdout"]), /workspaces\/build-work\/src\n$/);
  assert.equal((results[1] as JsonObject)["code"], "path_escape");
  assert.equal(run.status, "blocked");
});

test("R-29 a command that touches what is protected ends the turn as a violation, and leaves nothing", async (context) => {
  const { first, dir, engine, run } = await play(context, {
    replies: [shell("echo x > verification/api.py; echo y > .env; echo z > AGENTS.md; echo ok")],
    arrange: (folder) => {
      mkdirSync(join(folder, "verification"));
      writeFileSync(join(folder, "verification", "api.py"), "fixture");
    },
  });
  assert.deepEqual(first["code"], "path_protected");
  assert.match(textOf(first["error"]), /\.env, AGENTS\.md, verification\/api\.py/);
  assert.equal(readFileSync(join(dir, "verification", "api.py"), "utf8"), "fixture");
  assert.ok(!existsSync(join(dir, ".env")) && !existsSync(join(dir, "AGENTS.md")));
  const card = await cardOf(engine, "api");
  assert.deepEqual([run.status, card?.status], ["blocked", "blocked"]);
});

test("links that a command made are gone, and the model is told", async (context) => {
  const { first, dir } = await play(context, {
    replies: [shell("ln -s /etc/passwd link; mkdir docs; echo a > docs/a.md")],
  });
  assert.deepEqual([first["removed"], first["changed"]], [["link"], ["docs/a.md"]]);
  assert.ok(!existsSync(join(dir, "link")));
});

test("R-51 a file of a command that breaks a rule is in no commit, and the model is told which", async (context) => {
  const { first, committed, dir } = await play(context, {
    replies: [
      shell(
        "echo 'export {};' > main.ts; mkdir -p src/engines; echo 'export class Store {}' > src/engines/api_engine.ts; echo ok > notes.md",
      ),
    ],
  });
  assert.deepEqual(first["changed"], ["notes.md"]);
  const told = (first["not_kept"] as readonly string[]).join("\n");
  assert.match(told, /main\.ts: iDesign Violation: .*ROOT_FILE_VIOLATION/);
  assert.match(told, /src\/engines\/api_engine\.ts: iDesign AST Violation/);
  const diff = await committed();
  assert.match(diff, /notes\.md/);
  assert.doesNotMatch(diff, /main\.ts|api_engine/);
  assert.ok(existsSync(join(dir, "main.ts")));
});

test("a file that a command removes is removed in the commit, wherever it lay", async (context) => {
  const { results, committed } = await play(context, {
    replies: [shell("mkdir docs; echo a > docs/a.md; echo b > docs/b.md"), shell("rm docs/a.md")],
  });
  assert.deepEqual((results[1] as JsonObject)["changed"], ["docs/a.md"]);
  const diff = await committed();
  assert.match(diff, /docs\/b\.md/);
  assert.doesNotMatch(diff, /docs\/a\.md/);
});

test("without walls a command is refused with the way out, and that is no fault of the agent", async (context) => {
  const runs = [1, 2, 3, 4].map((n) => call("run_command", { argv: ["sh", "-c", `true ${n}`] }));
  const engine = await openProject(context, {
    issues: [{ id: "api" }],
    script: script({
      api: {
        coder: [...runs, call("write_file", { path: "a.md", content: "a" }), say("Done.")],
        guard: [approve],
      },
    }),
    files: { "model/core/roles/coder.yaml": coder({ programs: ["sh"] }) },
  });
  const run = await engine.run({ card: "work" });
  assert.equal(run.status, "done");
  const denied = engine.events.filter(({ type }) => type === "tool-denied");
  assert.deepEqual(
    denied.map(({ data }) => [data["code"], data["rule"]]),
    Array.from({ length: 4 }, () => ["containment_unavailable", "policy"]),
  );
});

const realBox = async (context: TestContext): Promise<Containment> =>
  createContainment({
    backend: "bwrap",
    clock: createSystemClock(),
    searchPath: "/usr/bin:/bin",
    node: process.execPath,
    architecture: process.arch,
    platform: process.platform,
    uid: process.getuid?.() ?? 0,
    unique: () => randomBytes(8).toString("hex"),
    scratchDir: await tempFolder(context),
  });

test("in the real box: output, exit code and files come back, and nothing of the host or the network is there", async (context) => {
  const script =
    "mkdir -p docs; echo made > docs/new.md; echo more >> docs/old.md; cat /etc/passwd; env; (exec 3<>/dev/tcp/127.0.0.1/1) 2>&1; node -e 'console.log(6*7)'; exit 4";
  const { first, committed, run } = await play(context, {
    replies: [
      call("write_file", { path: "docs/old.md", content: "old\n" }),
      call("write_file", { path: "docs/same.md", content: "same\n" }),
      call("run_command", { argv: ["bash", "-c", script] }),
    ],
    role: { programs: ["bash"] },
    containment: await realBox(context),
  }).then(({ results, ...played }) => ({ ...played, first: results[2] as JsonObject }));
  assert.deepEqual([first["ok"], first["exit_code"], first["ended"]], [true, 4, "exited"]);
  assert.deepEqual(first["changed"], ["docs/new.md", "docs/old.md"]);
  assert.match(textOf(first["stdout"]), /\b42\b/);
  assert.doesNotMatch(textOf(first["stdout"]), /root:|SECRET|TOKEN/);
  assert.match(await committed(), /\+made[\s\S]*\+more/);
  assert.equal(run.status, "done");
});

test("in the real box: protected paths are put back, and the next command finds them so", async (context) => {
  const { first, dir } = await play(context, {
    replies: [
      shell(
        "rm -r verification; ln -s / verification; echo x > AGENTS.md; mkdir .git; mkdir -m 0 .env",
      ),
    ],
    arrange: (folder) => {
      mkdirSync(join(folder, "verification"));
      writeFileSync(join(folder, "verification", "api.py"), "fixture");
    },
    containment: await realBox(context),
  });
  assert.equal(first["code"], "path_protected");
  assert.match(textOf(first["error"]), /\.env, \.git, AGENTS\.md, verification/);
  assert.equal(readFileSync(join(dir, "verification", "api.py"), "utf8"), "fixture");
  for (const name of ["AGENTS.md", ".git", ".env"]) assert.ok(!existsSync(join(dir, name)), name);
});

test("in the real box: what hangs and what floods is ended, and its end is told", async (context) => {
  const { results } = await play(context, {
    replies: [shell("echo begun; sleep 60", { timeout: 1 }), shell("yes")],
    containment: await realBox(context),
  });
  const [hung, flooded] = results as readonly JsonObject[];
  assert.deepEqual(
    [hung?.["ended"], hung?.["exit_code"], hung?.["stdout"]],
    ["timeout", null, "begun\n"],
  );
  assert.deepEqual([flooded?.["ended"], flooded?.["exit_code"]], ["output-limit", null]);
  assert.ok(textOf(flooded?.["stdout"]).length < 70_000);
  assert.ok(Number(flooded?.["stdout_omitted_bytes"]) > 3_000_000);
});

test("in the real box: a command that a crash cut off is never run again: its card is put to a person", async (context) => {
  const box = await realBox(context);
  let runs = 0;
  let dies = true;
  const engine = await openProject(context, {
    issues: [{ id: "api" }],
    script: script({
      api: { coder: [shell("echo x >> count.md"), say("Done.")], guard: [approve] },
    }),
    files: { "model/core/roles/coder.yaml": coder({ programs: ["sh"] }) },
    options: {
      replace: {
        containment: {
          ...box,
          run: async (command, signal) => {
            runs += 1;
            const facts = await box.run(command, signal);
            if (dies) throw new EngineError("RUN_LOST", "killed");
            return facts;
          },
        },
      },
    },
  });
  await assert.rejects(engine.run({ card: "work" }), { code: "RUN_LOST" });
  dies = false;
  const [run] = await engine.engine.store.read(async ({ runs: all }) => all.list({ limit: 1 }));
  const resumed = await engine.resume(run?.id ?? "");
  assert.equal(resumed.status, "blocked");
  assert.equal(runs, 1);
  assert.equal(readFileSync(join(workspace(engine.dir), "count.md"), "utf8"), "x\n");
  assert.ok(engine.events.some(({ type }) => type === "effect-unverified"));
  assert.match((await cardOf(engine, "api"))?.waitDetail ?? "", /not known whether run_command/);
});
