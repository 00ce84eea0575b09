// Loads the project's own decision nodes by Node's native import. They are the user's code and run with the user's rights;
// what they answer is checked where they are asked.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { Nodes, Seam } from "../../domain/decision.ts";
import { SEAMS } from "../../domain/decision.ts";
import { ok, refuse } from "../../domain/result.ts";
import { BUILT_IN_NAMES } from "../../ports/nodes.ts";
import { withTimeLimit } from "./time-limit.ts";
import type { LoadedNodes, LoadNodes, NodeRequest } from "../../ports/nodes.ts";

const EXTENSIONS = ["ts", "js", "mjs"] as const;
/** A name is a file name and nothing more: no folder, no way out of `nodes/`. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const LOAD_MS_MAX = 10_000;

type AnyNode = Nodes[Seam];
type Resolved = { readonly name: string; readonly node: AnyNode } | { readonly problem: string };

export const loadNodes: LoadNodes = async (request) => {
  const nodes: Partial<Record<Seam, AnyNode>> = {};
  const names: Partial<Record<Seam, string>> = {};
  const shadows: Partial<Record<Seam, { readonly name: string; readonly node: AnyNode }>> = {};
  const problems: string[] = [];
  for (const seam of SEAMS) {
    const { use = BUILT_IN_NAMES[0], shadow } = request.names[seam] ?? {};
    const used = await resolveNode(request, seam, use);
    if ("problem" in used) problems.push(used.problem);
    else [nodes[seam], names[seam]] = [used.node, used.name];
    const beside = shadow === undefined ? null : await resolveNode(request, seam, shadow);
    if (beside !== null && "problem" in beside) problems.push(beside.problem);
    else if (beside !== null) shadows[seam] = beside;
  }
  if (problems.length > 0)
    return refuse("NODE_INVALID", [...new Set(problems)].join("\n"), { problems: problems.length });
  return ok({ nodes, names, shadows } as LoadedNodes);
};

async function resolveNode(request: NodeRequest, seam: Seam, name: string): Promise<Resolved> {
  if ((BUILT_IN_NAMES as readonly string[]).includes(name))
    return { name: BUILT_IN_NAMES[0], node: request.builtIn[seam] };
  const wayOut = `Correct nodes.${seam} in orket.yaml, or take it out to use the built-in node.`;
  const fail = (text: string): Resolved => ({
    problem: `The ${seam} node '${name}': ${text} ${wayOut}`,
  });
  if (!NAME.test(name)) return fail("that is no name of a file in nodes/.");
  const files = await findFiles(join(request.projectDir, "nodes"), name);
  const [file, other] = files;
  if (file === undefined) return fail(`there is no nodes/${name}.ts in ${request.projectDir}.`);
  if (other !== undefined)
    return fail(`${file.path} and ${other.path} have the same name; keep one.`);
  const loaded = await importModule(file, request.timeoutMs ?? LOAD_MS_MAX);
  if (!loaded.ok) return fail(`${file.path} does not load: ${loaded.error}.`);
  const found = loaded.exports[seam] ?? loaded.exports["default"];
  if (!isPlainFunction(found)) {
    return fail(`${file.path} exports no synchronous function as ${seam} or as default.`);
  }
  return { name, node: withTimeLimit(found as (input: unknown) => unknown) as AnyNode };
}

type NodeFile = { readonly path: string; readonly changedMs: number };

async function findFiles(dir: string, name: string): Promise<readonly NodeFile[]> {
  const found: NodeFile[] = [];
  for (const extension of EXTENSIONS) {
    const path = join(dir, `${name}.${extension}`);
    const facts = await stat(path).catch(() => null);
    if (facts?.isFile() === true) found.push({ path, changedMs: facts.mtimeMs });
  }
  return found;
}

type Imported =
  | { readonly ok: true; readonly exports: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly error: string };

/** A module may wait for ever at its top level; the start of a run may not. */
async function importModule({ path, changedMs }: NodeFile, timeoutMs: number): Promise<Imported> {
  const address = pathToFileURL(path);
  // Modules are kept by address: with its moment in it, a changed file is another module.
  address.searchParams.set("changed", String(changedMs));
  const stop = new AbortController();
  try {
    const late = sleep(timeoutMs, null, { signal: stop.signal });
    late.catch(() => {});
    const exports = (await Promise.race([import(address.href), late])) as Readonly<
      Record<string, unknown>
    > | null;
    return exports === null
      ? { ok: false, error: `it took more than ${timeoutMs} ms` }
      : { ok: true, exports };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  } finally {
    stop.abort();
  }
}

/** An asynchronous node would answer with a promise, a generator with an iterator. */
const isPlainFunction = (value: unknown): boolean =>
  typeof value === "function" && Object.getPrototypeOf(value) === Function.prototype;
