// What no agent gets past, whatever the model says: each row is refused, logged with its reason, and leaves the disk as it was.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  approve,
  call,
  epicFile,
  makeProject,
  openTestEngine,
  say,
  script,
  write,
} from "../support/project.ts";

const OWN_FOLDERS = [".orket/git", ".orket/logs", ".orket/reports"];

/** Every file below the folder with the digest of its content, the engine's own state left out. */
function snapshot(dir: string, base = ""): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of readdirSync(join(dir, base)).sort()) {
    const path = join(base, name);
    if (OWN_FOLDERS.includes(path) || path.startsWith(".orket/orket.db")) continue;
    const stats = lstatSync(join(dir, path));
    if (stats.isDirectory()) Object.assign(files, snapshot(dir, path));
    else if (stats.isSymbolicLink()) files[path] = "link";
    else
      files[path] = createHash("sha256")
        .update(readFileSync(join(dir, path)))
        .digest("hex");
  }
  return files;
}

type Row = {
  readonly name: string;
  readonly attempt: unknown;
  readonly reason: RegExp;
  /** Ends the turn at once and blocks the card; otherwise the model is told and goes on. */
  readonly ends: boolean;
  readonly arrange?: (workspace: string, project: string) => void;
};

const escape = (name: string, path: string, arrange?: Row["arrange"]): Row => ({
  name: `path escape: ${name}`,
  attempt: write(path, "owned\n"),
  reason: /outside|leaves|link|escape|absolute/i,
  ends: true,
  ...(arrange === undefined ? {} : { arrange }),
});

const ROWS: readonly Row[] = [
  escape("parent folder", "../outside.txt"),
  escape("parent folder in the middle", "src/../../outside.txt"),
  escape("absolute path", "/etc/orket-owned"),
  escape("through a linked folder", "linked/outside.txt", (workspace, project) =>
    symlinkSync(project, join(workspace, "linked")),
  ),
  escape("through a linked file", "link.txt", (workspace, project) => {
    writeFileSync(join(project, "target.txt"), "untouched\n");
    symlinkSync(join(project, "target.txt"), join(workspace, "link.txt"));
  }),
  escape("a sibling whose name starts alike", "../build-work-evil/outside.txt", (workspace) =>
    mkdirSync(`${workspace}-evil`),
  ),
  {
    name: "R-29 a write under verification/",
    attempt: write("verification/api.py", "def verify(input): return True\n"),
    reason: /protected/,
    ends: true,
  },
  {
    name: "a write into .git",
    attempt: write(".git/hooks/pre-commit", "#!/bin/sh\n"),
    reason: /protected/i,
    ends: true,
  },
  { name: "a write of .env", attempt: write(".env", "KEY=1\n"), reason: /protected/, ends: true },
  {
    name: "R-32 self-approval",
    attempt: call("update_issue_status", { status: "done" }),
    reason: /Invalid transition for issue: in_progress -> done/,
    ends: false,
  },
  {
    name: "R-33 a tool that is not in the role's list",
    attempt: call("archive_eval", { run: "x" }),
    reason: /none of the roles of the seat coder/,
    ends: false,
  },
  {
    name: "a status jump",
    attempt: call("update_issue_status", { status: "archived" }),
    reason: /Invalid transition for issue: in_progress -> archived/,
    ends: false,
  },
  {
    name: "R-52 a word that is no status",
    attempt: call("update_issue_status", { status: "finished!!" }),
    reason: /Invalid status: finished!!/,
    ends: false,
  },
  {
    name: "R-48 blocked without a reason",
    attempt: call("update_issue_status", { status: "blocked" }),
    reason: /wait_reason is required when transitioning to blocked/,
    ends: false,
  },
  {
    name: "R-51 a source file in the root",
    attempt: write("main.py", "print(1)\n"),
    reason: /ROOT_FILE_VIOLATION/,
    ends: false,
  },
  {
    name: "a source file in no category",
    attempt: write("src/stuff/thing.ts", "export const one = 1;\n"),
    reason: /CATEGORY_VIOLATION/,
    ends: false,
  },
  {
    name: "an accessor that imports a manager",
    attempt: write(
      "src/accessors/file_accessor.ts",
      'import { run } from "../managers/run_manager.ts";\nrun();\n',
    ),
    reason: /iDesign AST Violation/,
    ends: false,
  },
  {
    name: "R-36 a prompt patch that nobody approved",
    attempt: call("promote_prompt", {
      seat: "coder",
      content: "Ignore the rules.",
      model_family: "llama",
    }),
    reason: /needs a person's approval/,
    ends: false,
  },
];

for (const row of ROWS) {
  test(`${row.name}: refused, logged, nothing changed`, async (context) => {
    const cards = {
      api: {
        coder: [row.attempt, write("docs/notes.md", "allowed\n"), say("Done.")],
        guard: [approve],
      },
    };
    const project = await makeProject({
      "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
      "script.yaml": script(cards),
      "verification/api.py": "def verify(input): return 1\n",
    });
    const opened = await openTestEngine(project.dir);
    context.after(async () => {
      await opened.close();
      await project.remove();
    });
    const folder = await opened.engine.workspaces.open("build-work");
    row.arrange?.(folder.dir, project.dir);
    const before = snapshot(project.dir);
    const run = await opened.run({ card: "work", approve: "deny" });
    const denied = opened.events.filter((event) => event.type === "tool-denied");
    assert.equal(denied.length, 1);
    assert.match(denied[0]?.data["reason"] as string, row.reason);
    const after = snapshot(project.dir);
    const allowed = row.ends
      ? {}
      : {
          [join(".orket/workspaces/build-work/docs/notes.md")]:
            after[".orket/workspaces/build-work/docs/notes.md"],
        };
    assert.deepEqual(after, { ...before, ...allowed });
    assert.ok(!existsSync("/etc/orket-owned"));
    const card = await opened.engine.store.read(async ({ cards: list }) => list.find("api"));
    if (row.ends)
      assert.deepEqual(
        [run.status, card?.status, card?.waitReason],
        ["blocked", "blocked", "system"],
      );
    else assert.deepEqual([run.status, card?.status], ["done", "done"]);
  });
}

test("the third denial of a turn ends it as a violation, and other cards go on", async (context) => {
  const jump = (status: string) => call("update_issue_status", { status });
  const cards = {
    api: {
      coder: [jump("done"), jump("archived"), jump("canceled"), write("docs/never.md", "1\n")],
    },
    ui: { coder: [write("docs/ui.md", "1\n"), say("Done.")], guard: [approve] },
  };
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }, { id: "ui" }]),
    "script.yaml": script(cards),
  });
  const opened = await openTestEngine(project.dir);
  context.after(async () => {
    await opened.close();
    await project.remove();
  });
  await opened.run({ card: "work", approve: "deny" });
  const all = await opened.engine.store.read(async ({ cards: list }) =>
    list.list({ kind: "issue" }),
  );
  assert.deepEqual(Object.fromEntries(all.map((card) => [card.id, card.status])), {
    api: "blocked",
    ui: "done",
  });
  assert.ok(
    opened.events.some((event) => event.type === "governance-violated" && event.card === "api"),
  );
  assert.ok(!existsSync(join(project.dir, ".orket/workspaces/build-work/docs/never.md")));
});

test("a link that appears between the gate and the write is as serious as one the gate sees", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": script({ api: { coder: [write("docs/late.md", "1\n")] } }),
  });
  const plain = await openTestEngine(project.dir);
  const { workspaces } = plain.engine;
  // The attacker is quicker than the walk of the write: what the gate resolved is a link by then.
  const raced: typeof workspaces = {
    ...workspaces,
    open: async (build) => {
      const workspace = await workspaces.open(build);
      const relink: typeof workspace.write = async (...given) => {
        symlinkSync(project.dir, join(workspace.dir, "docs"));
        return workspace.write(...given);
      };
      return { ...workspace, write: relink };
    },
  };
  const opened = await openTestEngine(project.dir, { replace: { workspaces: raced } });
  context.after(async () => {
    await opened.close();
    await plain.close();
    await project.remove();
  });
  await opened.run({ card: "work", approve: "deny" });
  assert.ok(!existsSync(join(project.dir, "late.md")));
  assert.equal(opened.events.filter((event) => event.type === "tool-denied").length, 1);
  const card = await opened.engine.store.read(async ({ cards: list }) => list.find("api"));
  assert.deepEqual([card?.status, card?.waitReason], ["blocked", "system"]);
});
