// Takes known secrets out of a finished log line. By value, because a secret hides in messages, URLs and nested keys.

const MASK = "[secret]";

/** The line without any secret. Still one JSON object: only its texts and keys change. */
export function scrubLine(line: string, secrets: readonly string[]): string {
  const forms = secrets.filter((secret) => secret !== "").flatMap(spellings);
  // A line escapes quotes and line feeds once more; most lines hold no secret and are not parsed.
  if (!forms.some((form) => line.includes(form) || line.includes(escaped(form)))) return line;
  return `${JSON.stringify(scrubValue(JSON.parse(line), longestFirst(forms)))}\n`;
}

/** As itself, inside JSON inside JSON in a text, in a URL and in a basic authorization header. */
const spellings = (secret: string): readonly string[] => {
  const inUrl = encodeURIComponent(secret.toWellFormed());
  const inHeader = Buffer.from(secret).toString("base64");
  const nested = escaped(secret);
  return [...new Set([secret, nested, escaped(nested), inUrl, inHeader])];
};

const escaped = (text: string): string => JSON.stringify(text).slice(1, -1);

/** A secret that is the beginning of another must not leave the rest of it behind. */
const longestFirst = (forms: readonly string[]): readonly string[] =>
  [...forms].sort((one, other) => other.length - one.length);

function scrubValue(value: unknown, forms: readonly string[]): unknown {
  if (typeof value === "string") return scrubText(value, forms);
  if (typeof value === "number") return forms.includes(String(value)) ? MASK : value;
  if (Array.isArray(value)) return value.map((item) => scrubValue(item, forms));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [scrubText(key, forms), scrubValue(item, forms)]),
  );
}

function scrubText(text: string, forms: readonly string[]): string {
  let scrubbed = text;
  for (const form of forms) scrubbed = scrubbed.replaceAll(form, MASK);
  return scrubbed;
}
