// Secrets of every kind, planted, and the search for them in whatever Orket left behind.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

const PEM_BODY = "MIIEpAIBAAKCAQEAcanary0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZcanary01";

/** Known to the process: settings and variables. None of them has a look of its own. */
export const KNOWN: Readonly<Record<string, string>> = {
  OPENAI_API_KEY: "canary-openai/Key+with=odd~chars",
  ANTHROPIC_API_KEY: "canary anthropic key with blanks",
  ORKET_API_KEY: "canary-admin-key-of-the-api-0123",
  GITEA_WEBHOOK_SECRET: 'canary"quoted\\webhook-secret-32chars',
  DATABASE_URL: "postgres://canary:database-passw0rd@db.invalid/orket",
  THIRD_PARTY_TOKEN: "canary-variable-of-somebody-else",
};

/** Known by their look alone: how each is said, and the part of it that is the secret. */
export const LOOKS: readonly { readonly said: string; readonly secret: string }[] = [
  { said: "sk-proj-canary0123456789abcdef", secret: "sk-proj-canary0123456789abcdef" },
  {
    said: "ghp_canaryABCDEFGHIJ0123456789abcdefghij",
    secret: "canaryABCDEFGHIJ0123456789abcdefghij",
  },
  { said: "AKIACANARY0123456789", secret: "AKIACANARY0123456789" },
  {
    said: "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOnRydWV9.c2lnbmF0dXJlLW9mLWEtY2FuYXJ5",
    secret: "c2lnbmF0dXJlLW9mLWEtY2FuYXJ5",
  },
  {
    said: `-----BEGIN PRIVATE KEY-----\n${PEM_BODY}\n-----END PRIVATE KEY-----`,
    secret: PEM_BODY,
  },
  { said: "Authorization: Bearer canary-bearer-0123456789", secret: "canary-bearer-0123456789" },
  { said: "https://me:canary-url-passw0rd@host.invalid/x", secret: "canary-url-passw0rd" },
];

/** Every known value as it may be written elsewhere. */
const encodings = (value: string): readonly string[] => [
  value,
  JSON.stringify(value).slice(1, -1),
  encodeURIComponent(value),
  Buffer.from(value).toString("base64").replace(/=+$/, "").slice(0, -1),
  Buffer.from(value).toString("base64url").slice(0, -1),
  Buffer.from(value).toString("hex"),
];

/** What must not be found anywhere. */
export const NEEDLES: readonly string[] = [
  ...Object.values(KNOWN).flatMap(encodings),
  "database-passw0rd",
  ...LOOKS.map(({ secret }) => secret),
];

/** One text that says all of them, the known ones in their encodings too. */
export const CONFESSION = [
  ...Object.values(KNOWN),
  ...Object.values(KNOWN).map(encodeURIComponent),
  ...Object.values(KNOWN).map((value) => Buffer.from(value).toString("base64")),
  ...LOOKS.map(({ said }) => said),
].join("\n");

/** `<where>: <needle>` for each one found. Bytes are compared, so pages of a database are searched as any file. */
export function findIn(where: string, bytes: Buffer, needles = NEEDLES): readonly string[] {
  return needles.filter((needle) => bytes.includes(needle)).map((needle) => `${where}: ${needle}`);
}

/** Every file of the state directory but the workspaces, which agents own, and their packed histories. */
export function stateFiles(
  dir: string,
): readonly { readonly name: string; readonly bytes: Buffer }[] {
  const root = join(dir, ".orket");
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((name) => join(root, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ name: relative(root, path), bytes: readFileSync(path) }))
    .filter(({ name }) => !name.startsWith("workspaces/") && !name.startsWith("git/"));
}
