// Tools with a weight beyond the card: evaluations, prompt patches, images. Commands are in run-command.ts.
import { z } from "zod";
import { dialectFamily } from "../../domain/dialect.ts";
import { CARD_ID_PATTERN } from "../../domain/card.ts";
import { keyOf } from "../../domain/card-moves.ts";
import { runCommand } from "./run-command.ts";
import type { ToolScope } from "./tool.ts";
import { defineTool } from "./tool.ts";

const TURNS_ARCHIVED_MAX = 10_000;

const archiveEval = defineTool({
  name: "archive_eval",
  risk: "write",
  effect: true,
  description: "Keeps a run's turns as an evaluation record.",
  schema: z
    .strictObject({
      run: z.string().max(64).optional(),
      session_id: z.string().max(64).optional(),
      label: z
        .string()
        .regex(/^[a-z0-9-]{1,40}$/)
        .default("trial"),
    })
    .refine((args) => (args.run ?? args.session_id) !== undefined, "run is needed"),
  run: async ({ run, session_id: session, label }, scope) => {
    const id = run ?? session ?? "";
    const found = await scope.store.read(async ({ runs, turns }) => {
      const record = await runs.get(id);
      return record === null
        ? null
        : { run: record, turns: await turns.list({ run: id, limit: TURNS_ARCHIVED_MAX }) };
    });
    if (found === null)
      return { result: { ok: false, code: "not_found", error: `not_found: no run ${id}.` } };
    const stamp = new Date(scope.clock.now()).toISOString().replaceAll(/[-:.]/g, "");
    const name = `${stamp}_${label}/${scope.turn}.json`;
    await scope.stateFiles.writeEvaluation(name, `${JSON.stringify(found, null, 2)}\n`);
    return { result: { ok: true, evaluation: `${stamp}_${label}` } };
  },
});

/** `path` is seat and family, as the folder of the patches has them. */
async function promoted(path: string, { stateFiles, ids }: ToolScope): Promise<string | null> {
  const [seat = "", family = ""] = path.split("/");
  const patch = await stateFiles.readPromptPatch(seat, family);
  return patch === null ? null : ids.digest(patch);
}

const promotePrompt = defineTool({
  name: "promote_prompt",
  risk: "sensitive",
  effect: true,
  description: "Proposes a prompt patch for a seat and a model family; later runs use it.",
  schema: z.strictObject({
    seat: z.string().regex(CARD_ID_PATTERN),
    content: z.string().min(1).max(16_384),
    model_family: z.string().regex(CARD_ID_PATTERN),
  }),
  trace: {
    plan: async ({ seat, content, model_family: family }, scope) => {
      const path = `${keyOf(seat)}/${dialectFamily(family)}`;
      return { path, before: await promoted(path, scope), after: scope.ids.digest(content) };
    },
    look: promoted,
  },
  run: async ({ seat, content, model_family: family }, scope) => {
    if (!scope.team.seats.some((one) => one.key === keyOf(seat))) {
      return { result: { ok: false, code: "tool_argument", error: `Unknown seat ${seat}.` } };
    }
    await scope.stateFiles.writePromptPatch(keyOf(seat), dialectFamily(family), content);
    return { result: { ok: true } };
  },
});

const unconfigured = (name: string, fields: z.ZodRawShape) =>
  defineTool({
    name,
    risk: "external",
    effect: true,
    description: "Works only with a configured vision or image provider.",
    path: { argument: "path", access: name === "image_analyze" ? "read" : "write" },
    schema: z.strictObject({
      path: z.string().min(1).max(1024),
      ...fields,
    }) as unknown as z.ZodType<{ path: string }>,
    run: async () => ({
      result: {
        ok: false,
        code: "not_configured",
        error: "not_configured: no vision or image provider is configured.",
      },
    }),
  });

export const GOVERNANCE_TOOLS = [
  runCommand,
  archiveEval,
  promotePrompt,
  unconfigured("image_analyze", {}),
  unconfigured("image_generate", { prompt: z.string().min(1).max(4096) }),
];
