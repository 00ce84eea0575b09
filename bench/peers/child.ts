// One contender as a process of its own: its folder is made before it starts and is gone after it ended.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { makeBenchProject } from "../project.ts";
import type { Contender } from "./contenders.ts";
import { taskOf } from "./contenders.ts";
import { COMMENT_TOOL } from "./reply.ts";
import type { Answer, Task } from "./report.ts";
import { readReport } from "./report.ts";

/** Far more than any of them needs; one that hangs must not hold up the rest. */
const CHILD_MS_MAX = 120_000;
const ERROR_CHARACTERS = 300;
const DISABLE_CACHE = { NODE_DISABLE_COMPILE_CACHE: "1" };

export async function measure(contender: Contender, size: number): Promise<Answer> {
  const dir = await makeFolder(contender, size);
  try {
    const file = fileURLToPath(new URL(contender.file, import.meta.url));
    return await runChild(file, (startedMs) => taskOf(contender, { size, dir, startedMs }));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** What a person would have written before: for Orket a project with the cards. */
const makeFolder = async ({ file, work }: Contender, size: number): Promise<string> =>
  file === "orket.ts"
    ? makeBenchProject({ epics: 1, issues: work === "many" ? size : 1, tools: [COMMENT_TOOL] })
    : mkdtemp(join(tmpdir(), "orket-bench-"));

/** Also for a program that is none of ours: the tests hand in some that fail. */
export async function runChild(
  file: string,
  task: (startedMs: number) => Task,
  waitMs = CHILD_MS_MAX,
): Promise<Answer> {
  const given = task(performance.timeOrigin + performance.now());
  const child = spawn(process.execPath, [...FLAGS, file, JSON.stringify(given)], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: waitMs,
    killSignal: "SIGKILL",
    // What one start left in a cache must not make the next one faster.
    env: { ...process.env, ...DISABLE_CACHE },
  });
  const ended = new Promise<string | null>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) =>
      resolve(code === 0 ? null : signal === null ? `it ended with ${code}` : `killed (${signal})`),
    );
  });
  const [output, errors, wrong] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended,
  ]);
  if (wrong === null) return readReport(output, given);
  const told = /^\w*Error.*$/m.exec(errors)?.[0] ?? errors.trim();
  return { failed: `${wrong}${told === "" ? "" : `: ${told.slice(0, ERROR_CHARACTERS)}`}` };
}

const FLAGS = ["--disable-warning=ExperimentalWarning"];
