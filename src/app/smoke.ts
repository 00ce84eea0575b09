// The release canary: asks a server from outside what must be refused and what must work. Each check is one question with one
// expected answer; who asks, signs and starts servers is handed in, so that the checks hold for any server of this product.

export type Door = "API" | "webhook";

export type SmokeQuestion = {
  readonly door: Door;
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type SmokeAnswer =
  | { readonly kind: "answered"; readonly status: number; readonly text: string }
  /** Not reached, or too slow. */
  | { readonly kind: "none"; readonly reason: string };

export type SmokeScene = {
  readonly ask: (question: SmokeQuestion) => Promise<SmokeAnswer>;
  /** Null where nobody told it: what needs it is not run, and that is said. */
  readonly key: string | null;
  readonly webhook: { readonly sign: (body: string) => string } | null;
  /** Starts a server with these variables and says how it ended; null where the server is somebody else's. */
  readonly start: ((env: Readonly<Record<string, string>>) => Promise<StartEnd>) | null;
  /** Chance, for a wrong key and for a body that was never sent. */
  readonly word: () => string;
};

export type StartEnd = {
  readonly isServing: boolean;
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  /** What it said of why. */
  readonly said: string;
};

export type SmokeResult = {
  readonly name: string;
  readonly verdict: "pass" | "fail" | "not-run";
  /** What was found where it is not as it must be, or why it was not run. */
  readonly fact: string | null;
  readonly remedy: string | null;
};

type Check = {
  readonly name: string;
  readonly remedy: string;
  /** Null where a server is started for it. */
  readonly door: Door | null;
  readonly missing: (scene: SmokeScene) => string | null;
  /** Null when all is as it must be. */
  readonly find: (scene: SmokeScene) => Promise<Finding | null>;
};

type Finding = {
  readonly fact: string;
  /** This door gave no answer, which says nothing of whom it would let in. */
  readonly silent?: Door;
};

const SILENT = "Nothing answers there: is `orket serve` running, and is this its address?";

/** In order, one after the other. A door that gave no answer is not asked again, so that a silent server holds nobody up. */
export async function runSmoke(scene: SmokeScene): Promise<readonly SmokeResult[]> {
  const results: SmokeResult[] = [];
  const silent = new Set<Door>();
  for (const { name, remedy, door, missing, find } of CHECKS) {
    const isSilent = door !== null && silent.has(door);
    const why = isSilent ? `Not asked: the ${door} gave no answer before.` : missing(scene);
    if (why !== null) {
      results.push({ name, verdict: "not-run", fact: why, remedy: null });
      continue;
    }
    const found = await find(scene);
    if (found === null) results.push({ name, verdict: "pass", fact: null, remedy: null });
    else {
      if (found.silent !== undefined) silent.add(found.silent);
      const way = found.silent === undefined ? remedy : SILENT;
      results.push({ name, verdict: "fail", fact: found.fact, remedy: way });
    }
  }
  return results;
}

type Expected = { readonly status: number; readonly says?: string };

/** What is wrong with the answer of a door; null when it is the expected one. */
function wrongWith(door: Door, answer: SmokeAnswer, { status, says }: Expected): Finding | null {
  if (answer.kind === "none")
    return { fact: `There was no answer: ${answer.reason}`, silent: door };
  if (answer.status !== status)
    return { fact: `The answer was ${answer.status} and must be ${status}.` };
  if (says !== undefined && !answer.text.includes(says))
    return { fact: `The answer does not say "${says}".` };
  return null;
}

const always = (): null => null;
const needsKey = ({ key }: SmokeScene): string | null =>
  key === null ? "No key is known: set ORKET_API_KEY." : null;
const needsWebhook = ({ webhook }: SmokeScene): string | null =>
  webhook === null
    ? "No receiver is known: give --webhook-url and set GITEA_WEBHOOK_SECRET."
    : null;
const needsStart = ({ start }: SmokeScene): string | null =>
  start === null ? "The server is somebody else's; nothing is started." : null;

const KEY_REFUSED: Expected = { status: 403, says: "Could not validate credentials" };
const SHUT = "The server lets strangers in: stop it, and see SECURITY.";
const BROKEN = "The server does not work as it must: look into .orket/process.jsonl.";
const UNSIGNED = "The receiver takes what the forge did not sign: stop it, and see SECURITY.";

type Asked = Partial<SmokeQuestion> & { readonly path: string };

/** With a good key only where it is said. */
const asks =
  (asked: (scene: SmokeScene) => Asked, expected: Expected) =>
  async (scene: SmokeScene): Promise<Finding | null> => {
    const question: SmokeQuestion = { door: "API", ...asked(scene) };
    return wrongWith(question.door, await scene.ask(question), expected);
  };

const withKey = ({ key }: SmokeScene, more: Readonly<Record<string, string>> = {}) => ({
  "x-api-key": key ?? "",
  ...more,
});

const JSON_BODY = { "content-type": "application/json" };

const DOOR_CHECKS: readonly Omit<Check, "door">[] = [
  {
    name: "health answers",
    remedy: "That is not Orket, or it does not work: look at the address.",
    missing: always,
    find: asks(() => ({ path: "/health" }), { status: 200, says: '"status":"ok"' }),
  },
  {
    name: "a missing key is refused",
    remedy: SHUT,
    missing: always,
    find: asks(() => ({ path: "/v1/version" }), KEY_REFUSED),
  },
  {
    name: "a missing key is refused where there is no route",
    remedy: SHUT,
    missing: always,
    find: asks(() => ({ path: "/v1/no-such-route" }), KEY_REFUSED),
  },
  {
    name: "a missing key is refused before the body is read",
    remedy: SHUT,
    missing: always,
    find: asks(
      () => ({ method: "POST", path: "/v1/runs", headers: JSON_BODY, body: "{" }),
      KEY_REFUSED,
    ),
  },
  {
    name: "a wrong key is refused",
    remedy: SHUT,
    missing: always,
    find: asks(
      ({ word }) => ({ path: "/v1/version", headers: { "x-api-key": word() } }),
      KEY_REFUSED,
    ),
  },
  {
    name: "a wrong bearer is refused",
    remedy: SHUT,
    missing: always,
    find: asks(
      ({ word }) => ({ path: "/v1/version", headers: { authorization: `Bearer ${word()}` } }),
      KEY_REFUSED,
    ),
  },
  {
    name: "event streams are shut without a key",
    remedy: SHUT,
    missing: always,
    find: asks(() => ({ path: "/v1/events" }), KEY_REFUSED),
  },
  {
    name: "the websocket is shut without a key",
    remedy: SHUT,
    missing: always,
    find: asks(() => ({ path: "/ws/events" }), KEY_REFUSED),
  },
];

const KEY_CHECKS: readonly Omit<Check, "door">[] = [
  {
    name: "a good key works",
    remedy: "The key is not the server's, or the server does not work: compare ORKET_API_KEY.",
    missing: needsKey,
    find: asks((scene) => ({ path: "/v1/version", headers: withKey(scene) }), {
      status: 200,
      says: '"api":"v1"',
    }),
  },
  {
    name: "the heartbeat tells what is in flight",
    remedy: BROKEN,
    missing: needsKey,
    find: asks((scene) => ({ path: "/v1/system/heartbeat", headers: withKey(scene) }), {
      status: 200,
      says: '"active_tasks"',
    }),
  },
  {
    name: "the cards are listed",
    remedy: BROKEN,
    missing: needsKey,
    find: asks((scene) => ({ path: "/v1/cards?limit=1", headers: withKey(scene) }), {
      status: 200,
      says: '"asOfSeq"',
    }),
  },
  {
    name: "another host's name is refused",
    remedy: "A page on another site could reach the server: see ORKET_ALLOWED_HOSTS.",
    missing: needsKey,
    find: asks(
      (scene) => ({
        path: "/v1/version",
        headers: withKey(scene, { host: "orket-smoke.invalid" }),
      }),
      { status: 421 },
    ),
  },
  {
    name: "another site's page is refused",
    remedy: "A page on another site could call the server: see ORKET_ALLOWED_ORIGINS.",
    missing: needsKey,
    find: asks(
      (scene) => ({
        path: "/v1/version",
        headers: withKey(scene, { origin: "https://orket-smoke.invalid" }),
      }),
      { status: 403, says: "ORIGIN_REFUSED" },
    ),
  },
  {
    name: "a plain text is refused where JSON is due",
    remedy: SHUT,
    missing: needsKey,
    find: asks(
      (scene) => ({
        method: "POST",
        path: "/v1/runs",
        headers: withKey(scene, { "content-type": "text/plain" }),
        body: "{}",
      }),
      { status: 415 },
    ),
  },
];

/** An event that nothing handles: a branch of a repository that does not exist was made. */
const bodyOf = (word: string): string =>
  JSON.stringify({
    ref: `orket-smoke-${word}`,
    ref_type: "branch",
    sha: "0".repeat(40),
    repository: { id: 1, full_name: "orket/smoke" },
    sender: { id: 1, login: "orket-smoke" },
  });

const deliver = async (
  { ask }: SmokeScene,
  body: string,
  signature: string | null,
): Promise<SmokeAnswer> =>
  ask({
    door: "webhook",
    method: "POST",
    path: "/webhook/gitea",
    body,
    headers: {
      ...JSON_BODY,
      "x-gitea-event": "create",
      "x-gitea-event-type": "create",
      ...(signature === null ? {} : { "x-gitea-signature": signature }),
    },
  });

const delivers =
  (make: (sign: (body: string) => string, body: string) => string | null, expected: Expected) =>
  async (scene: SmokeScene): Promise<Finding | null> => {
    const body = bodyOf(scene.word());
    const sign = scene.webhook?.sign ?? (() => "");
    return wrongWith("webhook", await deliver(scene, body, make(sign, body)), expected);
  };

const BAD_SIGNATURE: Expected = { status: 401, says: "Invalid signature" };

const WEBHOOK_CHECKS: readonly Omit<Check, "door">[] = [
  {
    name: "an unsigned delivery is refused",
    remedy: UNSIGNED,
    missing: needsWebhook,
    find: delivers(() => null, { status: 401, says: "Missing signature" }),
  },
  {
    name: "an empty signature is refused",
    remedy: UNSIGNED,
    missing: needsWebhook,
    find: delivers(() => "", { status: 401, says: "Missing signature" }),
  },
  {
    name: "a signature of another body is refused",
    remedy: UNSIGNED,
    missing: needsWebhook,
    find: delivers((sign, body) => sign(`${body} `), BAD_SIGNATURE),
  },
  {
    name: "a good signature with more behind it is refused",
    remedy: UNSIGNED,
    missing: needsWebhook,
    find: delivers((sign, body) => `${sign(body)}00`, BAD_SIGNATURE),
  },
  {
    name: "a signed delivery is taken once, and the same again is a duplicate",
    remedy: "The receiver does not know what it took before: one delivery would act twice.",
    missing: needsWebhook,
    find: async (scene) => {
      const body = bodyOf(scene.word());
      const signature = scene.webhook?.sign(body) ?? "";
      const first = wrongWith("webhook", await deliver(scene, body, signature), {
        status: 202,
      });
      if (first !== null) return first;
      const again = await deliver(scene, body, signature);
      return wrongWith("webhook", again, { status: 200, says: "duplicate" });
    },
  },
  {
    name: "the test endpoint is shut",
    remedy: "Unset ORKET_ENABLE_WEBHOOK_TEST_ENDPOINT.",
    missing: needsWebhook,
    find: asks(
      () => ({
        door: "webhook",
        method: "POST",
        path: "/webhook/test",
        headers: JSON_BODY,
        body: "{}",
      }),
      {
        status: 403,
        says: "Test webhook endpoint disabled",
      },
    ),
  },
];

type UnsafeStart = {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** The variable that the refusal must name: one that ends for another reason proves nothing. */
  readonly culprit: string;
};

const UNSAFE_STARTS: readonly UnsafeStart[] = [
  {
    name: "without a key on every address",
    env: { ORKET_API_KEY: "", ORKET_ALLOW_INSECURE_NO_API_KEY: "1", ORKET_HOST: "0.0.0.0" },
    culprit: "ORKET_HOST",
  },
  {
    name: "without a key in production",
    env: { ORKET_API_KEY: "", ORKET_ALLOW_INSECURE_NO_API_KEY: "1", ORKET_ENV: "production" },
    culprit: "ORKET_ALLOW_INSECURE_NO_API_KEY",
  },
  {
    name: "with a misspelt variable",
    env: { ORKET_ALLOW_INSECURE_NO_APIKEY: "1" },
    culprit: "ORKET_ALLOW_INSECURE_NO_APIKEY",
  },
  {
    name: "with the test endpoint on every address",
    env: {
      ORKET_ENABLE_WEBHOOK_TEST_ENDPOINT: "1",
      ORKET_WEBHOOK_TEST_TOKEN: "orket-smoke-token-0123456789",
      ORKET_WEBHOOK_HOST: "0.0.0.0",
    },
    culprit: "ORKET_ENABLE_WEBHOOK_TEST_ENDPOINT",
  },
];

/** What a shell is told of settings that are refused (interfaces.md section 4). */
const CONFIGURATION_EXIT = 3;

function wrongWithStart(end: StartEnd, culprit: string): Finding | null {
  if (end.isServing) return { fact: "It was not refused: it served." };
  if (end.exitCode !== CONFIGURATION_EXIT)
    return { fact: `It was not refused but broke: it ended with ${end.exitCode ?? "a signal"}.` };
  if (!end.said.includes(culprit))
    return { fact: `It was refused for another reason: it does not speak of ${culprit}.` };
  return null;
}

const START_CHECKS: readonly Check[] = UNSAFE_STARTS.map(({ name, env, culprit }) => ({
  name: `a start ${name} is refused`,
  remedy: "This version starts where it must not, or does not start at all: do not release it.",
  door: null,
  missing: needsStart,
  find: async ({ start }) => (start === null ? null : wrongWithStart(await start(env), culprit)),
}));

const at = (door: Door, checks: readonly Omit<Check, "door">[]): readonly Check[] =>
  checks.map((check) => ({ ...check, door }));

const CHECKS: readonly Check[] = [
  ...at("API", DOOR_CHECKS),
  ...at("API", KEY_CHECKS),
  ...at("webhook", WEBHOOK_CHECKS),
  ...START_CHECKS,
];
