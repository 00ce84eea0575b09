// Loads test files without running a test and prints, as JSON, which tests each would run. Started as a process of its own
// with the files as arguments: what a file does while it is loaded stays there.
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import type { Registry } from "./test-registry.ts";

export type CollectedFile = {
  readonly path: string;
  /** Names of its tests; those within a `describe` by their own name. */
  readonly tests: readonly string[];
  /** Why it could not be loaded. */
  readonly error: string | null;
};

const registryUrl = new URL("./test-registry.ts", import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "node:test" ? { url: registryUrl, shortCircuit: true } : next(specifier, context),
});

const registry = (await import(registryUrl)) as Registry;
const collected: CollectedFile[] = [];
for (const path of process.argv.slice(2)) {
  try {
    await import(pathToFileURL(path).href);
    collected.push({ path, tests: await registry.take(), error: null });
  } catch (error) {
    await registry.take().catch(() => []);
    collected.push({ path, tests: [], error: String(error) });
  }
}
process.stdout.write(JSON.stringify(collected), () => process.exit(0));
