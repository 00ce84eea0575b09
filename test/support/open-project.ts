// A project of one epic, opened for a test and removed after it, and the questions that tests ask of it.
import { join } from "node:path";
import type { TestContext } from "node:test";
import { stringify } from "yaml";
import type { EngineOptions, TestEngine, TestIssue } from "./project.ts";
import { epicFile, makeProject, openTestEngine } from "./project.ts";

export type Setting = {
  readonly issues: readonly TestIssue[];
  readonly script: unknown;
  readonly epic?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, unknown>>;
  readonly options?: EngineOptions;
};

export async function openProject(
  context: TestContext,
  setting: Setting,
): Promise<TestEngine & { readonly dir: string }> {
  const text = typeof setting.script === "string" ? setting.script : stringify(setting.script);
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile(setting.issues, setting.epic),
    "script.yaml": text,
    ...setting.files,
  });
  const engine = await openTestEngine(project.dir, setting.options);
  context.after(async () => {
    await engine.close();
    await project.remove();
  });
  return { ...engine, dir: project.dir };
}

export const statuses = async (engine: TestEngine): Promise<Record<string, string>> =>
  engine.engine.store.read(async ({ cards }) =>
    Object.fromEntries((await cards.list({ kind: "issue" })).map((card) => [card.id, card.status])),
  );

export const cardOf = async (engine: TestEngine, id: string) =>
  engine.engine.store.read(async ({ cards }) => cards.find(id));
export const types = (engine: TestEngine, card?: string): readonly string[] =>
  engine.events
    .filter((event) => card === undefined || event.card === card)
    .map((event) => event.type);
export const moves = (engine: TestEngine, card: string): readonly string[] =>
  engine.events
    .filter((event) => event.type === "card-moved" && event.card === card)
    .map((event) => event.data["to"] as string);
export const workspace = (dir: string): string => join(dir, ".orket/workspaces/build-work");
