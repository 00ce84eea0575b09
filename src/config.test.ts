// The settings: weight of their sources, what is refused, what never prints.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { isValid } from "../test/support/json-schema.ts";
import type { Config, ConfigInput, ConfigProblem } from "./config.ts";
import {
  createSecret,
  describeSettings,
  loadConfig,
  parseDotEnv,
  parseSettings,
  settingsJsonSchema,
} from "./config.ts";
import { SETTINGS } from "./config-settings.ts";

function load(input: Partial<ConfigInput>): Config {
  const loaded = loadConfig({ env: {}, ...input });
  assert.ok(loaded.ok, JSON.stringify(loaded.ok ? "" : loaded.error));
  return loaded.value;
}

function problemsOf(input: Partial<ConfigInput>): readonly ConfigProblem[] {
  const loaded = loadConfig({ env: {}, ...input });
  return loaded.ok ? [] : loaded.error;
}

const told = (problems: readonly ConfigProblem[]): readonly string[] =>
  problems.map(({ source, name }) => `${source} ${name}`);
const originOf = (config: Config, key: string): string =>
  config.rows.find((row) => row.key === key)?.origin ?? "";

test("without any source every setting has its default", () => {
  const config = load({});
  assert.deepEqual([...new Set(config.rows.map(({ origin }) => origin))], ["default"]);
  assert.equal(config.number("concurrency"), 3);
  assert.equal(config.number("context_window"), 10);
  assert.equal(config.text("model"), null);
  assert.equal(config.text("ollama.host"), "http://127.0.0.1:11434");
  assert.equal(config.number("server.port"), 8082);
  assert.equal(config.text("server.host"), "127.0.0.1");
});

test("a flag weighs more than a variable, a variable more than .env, orket.yaml, the user file, the default", () => {
  const sources: Partial<ConfigInput>[] = [
    { flags: { concurrency: "6" } },
    { env: { ORKET_CONCURRENCY: "5" } },
    { dotenv: { ORKET_CONCURRENCY: "4" } },
    { file: { concurrency: 2 } },
    { userFile: { concurrency: 1 } },
  ];
  const values = [6, 5, 4, 2, 1, 3];
  const origins = ["flag", "environment", ".env", "orket.yaml", "user file", "default"];
  for (let from = 0; from <= sources.length; from += 1) {
    const config = load(Object.assign({}, ...sources.slice(from)) as Partial<ConfigInput>);
    assert.equal(config.number("concurrency"), values[from]);
    assert.equal(originOf(config, "concurrency"), origins[from]);
  }
});

test("settings by name are settled name by name", () => {
  const config = load({
    file: { models: { coder: "ollama:project" } },
    userFile: { models: { coder: "ollama:user", guard: "ollama:guard" } },
  });
  assert.deepEqual(config.record("models"), { coder: "ollama:project", guard: "ollama:guard" });
});

test("R-66 an empty user file means no user settings, and an empty orket.yaml none of the project", () => {
  for (const text of ["", "\n", "# nothing\n", "{}", "---\n"]) {
    const parsed = parseSettings(text, "user file");
    assert.ok(parsed.ok);
    assert.deepEqual(
      describeSettings(load({ userFile: parsed.value, file: parsed.value })),
      describeSettings(load({})),
    );
  }
});

test("R-66 a blank variable is unset", () => {
  const env = Object.fromEntries(
    SETTINGS.flatMap(({ env: name }) => (name === undefined ? [] : [[name, " "]])),
  );
  assert.deepEqual(describeSettings(load({ env })), describeSettings(load({})));
});

const BAD: readonly (readonly [string, Partial<ConfigInput>, string, RegExp])[] = [
  [
    "a context window that is no number",
    { env: { ORKET_CONTEXT_WINDOW: "abc" } },
    "environment ORKET_CONTEXT_WINDOW",
    /"abc" a whole number/,
  ],
  [
    "a context window of 0",
    { env: { ORKET_CONTEXT_WINDOW: "0" } },
    "environment ORKET_CONTEXT_WINDOW",
    /at least 1/,
  ],
  [
    "half a turn at a time",
    { env: { ORKET_CONCURRENCY: "1.5" } },
    "environment ORKET_CONCURRENCY",
    /a whole number/,
  ],
  [
    "a number with words behind it",
    { dotenv: { ORKET_PORT: "8080x" } },
    ".env ORKET_PORT",
    /a whole number/,
  ],
  [
    "a port that does not exist",
    { env: { ORKET_PORT: "65536" } },
    "environment ORKET_PORT",
    /at most 65535/,
  ],
  [
    "a misspelt variable",
    { env: { ORKET_CONCURENCY: "4" } },
    "environment ORKET_CONCURENCY",
    /did you mean ORKET_CONCURRENCY\?/,
  ],
  [
    "a misspelt security flag",
    { dotenv: { ORKET_ALLOW_UNSANDBOXD: "x" } },
    ".env ORKET_ALLOW_UNSANDBOXD",
    /did you mean ORKET_ALLOW_UNSANDBOXED\?/,
  ],
  [
    "a misspelt key",
    { file: { concurency: 4 } },
    "orket.yaml concurency",
    /did you mean concurrency\?/,
  ],
  [
    "a misspelt key of a group",
    { file: { limits: { turns_per_crad: 4 } } },
    "orket.yaml limits.turns_per_crad",
    /limits.turns_per_card\?/,
  ],
  ["a group that is a number", { userFile: { limits: 4 } }, "user file limits", /keys with values/],
  ["a file that is a list", { file: [1] }, "orket.yaml $", /keys with values/],
  ["a flag that is none", { flags: { modle: "x" } }, "flag modle", /did you mean model\?/],
  [
    "a model without a provider",
    { file: { model: "gpt" } },
    "orket.yaml model",
    /<provider>:<model>/,
  ],
  [
    "a role's model without a provider",
    { file: { models: { coder: "gpt" } } },
    "orket.yaml models",
    /coder: <provider>/,
  ],
  [
    "a word that is neither on nor off",
    { env: { ORKET_ALLOW_INSECURE_NO_API_KEY: "maybe" } },
    "environment ORKET_ALLOW_INSECURE_NO_API_KEY",
    /true or false/,
  ],
  [
    "a risk verdict that is none",
    { file: { approvals: { classes: { write: "never" } } } },
    "orket.yaml approvals.classes",
    /allow, ask, deny/,
  ],
  [
    "a risk class that is none",
    { file: { approvals: { classes: { rite: "ask" } } } },
    "orket.yaml approvals.classes",
    /rite/,
  ],
  [
    "a price below zero",
    { file: { prices: { "openai:x": { input: -1, output: 1 } } } },
    "orket.yaml prices",
    /at least 0/,
  ],
  ["a seam that is none", { file: { nodes: { memory: "x" } } }, "orket.yaml nodes", /memory/],
  [
    "a node that is a number",
    { file: { nodes: { plan: 4 } } },
    "orket.yaml nodes",
    /the name of a node/,
  ],
  [
    "a secret in the shared file",
    { file: { server: { api_key: "k" } } },
    "orket.yaml server.api_key",
    /the variable ORKET_API_KEY/,
  ],
  [
    "the project in a file found through it",
    { file: { project: "x" } },
    "orket.yaml project",
    /the variable ORKET_PROJECT/,
  ],
  [
    "the project in its own .env",
    { dotenv: { ORKET_PROJECT: "x" } },
    ".env ORKET_PROJECT",
    /in the environment/,
  ],
  [
    "an address with a password",
    { env: { GITEA_URL: "https://me:word@forge.test" } },
    "environment GITEA_URL",
    /without a user/,
  ],
  [
    "an address of another kind",
    { env: { OPENAI_BASE_URL: "file:///etc/passwd" } },
    "environment OPENAI_BASE_URL",
    /http:\/\/ or https/,
  ],
  [
    "no sandbox, without the word for it",
    { env: { ORKET_SANDBOX_BACKEND: "none" } },
    "environment ORKET_SANDBOX_BACKEND",
    /i-understand/,
  ],
  [
    "another word for it",
    { env: { ORKET_ALLOW_UNSANDBOXED: "yes" } },
    "environment ORKET_ALLOW_UNSANDBOXED",
    /i-understand/,
  ],
  [
    "an open API in production",
    { env: { ORKET_ENV: "production", ORKET_ALLOW_INSECURE_NO_API_KEY: "on" } },
    "environment ORKET_ALLOW_INSECURE_NO_API_KEY",
    /production/,
  ],
  [
    "no sandbox in production",
    {
      env: {
        ORKET_ENV: "production",
        ORKET_SANDBOX_BACKEND: "none",
        ORKET_ALLOW_UNSANDBOXED: "i-understand",
      },
    },
    "environment ORKET_SANDBOX_BACKEND",
    /production/,
  ],
  [
    "a bad value that a better one hides",
    { env: { ORKET_CONCURRENCY: "4" }, userFile: { concurrency: "many" } },
    "user file concurrency",
    /a whole number/,
  ],
];

for (const [name, input, where, words] of BAD) {
  test(`${name} is refused`, () => {
    const problems = problemsOf(input);
    assert.deepEqual(told(problems), [where]);
    assert.match(`${problems[0]?.found} ${problems[0]?.expected}`, words);
  });
}

test("all problems are told together", () => {
  const problems = problemsOf({
    env: { ORKET_X: "1", ORKET_CONTEXT_WINDOW: "0" },
    dotenv: { ORKET_Y: "1" },
    file: { zzz: 1, concurrency: 0 },
    userFile: { log: { level: "loud" } },
  });
  assert.deepEqual(told(problems).toSorted(), [
    ".env ORKET_Y",
    "environment ORKET_CONTEXT_WINDOW",
    "environment ORKET_X",
    "orket.yaml concurrency",
    "orket.yaml zzz",
    "user file log.level",
  ]);
});

test("variables of other programs are nobody's business", () => {
  assert.deepEqual(problemsOf({ env: { PATH: "x", MY_ORKET_X: "1", GITEA_OTHER: "1" } }), []);
});

test("an address of Ollama may leave out the scheme and the port", () => {
  const hostOf = (value: string): string | null =>
    load({ env: { OLLAMA_HOST: value } }).text("ollama.host");
  assert.equal(hostOf("box"), "http://box:11434");
  assert.equal(hostOf("10.0.0.1:9"), "http://10.0.0.1:9");
  assert.equal(hostOf("https://box/"), "https://box");
});

test("lists are separated by commas, and on and off have several words", () => {
  const config = load({
    env: { ORKET_ALLOWED_HOSTS: "a, b,,c ", ORKET_ALLOW_INSECURE_NO_API_KEY: "YES" },
  });
  assert.deepEqual(config.record("server.allowed_hosts"), ["a", "b", "c"]);
  assert.equal(config.flag("server.allow_insecure_no_api_key"), true);
});

const print = (value: unknown): string => `${value as string}`;

const KEY = "very-secret-value-4711";

test("a secret does not print, anywhere", () => {
  const config = load({
    env: { ORKET_API_KEY: KEY, GITEA_TOKEN: " " },
    userFile: { openai: { api_key: KEY } },
  });
  const secret = config.secret("server.api_key");
  const texts = [
    print(secret),
    JSON.stringify({ secret }),
    inspect({ secret }),
    inspect(config, { depth: 9 }),
    JSON.stringify(config),
    JSON.stringify(describeSettings(config)),
    inspect(Object.entries(secret ?? {})),
  ];
  for (const text of texts) assert.ok(!text.includes(KEY), text);
  assert.equal(print(secret), "[secret]");
  assert.equal(secret?.reveal(), KEY);
  assert.equal(config.secret("gitea.token"), null);
  assert.deepEqual(config.secrets(), [KEY, KEY]);
  const shown = Object.fromEntries(describeSettings(config).map(({ key, value }) => [key, value]));
  assert.deepEqual(
    [shown["server.api_key"], shown["openai.api_key"], shown["gitea.token"]],
    ["set", "set", "unset"],
  );
});

test("a secret of the wrong kind is not shown in its problem", () => {
  const problems = problemsOf({ userFile: { gitea: { token: [KEY] } } });
  assert.deepEqual(told(problems), ["user file gitea.token"]);
  assert.ok(!JSON.stringify(problems).includes(KEY));
  assert.equal(createSecret(KEY).reveal(), KEY);
});

test("the result is frozen to its depth", () => {
  const config = load({ file: { prices: { "openai:x": { input: 1, output: 2 } } } });
  const change = (target: unknown): void => {
    Object.assign(target as object, { changed: true });
  };
  for (const target of [
    config,
    config.rows,
    config.rows[0],
    config.record("prices"),
    config.record("prices")["openai:x"],
  ]) {
    assert.throws(() => change(target), TypeError);
  }
});

test("an unknown key of the code is a bug, not an empty value", () => {
  assert.throws(() => load({}).text("no.such.setting"), TypeError);
});

test(".env is read as a shell would, without expansion", () => {
  const text = `# comment\nA=1\n export B = two words # note\nC="x # y"\nD='$A'\nE=\n=bad\nnot a line\nF=a=b\r\n__proto__=x\n`;
  const values = parseDotEnv(text);
  assert.deepEqual({ ...values }, { A: "1", B: "two words", C: "x # y", D: "$A", E: "", F: "a=b" });
});

test("a settings file that cannot be read is a problem with its name", () => {
  for (const text of ["a: [", "a: 1\na: 2", `${"[".repeat(200)}`, "x".repeat(2_000_000)]) {
    const parsed = parseSettings(text, "orket.yaml");
    assert.ok(!parsed.ok && parsed.error.every(({ source }) => source === "orket.yaml"));
  }
});

test("every setting says what it means, and no two share a name", () => {
  const names = SETTINGS.flatMap(({ key, env }) => (env === undefined ? [key] : [key, env]));
  assert.deepEqual(names.length, new Set(names).size);
  for (const { key, meaning } of SETTINGS) assert.ok(meaning.length > 5, key);
});

test("every variable that the interface names is known", () => {
  const documented =
    `ORKET_API_KEY ORKET_ALLOW_INSECURE_NO_API_KEY ORKET_HOST ORKET_PORT ORKET_ALLOWED_ORIGINS ORKET_ALLOWED_HOSTS
    ORKET_WEBHOOK_HOST ORKET_WEBHOOK_PORT ORKET_RATE_LIMIT ORKET_ENABLE_WEBHOOK_TEST_ENDPOINT ORKET_WEBHOOK_TEST_TOKEN ORKET_PROJECT
    ORKET_STATE_DIR ORKET_MODEL ORKET_CONTEXT_WINDOW ORKET_CONCURRENCY ORKET_VERIFY_TIMEOUT_SEC ORKET_VERIFY_CPU_SEC ORKET_VERIFY_MEM_MB
    ORKET_SANDBOX_BACKEND ORKET_ALLOW_UNSANDBOXED ORKET_ORG_NAME ORKET_ORG_VISION ORKET_ENV DATABASE_URL GITEA_URL GITEA_TOKEN
    GITEA_WEBHOOK_SECRET GITEA_WEBHOOK_SECRET_PREVIOUS GITEA_PRODUCT_OWNER DOCKER_HOST`.split(
      /\s+/,
    );
  const known = new Set(SETTINGS.map(({ env }) => env));
  assert.deepEqual(
    documented.filter((name) => !known.has(name)),
    [],
  );
});

test("R-67 the settings that ship are valid by the loader and by the published schema", () => {
  for (const name of ["init", "demo"]) {
    const text = readFileSync(new URL(`../examples/${name}/orket.yaml`, import.meta.url), "utf8");
    const parsed = parseSettings(text, "orket.yaml");
    assert.ok(parsed.ok);
    load({ file: parsed.value });
    assert.ok(parsed.value === null || isValid(settingsJsonSchema(), parsed.value));
  }
  assert.ok(!isValid(settingsJsonSchema(), { concurency: 3 }));
  assert.ok(!isValid(settingsJsonSchema(), { limits: { turns: 3 } }));
  assert.ok(!isValid(settingsJsonSchema(), { openai: { api_key: "x" } }));
});

test("no source makes the loader throw", () => {
  const key = fc.constantFrom(
    ...SETTINGS.flatMap((setting) => setting.key.split(".")),
    "zzz",
    "__proto__",
    "constructor",
  );
  const name = fc.constantFrom(...SETTINGS.map(({ env }) => env ?? "ORKET_ZZZ"), "constructor");
  const file = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(key, fc.oneof(fc.jsonValue(), fc.dictionary(key, fc.jsonValue()))),
  );
  const variables = fc.dictionary(name, fc.string());
  fc.assert(
    fc.property(file, file, variables, (one, other, env) => {
      for (const { source, name: told, expected } of problemsOf({
        file: one,
        userFile: other,
        env,
        dotenv: env,
      })) {
        assert.ok(source !== "" && told !== "" && expected !== "");
      }
      parseDotEnv(JSON.stringify(one));
    }),
  );
});
