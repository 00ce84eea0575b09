// The posture: what of the settings and the machine is safe, what is worth a warning, and what a server does not start with.
// Facts come in, checks go out; who gathered the facts, and who refuses to start, stands elsewhere.

export type Environment = "local" | "ci" | "production";

export type SecretFacts = {
  readonly bytes: number;
  /** A word out of an example, or one character over and over. */
  readonly isWellKnown: boolean;
};

/** What others of this machine may do with a file of ours; null where only its owner may do anything. */
export type ExposedFile = { readonly path: string; readonly others: "read" | "write" };

export type PostureFacts = {
  readonly env: Environment;
  readonly apiHost: string;
  readonly apiKey: SecretFacts | null;
  readonly allowsInsecure: boolean;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly webhookHost: string;
  /** The webhook secret and, during rotation, the one before. */
  readonly webhookSecrets: readonly SecretFacts[];
  readonly testEndpoint: { readonly isOn: boolean; readonly token: SecretFacts | null };
  readonly containment: {
    readonly isAvailable: boolean;
    readonly found: string;
    readonly remedy: string;
    /** Commands of agents run on the host by explicit wish. */
    readonly isOff: boolean;
  };
  readonly isRoot: boolean;
  readonly exposedFiles: readonly ExposedFile[];
  /** Workspaces in which a `.git` lies. */
  readonly gitFolders: readonly string[];
  readonly forgeUrl: string | null;
  /** Where traces go; null where none are sent. */
  readonly traces: { readonly url: string; readonly holdContent: boolean } | null;
  /** Variables that hold secrets. */
  readonly secretVariables: readonly string[];
};

export type PostureCheck = {
  readonly name: string;
  readonly verdict: "ok" | "warn" | "refuse";
  readonly reason: string;
  /** null where all is well. */
  readonly remedy: string | null;
};

type Finding = Omit<PostureCheck, "name">;

export const WEBHOOK_SECRET_BYTES_MIN = 32;
export const KEY_BYTES_MIN = 16;

export function judgePosture(facts: PostureFacts): readonly PostureCheck[] {
  const checks: Readonly<Record<string, (facts: PostureFacts) => Finding>> = {
    "api-key": judgeKey,
    "api-key-strength": judgeKeyStrength,
    "api-address": judgeAddress,
    "allowed-hosts": judgeHosts,
    "allowed-origins": judgeOrigins,
    "webhook-secret": judgeWebhookSecrets,
    "webhook-test-endpoint": judgeTestEndpoint,
    containment: judgeContainment,
    root: judgeRoot,
    "state-files": judgeFiles,
    "workspace-git": judgeGitFolders,
    "forge-address": judgeForge,
    "secret-variables": judgeVariables,
    traces: judgeTraces,
  };
  return Object.entries(checks).map(([name, judge]) => ({ name, ...judge(facts) }));
}

/** By its text: a name that leads to loopback today may lead elsewhere tomorrow, but for this one. */
export const isLoopback = (host: string): boolean =>
  /^127(?:\.\d{1,3}){3}$/.test(host) || ["localhost", "::1", "[::1]"].includes(host.toLowerCase());

const fine = (reason: string): Finding => ({ verdict: "ok", reason, remedy: null });
const warning = (reason: string, remedy: string): Finding => ({ verdict: "warn", reason, remedy });
const refusal = (reason: string, remedy: string): Finding => ({
  verdict: "refuse",
  reason,
  remedy,
});
/** Told while one works on it, and no way to serve others. */
const unsafe = ({ env }: PostureFacts, reason: string, remedy: string): Finding =>
  env === "production" ? refusal(reason, remedy) : warning(reason, remedy);

function judgeKey(facts: PostureFacts): Finding {
  const { apiKey, apiHost, allowsInsecure } = facts;
  const remedy =
    "Set ORKET_API_KEY, or name a file with it under server.api_key_file in orket.yaml.";
  if (apiKey !== null) return fine("A key is needed for every call.");
  if (!isLoopback(apiHost))
    return refusal(`No key is set, and the API listens on ${apiHost}, not on loopback.`, remedy);
  if (allowsInsecure)
    return unsafe(facts, "Every program on this machine is let in without a key.", remedy);
  return warning("No key is set: the API refuses every call, with named keys too.", remedy);
}

const isWeak = ({ bytes, isWellKnown }: SecretFacts, bytesMin: number): boolean =>
  bytes < bytesMin || isWellKnown;

function judgeKeyStrength(facts: PostureFacts): Finding {
  const { apiKey } = facts;
  if (apiKey === null) return fine("There is no key that could be weak.");
  if (!isWeak(apiKey, KEY_BYTES_MIN)) return fine("The key is no word of an example.");
  return unsafe(
    facts,
    `The key is shorter than ${KEY_BYTES_MIN} bytes or a word of an example.`,
    "Make one by chance, such as with: openssl rand -hex 32",
  );
}

function judgeAddress({ apiHost, webhookHost }: PostureFacts): Finding {
  const open = [...new Set([apiHost, webhookHost])].filter((host) => !isLoopback(host));
  if (open.length === 0) return fine("The listeners are on loopback.");
  return warning(
    `A listener is on ${open.join(" and ")}, and it speaks HTTP without TLS.`,
    "Put a proxy with TLS before it and let only that reach it, or listen on 127.0.0.1.",
  );
}

function judgeHosts(facts: PostureFacts): Finding {
  const { allowedHosts, apiHost } = facts;
  const remedy = "Name the hosts that clients use in ORKET_ALLOWED_HOSTS.";
  if (allowedHosts.some((host) => host.includes("*")))
    return unsafe(
      facts,
      "Every host name is allowed: a page elsewhere can rebind its own.",
      remedy,
    );
  if (!isLoopback(apiHost) && allowedHosts.length === 0)
    return warning("No host name is allowed but those of this machine.", remedy);
  return fine("Only named hosts are answered.");
}

function judgeOrigins(facts: PostureFacts): Finding {
  const { allowedOrigins } = facts;
  const remedy =
    "Name each origin in full in ORKET_ALLOWED_ORIGINS, such as https://orket.example.";
  if (allowedOrigins.some((origin) => origin.includes("*") || origin === "null"))
    return unsafe(facts, "Pages of every origin are allowed.", remedy);
  const plain = allowedOrigins.filter((origin) => isPlainHttp(origin));
  if (plain.length > 0)
    return warning(`Pages of ${plain.join(", ")} come without TLS and can be changed.`, remedy);
  return fine("Only named origins are allowed.");
}

/** Over a network, without TLS. */
function isPlainHttp(url: string): boolean {
  const [, host] = /^http:\/\/(\[[^\]]*\]|[^/:?#]*)/i.exec(url) ?? [];
  return host !== undefined && !isLoopback(host);
}

function judgeWebhookSecrets(facts: PostureFacts): Finding {
  const { webhookSecrets } = facts;
  if (webhookSecrets.length === 0) return fine("No secret is set: there is no webhook listener.");
  if (!webhookSecrets.some((secret) => isWeak(secret, WEBHOOK_SECRET_BYTES_MIN)))
    return fine("The webhook secret is long enough.");
  return unsafe(
    facts,
    `A webhook secret is shorter than ${WEBHOOK_SECRET_BYTES_MIN} bytes or a word of an example.`,
    "Make one by chance, such as with: openssl rand -hex 32; the runbook says how to rotate it.",
  );
}

function judgeTestEndpoint(facts: PostureFacts): Finding {
  const { testEndpoint, webhookHost } = facts;
  const remedy = "Turn ORKET_ENABLE_WEBHOOK_TEST_ENDPOINT off.";
  if (!testEndpoint.isOn) return fine("The test endpoint is off.");
  if (!isLoopback(webhookHost))
    return refusal(`The test endpoint is on, and it listens on ${webhookHost}.`, remedy);
  if (testEndpoint.token === null)
    return unsafe(
      facts,
      "The test endpoint is on and has no token: it refuses every call.",
      `${remedy} Or set ORKET_WEBHOOK_TEST_TOKEN.`,
    );
  return unsafe(facts, "The test endpoint is on: unsigned deliveries are taken.", remedy);
}

function judgeContainment(facts: PostureFacts): Finding {
  const { isOff, isAvailable, found, remedy } = facts.containment;
  if (isOff)
    return unsafe(
      facts,
      "What agents wrote runs on the host, without containment.",
      "Set ORKET_SANDBOX_BACKEND to auto.",
    );
  return isAvailable ? fine(found) : warning(found, remedy);
}

function judgeRoot(facts: PostureFacts): Finding {
  if (!facts.isRoot) return fine("The process is not root.");
  const remedy = "Start Orket as a user of its own.";
  if (!facts.containment.isAvailable)
    return unsafe(facts, "The process is root and has no user to run commands as.", remedy);
  return warning("The process is root; commands of agents run as another user.", remedy);
}

const FILES_SHOWN_MAX = 5;
const shown = (paths: readonly string[]): string =>
  paths.length <= FILES_SHOWN_MAX
    ? paths.join(", ")
    : `${paths.slice(0, FILES_SHOWN_MAX).join(", ")} and ${paths.length - FILES_SHOWN_MAX} more`;

function judgeFiles(facts: PostureFacts): Finding {
  const { exposedFiles } = facts;
  if (exposedFiles.length === 0) return fine("Only their owner reads and writes the state files.");
  const written = exposedFiles.some(({ others }) => others === "write");
  const paths = exposedFiles.map(({ path }) => path);
  return unsafe(
    facts,
    `Others of this machine can ${written ? "write" : "read"}: ${shown(paths)}.`,
    `Run: chmod go-rwx ${paths.map(quoted).join(" ")}`,
  );
}

const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;

function judgeGitFolders(facts: PostureFacts): Finding {
  const { gitFolders } = facts;
  if (gitFolders.length === 0) return fine("No git folder lies in a workspace.");
  return unsafe(
    facts,
    `A git folder that agents can write lies in: ${shown(gitFolders)}.`,
    "Remove it; the history of a workspace lies outside of it.",
  );
}

function judgeForge(facts: PostureFacts): Finding {
  const { forgeUrl } = facts;
  if (forgeUrl === null || !isPlainHttp(forgeUrl))
    return fine(
      forgeUrl === null ? "No forge is set." : "The forge is reached by TLS or loopback.",
    );
  return unsafe(
    facts,
    "The forge is reached without TLS: its token goes over the network as it is.",
    "Set GITEA_URL to an address with https://.",
  );
}

function judgeVariables(facts: PostureFacts): Finding {
  const { env, secretVariables } = facts;
  if (env !== "production" || secretVariables.length === 0)
    return fine(
      secretVariables.length === 0 ? "No variable holds a secret." : "Variables hold secrets.",
    );
  return warning(
    `Variables hold secrets, which programs that are started could see: ${secretVariables.join(", ")}.`,
    "Name files of mode 0600 in orket.yaml instead; docs/config.md lists the keys that end in _file.",
  );
}

const WELL_KNOWN =
  /^(?:.{0,8})(?:change[-_ ]?me|replace[-_ ]?me|example|default|password|passw0rd|your[-_ ]|secret[-_ ]?key|webhook[-_ ]?secret|test[-_ ]?secret|placeholder|12345678)/i;
const CHARACTERS_MIN = 5;

/** Facts of a secret that say nothing about what it is. */
export const secretFacts = (secret: string): SecretFacts => ({
  bytes: new TextEncoder().encode(secret).length,
  isWellKnown: WELL_KNOWN.test(secret) || new Set(secret).size < CHARACTERS_MIN,
});

function judgeTraces(facts: PostureFacts): Finding {
  const { traces } = facts;
  if (traces === null) return fine("No traces are sent.");
  const { hostname, protocol } = new URL(traces.url);
  if (!traces.holdContent)
    return fine(`Traces go to ${hostname}, without prompts, replies and results.`);
  if (isLoopback(hostname)) return fine("Traces hold what was said, and stay on this machine.");
  const reason = `Traces with prompts, replies and results go to ${hostname}`;
  const remedy =
    "Unset OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT, or send them to loopback.";
  return protocol === "https:"
    ? warning(`${reason}.`, remedy)
    : unsafe(facts, `${reason} without TLS.`, remedy);
}
