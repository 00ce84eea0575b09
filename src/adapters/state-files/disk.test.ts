// Reports, evaluations and prompt patches on a real disk.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { runCommand } from "../../../test/support/run-command.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { createRedactor } from "../../domain/redact.ts";
import { createStateFiles } from "./disk.ts";

const redact = createRedactor({ values: ["geheimnis"] });

async function scene(context: TestContext) {
  const projectDir = await tempFolder(context);
  const stateDir = join(projectDir, ".orket");
  return { projectDir, stateDir, files: createStateFiles({ stateDir, projectDir, redact }) };
}

test("R-82 writes a report under reports/, says where, and never replaces one", async (context) => {
  const { projectDir, files } = await scene(context);
  const shown = await files.writeReport("run-1/card-1-turn-1.json", "{}\n");
  assert.equal(shown, ".orket/reports/run-1/card-1-turn-1.json");
  await assert.rejects(files.writeReport("run-1/card-1-turn-1.json", "other"), {
    code: "INTERNAL",
    message: /never replaced/,
  });
  assert.equal(readFileSync(join(projectDir, shown), "utf8"), "{}\n");
  assert.deepEqual(readdirSync(join(projectDir, ".orket/reports/run-1")), ["card-1-turn-1.json"]);
});

test("R-82 of many that write one name at once exactly one succeeds, whole", async (context) => {
  const { projectDir, files } = await scene(context);
  const texts = Array.from({ length: 16 }, (_, index) => String(index).repeat(10_000));
  const results = await Promise.allSettled(texts.map((text) => files.writeReport("r.json", text)));
  assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
  assert.ok(texts.includes(readFileSync(join(projectDir, ".orket/reports/r.json"), "utf8")));
  assert.deepEqual(readdirSync(join(projectDir, ".orket/reports")), ["r.json"]);
});

test("R-35 keeps evaluations under evals/ and refuses names that leave it", async (context) => {
  const { projectDir, files } = await scene(context);
  assert.equal(
    await files.writeEvaluation("2026-01-01T00-00-00Z_trial/run.json", "{}"),
    ".orket/evals/2026-01-01T00-00-00Z_trial/run.json",
  );
  const bad = [
    "",
    ".",
    "..",
    "../x",
    "a/../../x",
    "/etc/x",
    "a//b",
    "a/",
    ".hidden",
    "a\0b",
    "a b",
    "a\\b",
    "x".repeat(600),
    "a\nb",
  ];
  for (const name of bad) {
    await assert.rejects(files.writeEvaluation(name, "x"), { code: "INTERNAL" }, name);
    await assert.rejects(files.writeReport(name, "x"), { code: "INTERNAL" }, name);
  }
  assert.deepEqual(readdirSync(projectDir), [".orket"]);
  assert.deepEqual(readdirSync(join(projectDir, ".orket")), ["evals"]);
});

test("gives the whole path of what does not lie in the project", async (context) => {
  const [projectDir, stateDir] = [await tempFolder(context), await tempFolder(context)];
  const files = createStateFiles({ stateDir, projectDir, redact });
  assert.equal(await files.writeReport("r.json", "x"), join(stateDir, "reports/r.json"));
});

test("R-36 keeps prompt patches by seat and family, replaces them, and confines their names", async (context) => {
  const { projectDir, files } = await scene(context);
  assert.equal(await files.readPromptPatch("coder", "qwen"), null);
  await files.writePromptPatch("coder", "qwen", "one");
  await files.writePromptPatch("coder", "qwen", "two");
  assert.equal(await files.readPromptPatch("coder", "qwen"), "two");
  assert.equal(await files.readPromptPatch("coder", "other"), null);
  assert.deepEqual(readdirSync(join(projectDir, "prompts/coder")), ["qwen.txt"]);
  for (const name of ["..", "../x", "", "a/b", ".x", "a:b", "x".repeat(65)]) {
    await assert.rejects(files.writePromptPatch(name, "qwen", "x"), { code: "INTERNAL" }, name);
    await assert.rejects(files.writePromptPatch("coder", name, "x"), { code: "INTERNAL" }, name);
    assert.equal(await files.readPromptPatch(name, "qwen"), null);
    assert.equal(await files.readPromptPatch("coder", name), null);
  }
});

test(
  "refuses a patch that is too long, a folder or a FIFO, without hanging",
  { timeout: 5000 },
  async (context) => {
    const { projectDir, files } = await scene(context);
    await assert.rejects(files.writePromptPatch("coder", "long", "x".repeat(70_000)), {
      code: "INTERNAL",
    });
    mkdirSync(join(projectDir, "prompts/coder/folder.txt"), { recursive: true });
    writeFileSync(join(projectDir, "prompts/coder/long.txt"), "x".repeat(70_000));
    await runCommand("mkfifo", join(projectDir, "prompts/coder/fifo.txt"));
    for (const family of ["folder", "long", "fifo"]) {
      await assert.rejects(
        files.readPromptPatch("coder", family),
        { code: "ASSET_INVALID" },
        family,
      );
    }
  },
);

test("reports a full disk and a read-only folder by their codes and leaves nothing behind", async (context) => {
  const { projectDir } = await scene(context);
  const module = new URL("./disk.ts", import.meta.url).href;
  const script = `const { createStateFiles } = await import(${JSON.stringify(module)});
    const files = createStateFiles({ stateDir: process.argv[1] + "/.orket", projectDir: process.argv[1], redact: { text: (text) => text } });
    const codes = [await files.writeReport("r.json", "x".repeat(200_000)).catch((error) => error.code)];
    if (process.getuid() === 0) { process.setgroups([]); process.setgid(65534); process.setuid(65534); }
    else (await import("node:fs")).chmodSync(process.argv[1] + "/.orket/reports", 0o555);
    codes.push(await files.writeReport("r.json", "x").catch((error) => error.code));
    console.log(codes.join());`;
  const output = await runCommand(
    "sh",
    "-c",
    `ulimit -f 64; exec "$@"`,
    "sh",
    process.execPath,
    "--input-type=module",
    "--eval",
    script,
    projectDir,
  );
  assert.equal(output, "STORE_FULL,PROJECT_READ_ONLY\n");
  assert.deepEqual(readdirSync(join(projectDir, ".orket/reports")), []);
  assert.ok(!existsSync(join(projectDir, "prompts")));
});

test("keeps no secret in a report or an evaluation", async (context) => {
  const { files, stateDir } = await scene(context);
  const text = JSON.stringify({ key: "geheimnis", address: "https://a:b@c" });
  await files.writeReport("r.json", text);
  await files.writeEvaluation("e.json", text);
  for (const name of ["reports/r.json", "evals/e.json"]) {
    const kept = readFileSync(join(stateDir, name), "utf8");
    assert.equal(kept, '{"key":"[redacted]","address":"https://a:[redacted]@c"}');
  }
});
