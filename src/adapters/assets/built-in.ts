// What holds where a project says nothing: the organization with every gate on, and the text dialects of the model families.
import type { Dialect, Organization } from "../../domain/assets.ts";
import { DIALECT_FAMILIES } from "../../domain/dialect.ts";
import { DEFAULT_IDESIGN_RULES } from "../../domain/governance.ts";
import { DEFAULT_REVIEW_POLICY } from "../../domain/review-policy.ts";

/** Stricter than what a written organization gets by default. */
const BUILT_IN_IDESIGN_THRESHOLD = 7;

export const BUILT_IN_ORGANIZATION: Organization = {
  name: "Orket",
  vision: "Work that a backlog describes gets done, and nothing gets past the rules.",
  ethos: "Small steps, reviewed by somebody else, verified before they count.",
  departments: ["core"],
  idesignThreshold: BUILT_IN_IDESIGN_THRESHOLD,
  preferredStack: {},
  idesign: DEFAULT_IDESIGN_RULES,
  process: {
    defaultLlm: null,
    requireVerification: false,
    bugFixInitialDays: 7,
    bugFixMaxDays: 28,
    bugDiscoveryHighRate: 5,
    bugCriticalThreshold: 3,
    prReviewPolicy: DEFAULT_REVIEW_POLICY,
    openPullRequestsIn: null,
    nodes: {},
  },
  thresholds: {
    blockedDurationHours: 24,
    reviewDurationHours: 48,
    wipLimitPerSeat: 3,
    queueDepthPerSeat: 5,
  },
  sandbox: { auto: false },
};

const CALL_FORMAT = [
  "Call a tool by writing one JSON object, alone in a fenced block:",
  "```json",
  '{"tool": "write_file", "args": {"path": "src/engines/price_engine.py", "content": "PRICE = 1\\n"}}',
  "```",
  "Several calls are several blocks; they are carried out in their order. The results come back in the next message.",
].join("\n");

const COMMON_CONSTRAINTS = [
  "The JSON is complete: double quotes, no comments, line feeds inside of texts written as \\n.",
  "Only tools of the list exist, with the arguments that the list names.",
  "When the work is finished, answer in plain words without any JSON object.",
];

const GUARD =
  "Never write a tool's result yourself and never claim that a file was written or a check passed: call the tool and wait " +
  "for its result.";

const dialect = (
  modelFamily: string,
  own: readonly string[],
  dslFormat = CALL_FORMAT,
): Dialect => ({
  modelFamily,
  dslFormat,
  constraints: [...COMMON_CONSTRAINTS, ...own],
  hallucinationGuard: GUARD,
});

const NAMED_CALL_FORMAT = [
  "Call a tool by writing one JSON object between these two tags:",
  "<tool_call>",
  '{"name": "write_file", "arguments": {"path": "src/engines/price_engine.py", "content": "PRICE = 1\\n"}}',
  "</tool_call>",
  "Several calls are several such blocks; they are carried out in their order. The results come back in the next message.",
].join("\n");

/** By model family; a project's own dialect of the same family takes its place. */
export const BUILT_IN_DIALECTS: Readonly<Record<string, Dialect>> = {
  deepseek: dialect("deepseek", [
    "Think first if you must, but put no tool call into the thinking: only the answer counts.",
  ]),
  qwen: dialect("qwen", ["Put nothing but the JSON object between the tags."], NAMED_CALL_FORMAT),
  llama: dialect("llama", [
    "Do not use the python tag form of a call; only the JSON object counts.",
  ]),
  phi: dialect("phi", [
    "One call at a time: write it and stop.",
    "Keep the words around a call short.",
  ]),
  generic: dialect("generic", []),
};

export const KNOWN_FAMILIES: readonly string[] = [...DIALECT_FAMILIES, "generic"];
