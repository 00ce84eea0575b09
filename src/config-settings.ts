// Every setting: its key in orket.yaml, its environment variable, its bounds, its default and what it means. One table;
// the loader, `orket config show` and the generated schema all read it.
import { z } from "zod";

export type Setting = {
  /** Path in orket.yaml, dotted. */
  readonly key: string;
  readonly env?: string;
  /** Takes the parsed YAML value, or the variable's text. */
  readonly schema: z.ZodType;
  readonly fallback: unknown;
  readonly meaning: string;
  readonly secret?: true;
  /** It names a file that holds the value of this secret. */
  readonly fileOf?: string;
  /** Only a flag or a variable can say it; the files are found through it. */
  readonly onlyOutside?: true;
  /** Not in the user file. */
  readonly onlyProject?: true;
};

const number = (schema: z.ZodType<number>): z.ZodType =>
  z.preprocess(
    (value) =>
      typeof value === "string" && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value,
    schema,
  );
const integer = (min: number, max: number): z.ZodType => {
  // Zod says only "a number" of a text that is none.
  const whole = z.int({
    error: ({ code }) => (code === "invalid_type" ? "a whole number" : undefined),
  });
  return number(whole.min(min).max(max));
};

const TRUE = ["1", "true", "yes", "on"];
const FALSE = ["0", "false", "no", "off", ""];
const flag: z.ZodType = z.preprocess((value) => {
  if (typeof value !== "string") return value;
  const word = value.trim().toLowerCase();
  return TRUE.includes(word) ? true : FALSE.includes(word) ? false : value;
}, z.boolean());

const text = z.string().trim().min(1, { error: "a text that is not blank" });
/** `<provider>:<model>`, by one of the providers there are. */
const model = text.regex(/^(?:ollama|openai|anthropic|scripted):\S/, {
  error: "<provider>:<model>, the provider one of ollama, openai, anthropic, scripted",
});
const optionalText: z.ZodType = z.preprocess(
  (value) => (typeof value === "string" && value.trim() === "" ? null : value),
  text.nullable(),
);
const optionalModel: z.ZodType = z.preprocess(
  (value) => (typeof value === "string" && value.trim() === "" ? null : value),
  model.nullable(),
);
const list: z.ZodType = z.preprocess(
  (value) =>
    typeof value === "string"
      ? value
          .split(",")
          .map((one) => one.trim())
          .filter((one) => one !== "")
      : value,
  z.array(text),
);
/** Addresses are shown by `orket config show`, so a password has no place in them. */
const webAddress = z
  .url({ protocol: /^https?$/, error: "an address with http:// or https://" })
  .refine((value) => !/^https?:\/\/[^/]*@/i.test(value), {
    error: "an address without a user and a password",
  });
const address: z.ZodType = z.preprocess(
  (value) => (typeof value === "string" && value.trim() === "" ? null : value),
  webAddress.nullable(),
);
/** Ollama's own variable may lack the scheme and the port. */
const ollamaAddress: z.ZodType = z.preprocess((value) => {
  if (typeof value !== "string") return value;
  if (value.trim() === "") return undefined;
  const url = value.includes("://") ? value : `http://${value}`;
  return /:\d+\/?$/.test(url) || value.includes("://") ? url.replace(/\/+$/, "") : `${url}:11434`;
}, webAddress.default("http://127.0.0.1:11434"));

const verdict = z.enum(["allow", "ask", "deny"]);
const pathRule = z.union(
  [
    verdict,
    z
      .strictObject({ read: verdict.optional(), write: verdict.optional() })
      .refine(({ read, write }) => (read ?? write) !== undefined),
  ],
  { error: "allow, ask or deny, or `read` and `write` with one of these" },
);
/** As paths of the workspace are written; any other pattern would match nothing, and its rule be silently off. */
const pathGlob = text.refine(
  (glob) =>
    !/[\\?[\]{}]|^\.?\/|\/$/.test(glob) &&
    glob.split("/").every((part) => part !== "" && part !== "." && part !== "..") &&
    glob.split("/").every((part) => part === "**" || !part.includes("**")),
  { error: "a path relative to the workspace, with * within a part and ** for any parts" },
);
const price = z.strictObject({ input: z.number().min(0), output: z.number().min(0) });
const budget = z.strictObject({
  tokens: z.int().min(1).optional(),
  cost_usd: z.number().positive().optional(),
  minutes: z.number().positive().optional(),
  turns: z.int().min(1).optional(),
});
const node = z.union([text, z.strictObject({ use: text.optional(), shadow: text.optional() })], {
  error: "the name of a node, or `use` and `shadow` with such names",
});

const one = (key: string, env: string, rest: Omit<Setting, "key" | "env">): Setting => ({
  key,
  env,
  ...rest,
});
const inFile = (key: string, rest: Omit<Setting, "key">): Setting => ({ key, ...rest });
/** A rule of the project: what a person's own file could loosen would be no rule. */
const ofProject = (key: string, rest: Omit<Setting, "key">): Setting => ({
  ...inFile(key, rest),
  onlyProject: true,
});
/** A secret, and beside it the setting that names a file with it: a program that is started sees variables, not files. */
const secret = (key: string, env: string, meaning: string): readonly Setting[] => [
  { key, env, schema: optionalText, fallback: null, meaning, secret: true },
  {
    key: `${key}_file`,
    schema: optionalText,
    fallback: null,
    meaning: `File of mode 0600 that holds ${env}, relative to the project; the variable goes before`,
    fileOf: key,
  },
];

export const SETTINGS: readonly Setting[] = [
  one("model", "ORKET_MODEL", {
    schema: optionalModel,
    fallback: null,
    meaning: "Model as <provider>:<model>",
  }),
  inFile("models", { schema: z.record(text, model), fallback: {}, meaning: "Model per role" }),
  inFile("prices", {
    schema: z.record(text, price),
    fallback: {},
    meaning: "USD per million tokens by <provider>:<model>",
  }),
  one("ollama.host", "OLLAMA_HOST", {
    schema: ollamaAddress,
    fallback: "http://127.0.0.1:11434",
    meaning: "Address of Ollama",
  }),
  one("openai.base_url", "OPENAI_BASE_URL", {
    schema: address,
    fallback: null,
    meaning: "Base URL of an OpenAI-compatible server",
  }),
  ...secret("openai.api_key", "OPENAI_API_KEY", "Key of the OpenAI-compatible server"),
  ...secret("anthropic.api_key", "ANTHROPIC_API_KEY", "Key of Anthropic"),
  one("context_window", "ORKET_CONTEXT_WINDOW", {
    schema: integer(1, 1000),
    fallback: 10,
    meaning: "Earlier turns of a card in its prompt",
  }),
  one("concurrency", "ORKET_CONCURRENCY", {
    schema: integer(1, 64),
    fallback: 3,
    meaning: "Turns of a run at the same time",
  }),
  inFile("limits.turns_per_card", {
    schema: integer(1, 1000),
    fallback: 12,
    meaning: "Turns of a card in a run",
  }),
  inFile("limits.turns_per_run", {
    schema: integer(1, 1_000_000),
    fallback: 200,
    meaning: "Turns of a run",
  }),
  inFile("limits.steps_per_turn", {
    schema: integer(1, 1000),
    fallback: 16,
    meaning: "Model replies of a turn",
  }),
  inFile("limits.turn_minutes", {
    schema: integer(1, 1440),
    fallback: 30,
    meaning: "Longest turn, in minutes",
  }),
  inFile("limits.tool_seconds", {
    schema: integer(1, 3600),
    fallback: 60,
    meaning: "Longest tool call, in seconds",
  }),
  inFile("budgets.run", {
    schema: budget,
    fallback: {},
    meaning: "tokens, cost_usd, minutes, turns that a run may use; --max-… go before",
  }),
  inFile("budgets.card", {
    schema: budget,
    fallback: {},
    meaning: "tokens, cost_usd, minutes, turns that a card may use in its build",
  }),
  ofProject("approvals.classes", {
    schema: z.partialRecord(z.enum(["read", "write", "execute", "external", "sensitive"]), verdict),
    fallback: {},
    meaning: "allow, ask or deny per risk class",
  }),
  ofProject("approvals.tools", {
    schema: z.record(text, verdict),
    fallback: {},
    meaning: "allow, ask or deny per tool; goes before its class",
  }),
  ofProject("approvals.paths", {
    schema: z.record(pathGlob, pathRule),
    fallback: {},
    meaning:
      "allow, ask or deny per path of the workspace (* and **), or apart as read and write; goes before tool and class, but for their deny",
  }),
  inFile("approvals.expires_hours", {
    schema: integer(1, 8760),
    fallback: 24,
    meaning: "How long a person has to decide; then it is a no",
  }),
  inFile("nodes", {
    schema: z.partialRecord(
      z.enum(["plan", "route", "selectModel", "select_model", "gate", "evaluate"]),
      node,
    ),
    fallback: {},
    meaning: "Decision nodes of nodes/*.ts, in force or in shadow",
  }),
  inFile("runs.auto_resume", {
    schema: flag,
    fallback: true,
    meaning: "The server continues interrupted runs",
  }),
  inFile("log.level", {
    schema: z.enum(["debug", "info", "warn", "error"]),
    fallback: "info",
    meaning: "Least level that is logged",
  }),
  one("telemetry.endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT", {
    schema: address,
    fallback: null,
    meaning: "Collector that gets traces over OTLP (HTTP, JSON); none are sent without it",
  }),
  one("telemetry.capture_content", "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", {
    schema: flag,
    fallback: false,
    meaning: "Traces hold prompts, replies and results of calls too",
  }),
  one("project", "ORKET_PROJECT", {
    schema: optionalText,
    fallback: null,
    meaning: "Project directory",
    onlyOutside: true,
  }),
  one("state_dir", "ORKET_STATE_DIR", {
    schema: text,
    fallback: ".orket",
    meaning: "State directory, relative to the project",
  }),
  one("env", "ORKET_ENV", {
    schema: z.enum(["local", "ci", "production"]),
    fallback: "local",
    meaning: "How strict unsafe settings are taken",
  }),
  one("organization.name", "ORKET_ORG_NAME", {
    schema: optionalText,
    fallback: null,
    meaning: "Replaces the organization's name",
  }),
  one("organization.vision", "ORKET_ORG_VISION", {
    schema: optionalText,
    fallback: null,
    meaning: "Replaces the organization's vision",
  }),
  one("server.host", "ORKET_HOST", {
    schema: text,
    fallback: "127.0.0.1",
    meaning: "Address of the API",
  }),
  one("server.port", "ORKET_PORT", {
    schema: integer(0, 65_535),
    fallback: 8082,
    meaning: "Port of the API",
  }),
  one("server.allowed_origins", "ORKET_ALLOWED_ORIGINS", {
    schema: list,
    fallback: [],
    meaning: "Origins that may call the API",
  }),
  one("server.allowed_hosts", "ORKET_ALLOWED_HOSTS", {
    schema: list,
    fallback: [],
    meaning: "Host names the API answers to",
  }),
  ...secret("server.api_key", "ORKET_API_KEY", "Admin key of the API"),
  one("server.allow_insecure_no_api_key", "ORKET_ALLOW_INSECURE_NO_API_KEY", {
    schema: flag,
    fallback: false,
    meaning: "Serve without a key, on loopback only",
  }),
  one("webhook.host", "ORKET_WEBHOOK_HOST", {
    schema: text,
    fallback: "127.0.0.1",
    meaning: "Address of the webhook listener",
  }),
  one("webhook.port", "ORKET_WEBHOOK_PORT", {
    schema: integer(0, 65_535),
    fallback: 8080,
    meaning: "Port of the webhook listener",
  }),
  one("webhook.rate_limit", "ORKET_RATE_LIMIT", {
    schema: integer(1, 100_000),
    fallback: 60,
    meaning: "Deliveries a minute from one repository",
  }),
  one("webhook.enable_test_endpoint", "ORKET_ENABLE_WEBHOOK_TEST_ENDPOINT", {
    schema: flag,
    fallback: false,
    meaning: "Open /webhook/test",
  }),
  ...secret("webhook.test_token", "ORKET_WEBHOOK_TEST_TOKEN", "Token of /webhook/test"),
  one("verify.timeout_sec", "ORKET_VERIFY_TIMEOUT_SEC", {
    schema: integer(1, 3600),
    fallback: 5,
    meaning: "Wall time of a scenario",
  }),
  one("verify.cpu_sec", "ORKET_VERIFY_CPU_SEC", {
    schema: integer(1, 3600),
    fallback: 2,
    meaning: "CPU time of a scenario",
  }),
  one("verify.mem_mb", "ORKET_VERIFY_MEM_MB", {
    schema: integer(16, 65_536),
    fallback: 256,
    meaning: "Memory of a scenario, in MiB",
  }),
  one("sandbox.backend", "ORKET_SANDBOX_BACKEND", {
    schema: z.enum(["auto", "bwrap", "docker", "srt", "none"]),
    fallback: "auto",
    meaning: "What contains agents' commands",
  }),
  one("sandbox.allow_unsandboxed", "ORKET_ALLOW_UNSANDBOXED", {
    schema: optionalText,
    fallback: null,
    meaning: "Must say i-understand for the backend none",
  }),
  {
    key: "sandbox.image",
    schema: optionalText,
    fallback: null,
    meaning: "Image that the backend docker runs agents' commands in; it has Node",
  },
  ...secret("database_url", "DATABASE_URL", "PostgreSQL of a distributed installation"),
  one("gitea.url", "GITEA_URL", {
    schema: address,
    fallback: null,
    meaning: "Address of the forge",
  }),
  {
    key: "gitea.ca_file",
    schema: optionalText,
    fallback: null,
    meaning:
      "PEM file with the only authorities that vouch for the forge's certificate; none = the usual ones",
  },
  ...secret("gitea.token", "GITEA_TOKEN", "Token of the forge account"),
  ...secret("gitea.webhook_secret", "GITEA_WEBHOOK_SECRET", "Secret of the forge's webhooks"),
  ...secret(
    "gitea.webhook_secret_previous",
    "GITEA_WEBHOOK_SECRET_PREVIOUS",
    "The one before it, during rotation",
  ),
  {
    key: "gitea.repositories",
    schema: list,
    fallback: [],
    meaning:
      "Repositories (`owner/name`) whose pull requests are looked after; none = each that sends signed deliveries",
  },
  {
    key: "gitea.base_branch",
    schema: optionalText,
    fallback: null,
    meaning: "Branch that may be merged into; none = each repository's default branch",
  },
  {
    key: "gitea.reconcile_minutes",
    schema: integer(1, 1440),
    fallback: 5,
    meaning: "How often open pull requests are read again, in case a delivery was lost",
  },
  one("gitea.product_owner", "GITEA_PRODUCT_OWNER", {
    schema: optionalText,
    fallback: null,
    meaning: "Owner of published repositories",
  }),
  one("docker_host", "DOCKER_HOST", {
    schema: optionalText,
    fallback: null,
    meaning: "Address of the container engine",
  }),
];

type Values = ReadonlyMap<string, unknown>;
type Together = { readonly name: string; readonly found: string; readonly expected: string };

/** What production does not start with; anywhere else it is a warning of the part that uses it. */
const UNSAFE: readonly {
  readonly key: string;
  readonly env: string;
  readonly isUnsafe: (value: unknown) => boolean;
}[] = [
  {
    key: "server.allow_insecure_no_api_key",
    env: "ORKET_ALLOW_INSECURE_NO_API_KEY",
    isUnsafe: (value) => value === true,
  },
  {
    key: "webhook.enable_test_endpoint",
    env: "ORKET_ENABLE_WEBHOOK_TEST_ENDPOINT",
    isUnsafe: (value) => value === true,
  },
  { key: "sandbox.backend", env: "ORKET_SANDBOX_BACKEND", isUnsafe: (value) => value === "none" },
];

export const UNSANDBOXED_WORD = "i-understand";

/** Settings that are good alone and not together. */
export function checkTogether(values: Values): readonly Together[] {
  const problems: Together[] = [];
  const unsandboxed = values.get("sandbox.allow_unsandboxed");
  if (unsandboxed !== null && unsandboxed !== UNSANDBOXED_WORD) {
    problems.push({
      name: "ORKET_ALLOW_UNSANDBOXED",
      found: "another word",
      expected: `${UNSANDBOXED_WORD}, or nothing`,
    });
  }
  if (values.get("sandbox.backend") === "none" && unsandboxed !== UNSANDBOXED_WORD) {
    const expected = `ORKET_ALLOW_UNSANDBOXED=${UNSANDBOXED_WORD} beside it, or another backend`;
    problems.push({ name: "ORKET_SANDBOX_BACKEND", found: "none", expected });
  }
  if (values.get("env") !== "production") return problems;
  for (const { key, env, isUnsafe } of UNSAFE) {
    if (isUnsafe(values.get(key)))
      problems.push({
        name: env,
        found: String(values.get(key)),
        expected: "a safe value: ORKET_ENV is production",
      });
  }
  return problems;
}
