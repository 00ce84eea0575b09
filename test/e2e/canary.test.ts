// Secrets of every kind pass through replies, arguments, results, errors and the environment of real processes; none of
// them is in anything that Orket keeps or shows. What agents wrote into their own files stays exactly as they wrote it.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { CONFESSION, findIn, KNOWN, LOOKS, NEEDLES, stateFiles } from "../support/canary.ts";
import type { Behaviour, ReceivedRequest } from "../support/model-server.ts";
import { startModelServer } from "../support/model-server.ts";
import { runOrket } from "../support/orket.ts";
import { epicFile, makeProject } from "../support/project.ts";
import { runCommand } from "../support/run-command.ts";

const reply = (tool: string, args: unknown, text = ""): Behaviour => ({
  kind: "answer",
  text,
  calls: [{ tool, input: typeof args === "string" ? args : JSON.stringify(args) }],
});

/** The coder says everything it knows in every place it can. */
const TELLING: readonly Behaviour[] = [
  reply("write_file", { path: "docs/api.md", content: CONFESSION }, CONFESSION),
  reply("read_file", { path: "docs/api.md" }),
  reply("search_files", { path: ".", pattern: "canary-" }),
  reply("add_issue_comment", { text: CONFESSION }),
  reply("write_file", { path: `docs/${LOOKS[0]?.said}.md`, content: "x" }),
  reply("read_file", { path: `docs/${LOOKS[2]?.said}` }),
  reply(`tool_${LOOKS[1]?.said}`, { [CONFESSION]: CONFESSION }),
  reply("read_file", `no json at all: ${CONFESSION}`),
  reply("edit_file", { path: "docs/api.md", old: CONFESSION, new: `${CONFESSION}\n` }),
  reply("create_issue", {
    seat: "coder",
    summary: LOOKS.map(({ said }) => said)
      .join(" ")
      .slice(0, 400),
  }),
  { kind: "answer", text: `A decision was made: ${CONFESSION}` },
];

function decide({ body }: ReceivedRequest): Behaviour {
  const messages = body["messages"] as readonly { role: string; content: unknown }[];
  const text = messages.map(({ content }) => JSON.stringify(content)).join("\n");
  const place = messages.filter(({ role }) => role === "assistant").length;
  const error = (status: number, message: string): Behaviour => ({
    kind: "status",
    status,
    body: JSON.stringify({ error: { message } }),
  });
  if (text.includes("id: denied")) return error(401, `Incorrect key: ${KNOWN["OPENAI_API_KEY"]}.`);
  if (text.includes("id: refused")) return error(400, `What is ${CONFESSION}?`);
  if (text.includes("This is a review turn")) {
    const again = text.includes("This is review cycle 2");
    const reason = `Take it out: ${CONFESSION}`.slice(0, 1000);
    return reply(
      "update_issue_status",
      again ? { status: "done" } : { status: "in_progress", reason },
    );
  }
  if (text.includes("id: escape"))
    return reply("write_file", { path: `../${LOOKS[0]?.said}`, content: CONFESSION }, CONFESSION);
  if (text.includes("id: asking"))
    return reply("ask_human", { question: `May I use ${CONFESSION}`.slice(0, 900) });
  if (text.includes("id: silent")) return { kind: "answer", text: CONFESSION };
  if (!text.includes("id: api")) return TELLING.at(-1) ?? { kind: "silent" };
  return TELLING[place] ?? { kind: "answer", text: "Done." };
}

const ENVIRONMENT = [
  "OPENAI_API_KEY",
  "ANTHROPIC_API_KEY",
  "GITEA_WEBHOOK_SECRET",
  "THIRD_PARTY_TOKEN",
];

async function scene(context: TestContext) {
  const server = await startModelServer(decide);
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile(
      ["api", "escape", "asking", "silent"].map((id) => ({ id, max_retries: 1 })),
    ),
    "model/core/epics/first.yaml": epicFile([{ id: "denied" }]),
    "model/core/epics/second.yaml": epicFile([{ id: "refused" }]),
    "model/core/epics/third.yaml": epicFile([{ id: "broken" }], { environment: "broken" }),
    "model/core/environments/broken.yaml": { name: "broken", model: "scripted:broken.yaml" },
    // The error that names its key goes to the log of the process.
    "broken.yaml": { version: 1, [LOOKS[0]?.said ?? ""]: KNOWN["OPENAI_API_KEY"] },
    "model/core/environments/local.yaml": { name: "local", model: "openai:canary" },
    ".env": `DATABASE_URL=${KNOWN["DATABASE_URL"]}\nORKET_API_KEY=${KNOWN["ORKET_API_KEY"]}\n`,
  });
  context.after(async () => {
    await project.remove();
    await server.close();
  });
  const env = {
    ...Object.fromEntries(ENVIRONMENT.map((name) => [name, KNOWN[name] ?? ""])),
    OPENAI_BASE_URL: `${server.url}/v1`,
  };
  const said: { readonly command: string; readonly text: string }[] = [];
  const orket = async (...args: readonly string[]) => {
    const ended = await runOrket(args, { cwd: project.dir, env });
    said.push({ command: args.join(" "), text: `${ended.out}\n${ended.err}` });
    return ended;
  };
  return { dir: project.dir, server, orket, said };
}

test("no secret of any kind is in anything that is kept or shown", async (context) => {
  const { dir, server, orket, said } = await scene(context);
  const ran = await orket("run", "work", "--json");
  const types = new Set(ran.out.split("\n").map((line) => /"type":"([a-z-]+)"/.exec(line)?.[1]));
  for (const type of ["card-commented", "review-rejected", "governance-violated", "card-created"])
    assert.ok(types.has(type), `${type} did not happen: ${ran.out.slice(-3000)}`);
  assert.equal((await orket("run", "first")).code, 4);
  assert.equal((await orket("run", "second", "--json")).code, 4);
  assert.equal((await orket("run", "third")).code, 4);
  const { runs } = JSON.parse((await orket("runs", "--json")).out) as { runs: { id: string }[] };
  const shown = runs.flatMap(({ id }) => [
    ["runs", "show", id, "--json", "--metrics"],
    ["runs", "show", id, "--diff"],
  ]);
  await Promise.all(
    [
      ...shown,
      ["events", "verify"],
      ["config", "show", "--json"],
      ["doctor"],
      ["board"],
      ["board", "--json"],
      ["cards", "--json"],
      ["cards", "show", "api"],
      ["cards", "show", "asking", "--json"],
      ["memory", "--json"],
      ["preview", "work", "--json"],
      ["run", "work", "--model", `openai:${LOOKS[0]?.said}`],
      ["run", LOOKS[0]?.said ?? ""],
    ].map(async (args) => orket(...args)),
  );
  const kept = stateFiles(dir);
  const names = kept.map(({ name }) => name);
  for (const name of ["orket.db", "process.jsonl", "logs/build-work.jsonl"])
    assert.ok(names.includes(name), names.join());
  assert.ok(names.some((name) => name.startsWith("reports/")));
  assert.deepEqual(
    kept.flatMap(({ name, bytes }) => findIn(name, bytes)),
    [],
  );
  assert.deepEqual(
    said.flatMap(({ command, text }) => findIn(command, Buffer.from(text))),
    [],
  );
  const commits = await runCommand(
    "git",
    `--git-dir=${join(dir, ".orket/git/build-work.git")}`,
    "log",
    "--all",
    "--format=%B",
  );
  assert.ok(commits.includes("api"));
  assert.deepEqual(findIn("commits", Buffer.from(commits)), []);
  const file = readFileSync(join(dir, ".orket/workspaces/build-work/docs/api.md"), "utf8");
  assert.equal(file.trimEnd(), CONFESSION, "an agent's own file is as the agent wrote it");
  const sent = server.requests.map(({ body }) => JSON.stringify(body)).join("\n");
  assert.ok(sent.includes("[redacted]"), "what was kept is what later prompts are made of");
});

test("the search finds what is there: a value that nobody knows and that looks like nothing", async (context) => {
  const { dir, orket, said } = await scene(context);
  const stranger = "canary-openai/Key+with=odd~chars".replace("openai", "stranger");
  writeFileSync(join(dir, "orket.yaml"), "model: scripted:script.yaml\n");
  writeFileSync(
    join(dir, "model/core/environments/local.yaml"),
    "name: local\nmodel: scripted:script.yaml\n",
  );
  const silent = { text: `I know ${stranger} and ${KNOWN["OPENAI_API_KEY"]}` };
  const match = [{ when: {}, reply: silent }];
  writeFileSync(join(dir, "script.yaml"), JSON.stringify({ version: 1, match }));
  await orket("run", "first", "--json");
  const needles = [stranger, ...NEEDLES];
  const kept = stateFiles(dir).flatMap(({ name, bytes }) => findIn(name, bytes, needles));
  assert.ok(
    kept.some((hit) => hit.startsWith("orket.db")),
    kept.join(),
  );
  assert.ok(
    kept.some((hit) => hit.startsWith("logs/build-first.jsonl")),
    kept.join(),
  );
  const shown = said.flatMap(({ command, text }) => findIn(command, Buffer.from(text), needles));
  assert.ok(shown.length > 0);
  for (const hit of [...kept, ...shown]) assert.ok(hit.endsWith(`: ${stranger}`), hit);
});
