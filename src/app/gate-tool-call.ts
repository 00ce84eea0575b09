// The gate before every tool call. The first refusal wins: role list, arguments, program, path, protection, iDesign and
// structure, state machine, risk, and last the gate node, which can only tighten.
import type { IdesignRules } from "../domain/assets.ts";
import type { NewEvent } from "../domain/events.ts";
import {
  checkIdesign,
  isReadProtected,
  isWriteProtected,
  riskRuling,
} from "../domain/governance.ts";
import type { JsonObject } from "../domain/json.ts";
import { checkStructure, languageOf } from "../domain/structure.ts";
import type { ToolCall } from "../domain/turn.ts";
import type { ContainmentReport } from "../ports/containment.ts";
import { askNode } from "./ask-node.ts";
import type { Engine } from "./engine.ts";
import { parseArguments, TOOLS } from "./tools/catalogue.ts";
import { editedText } from "./tools/files.ts";
import { programsOf } from "./tools/run-command.ts";
import type { Tool, ToolScope } from "./tools/tool.ts";

/** The rule that fired; the report of a violation is typed by it. */
export type GateRule =
  | "state_transition"
  | "tool_gate"
  | "path"
  | "idesign"
  | "structure"
  | "policy";

/** A call that no rule refuses. */
export type Passed = {
  readonly tool: Tool;
  readonly args: object;
  readonly path: string | null;
  readonly warnings: readonly string[];
};

export type GateVerdict =
  | (Passed & { readonly kind: "allow" })
  /** Only a person can let it happen; `reason` is why. */
  | (Passed & { readonly kind: "ask"; readonly reason: string })
  /** Not a violation: the model made a mistake and is told so. */
  | { readonly kind: "error"; readonly code: string; readonly message: string }
  | {
      readonly kind: "deny";
      readonly rule: GateRule;
      readonly code: string;
      readonly message: string;
      readonly counts: boolean;
    }
  /** Ends the turn at once. */
  | {
      readonly kind: "violation";
      readonly rule: GateRule;
      readonly code: string;
      readonly message: string;
    };

export type GateQuestion = {
  readonly call: ToolCall;
  readonly scope: ToolScope;
  readonly offered: readonly Tool[];
  /** null when the rules are off for this organization or epic. */
  readonly idesign: IdesignRules | null;
};

export type Gated = { readonly verdict: GateVerdict; readonly events: readonly NewEvent[] };
type GateDeps = Pick<Engine, "nodes" | "clock" | "ids" | "source" | "settings" | "redact">;

const deny = (rule: GateRule, code: string, message: string): GateVerdict => ({
  kind: "deny",
  rule,
  code,
  message,
  counts: true,
});

export async function gateToolCall(deps: GateDeps, question: GateQuestion): Promise<Gated> {
  const { call, scope, offered } = question;
  const only = (verdict: GateVerdict): Gated => ({ verdict, events: [] });
  const tool = TOOLS.get(call.tool);
  if (tool === undefined) {
    const names = offered.map((one) => one.name).join(", ");
    return only({
      kind: "error",
      code: "tool_unknown",
      message: `Unknown tool ${call.tool}. You have: ${names}.`,
    });
  }
  if (!offered.includes(tool)) {
    return only(
      deny(
        "tool_gate",
        "denied",
        `The tool ${tool.name} is in none of the roles of the seat ${scope.seat}.`,
      ),
    );
  }
  if (isMalformed(call.args))
    return only({ kind: "error", code: "tool_argument", message: call.args.$malformed });
  const parsed = parseArguments(tool, call.args as JsonObject);
  if (!parsed.ok) return only({ kind: "error", code: "tool_argument", message: parsed.error });
  const unlisted = judgeProgram(tool, parsed.args, scope);
  if (unlisted !== null) return only(unlisted);
  const place = await judgePath(deps, { tool, args: parsed.args, scope });
  if ("kind" in place) return only(place);
  const ruled =
    (await judgeContent(deps, question, { tool, args: parsed.args, path: place.path })) ??
    judgeMove(tool, parsed.args, scope);
  if (ruled !== null && "kind" in ruled) return only(ruled);
  return judgeRisk(deps, question, {
    tool,
    args: parsed.args,
    path: place.path,
    warnings: ruled?.warnings ?? [],
  });
}

const isMalformed = (args: ToolCall["args"]): args is { readonly $malformed: string } =>
  typeof args["$malformed"] === "string" && Object.keys(args).length === 1;

/** No list, no program: what a role may start is said by its asset, and an empty list says that. */
function judgeProgram(tool: Tool, args: object, scope: ToolScope): GateVerdict | null {
  if (tool.program === undefined) return null;
  const program = tool.program(args as never);
  const programs = programsOf(scope);
  if (programs.includes(program)) return null;
  const way =
    programs.length === 0
      ? `no role of the seat ${scope.seat} lists any under 'programs'`
      : `the seat ${scope.seat} may start ${programs.join(", ")}, by bare name`;
  const name = JSON.stringify(program.slice(0, PROGRAM_CHARACTERS_MAX));
  return deny("tool_gate", "denied", `${tool.name} may not start ${name}: ${way}.`);
}

const PROGRAM_CHARACTERS_MAX = 100;

type Place = { readonly tool: Tool; readonly args: object; readonly scope: ToolScope };

async function judgePath(
  { redact }: Pick<GateDeps, "redact">,
  { tool, args, scope }: Place,
): Promise<GateVerdict | { readonly path: string | null }> {
  if (tool.path === undefined) return { path: null };
  const given = (args as Record<string, unknown>)[tool.path.argument];
  if (typeof given !== "string") return { path: null };
  const resolved = await scope.workspace.resolve(given);
  if (!resolved.ok) {
    const { code, message } = resolved.error;
    const escape = code === "PATH_ESCAPE" || code === "PATH_PROTECTED";
    return escape
      ? { kind: "violation", rule: "path", code: code.toLowerCase(), message }
      : { kind: "error", code: code.toLowerCase(), message };
  }
  // Paths are kept as they are, in the store, in commits and in events.
  if (redact.text(resolved.value) !== resolved.value) return SECRET_IN_PATH;
  const isProtected = tool.path.access === "write" ? isWriteProtected : isReadProtected;
  if (!isProtected(resolved.value)) return { path: resolved.value };
  const message = `${resolved.value} is protected: no agent may ${tool.path.access} it.`;
  return { kind: "violation", rule: "path", code: "path_protected", message };
}

const SECRET_IN_PATH: GateVerdict = {
  kind: "error",
  code: "tool_argument",
  message: "The path holds something that looks like a secret. Choose another name.",
};

type Judged = { readonly tool: Tool; readonly args: object; readonly path: string | null };

/** iDesign and structure rules, on the text that the call would leave behind. */
async function judgeContent(
  { source }: Pick<GateDeps, "source">,
  { scope, idesign }: GateQuestion,
  { tool, args, path }: Judged,
): Promise<GateVerdict | { readonly warnings: readonly string[] } | null> {
  const writesText =
    tool.name === "write_file" || tool.name === "edit_file" || tool.name === "image_generate";
  if (idesign === null || path === null || !writesText) return null;
  const found = await judgeFile({ source, idesign }, path, () =>
    resultingText(args as WriteArgs, scope),
  );
  return found.broken === null
    ? found
    : deny(found.broken.rule, found.broken.code, found.broken.message);
}

type Broken = { readonly rule: GateRule; readonly code: string; readonly message: string };

/** Where a file lies and what it is made of; `text` is asked for only when that matters, and null leaves it unjudged. */
export async function judgeFile(
  { source, idesign }: Pick<GateDeps, "source"> & { readonly idesign: IdesignRules },
  path: string,
  text: () => Promise<string | null>,
): Promise<{ readonly broken: Broken | null; readonly warnings: readonly string[] }> {
  const placed = checkIdesign(path, idesign);
  if (placed !== null) return { broken: { rule: "idesign", ...placed }, warnings: [] };
  const language = languageOf(path);
  const content = language === null ? null : await text();
  if (language === null || content === null) return { broken: null, warnings: [] };
  const { errors, warnings } = checkStructure(path, await source.parse(language, content));
  const [first] = errors;
  const broken: Broken | null =
    first === undefined ? null : { rule: "structure", code: "denied", message: first };
  return { broken, warnings };
}

type WriteArgs = {
  readonly path: string;
  readonly content?: string;
  readonly old?: string;
  readonly new?: string;
  readonly count?: number;
};

/** null when the call will fail by itself: an edit that does not match has no result to judge. */
async function resultingText(args: WriteArgs, scope: ToolScope): Promise<string | null> {
  if (args.content !== undefined) return args.content;
  if (args.old === undefined || args.new === undefined) return null;
  const edit = { name: args.path, old: args.old, replacement: args.new, count: args.count ?? 1 };
  const edited = await editedText(scope, edit);
  return typeof edited === "string" ? edited : null;
}

function judgeMove(tool: Tool, args: object, scope: ToolScope): GateVerdict | null {
  const refused = tool.judge?.(args as never, scope) ?? null;
  return refused === null
    ? null
    : deny("state_transition", refused.code.toLowerCase(), refused.message);
}

const uncontained = ({ reason, remedy }: Missing): GateVerdict => ({
  kind: "deny",
  rule: "policy",
  code: "containment_unavailable",
  message: `containment_unavailable: ${reason}. No command is executed without containment. ${remedy}`,
  counts: false,
});

type Missing = Extract<ContainmentReport, { available: false }>;

async function judgeRisk(deps: GateDeps, { scope }: GateQuestion, passed: Passed): Promise<Gated> {
  const { tool, args, path } = passed;
  const walls = tool.risk === "execute" ? await scope.containment.probe() : null;
  // The machine's lack, and no fault of the agent.
  if (walls?.available === false) return { verdict: uncontained(walls), events: [] };
  const ruling = riskRuling(deps.settings.riskPolicy, {
    tool: tool.name,
    risk: tool.risk,
    contained: walls?.available === true,
    path,
  });
  if (ruling.verdict === "deny") {
    const message = `The risk policy denies ${tool.name} (${ruling.rule}).`;
    return { verdict: deny("policy", "denied", message), events: [] };
  }
  const input = {
    tool: tool.name,
    risk: tool.risk,
    args: args as JsonObject,
    card: scope.card.id,
    seat: scope.seat,
    roles: scope.roles,
    path,
    builtIn: ruling.verdict,
  };
  const origin = { run: scope.run, build: scope.card.build, card: scope.card.id, turn: scope.turn };
  const { answer, events } = askNode(deps, "gate", { input, origin });
  if (answer.kind === "deny") return { verdict: deny("policy", "denied", answer.reason), events };
  if (answer.kind === "ask")
    return { verdict: { ...passed, kind: "ask", reason: answer.reason }, events };
  if (ruling.verdict === "ask")
    return { verdict: { ...passed, kind: "ask", reason: ruling.rule }, events };
  return { verdict: { ...passed, kind: "allow" }, events };
}
