// Secrets nobody told us of, known by their look alone: keys of well-known makers, signed tokens, private keys,
// authorization headers, passwords in addresses. Every pattern is bounded, so that no text takes long.

type Shape = {
  /** One of these is in any text that can match; most texts have none and are not searched. */
  readonly hints: readonly string[];
  readonly pattern: RegExp;
};

/** A word that only ends like a key stays; the letter of an escaped line end before a key is no part of a word. */
const key = (body: string): RegExp => new RegExp(`(?:(?<![A-Za-z0-9])|(?<=\\\\[nrt]))${body}`, "g");

const PRIVATE_KEY = "(?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----";

/** The first group of a pattern, where it has one, is what stays. */
const SHAPES: readonly Shape[] = [
  { hints: ["sk-"], pattern: key("sk-(?=[A-Za-z_-]{0,400}[0-9])[A-Za-z0-9_-]{16,400}") },
  { hints: ["gh"], pattern: key("gh[opsur]_[A-Za-z0-9]{20,255}") },
  { hints: ["github_pat_"], pattern: key("github_pat_[A-Za-z0-9_]{20,255}") },
  { hints: ["glpat-"], pattern: key("glpat-[A-Za-z0-9_-]{20,255}") },
  { hints: ["npm_"], pattern: key("npm_[A-Za-z0-9]{36}") },
  { hints: ["hf_"], pattern: key("hf_[A-Za-z0-9]{30,100}") },
  { hints: ["orket_"], pattern: key("orket_[0-9a-z]{1,32}_[0-9a-z]{40,52}") },
  { hints: ["AIza"], pattern: key("AIza[A-Za-z0-9_-]{35}") },
  { hints: ["xox"], pattern: key("xox[abeoprs]-[A-Za-z0-9-]{10,255}") },
  { hints: ["AKIA", "ASIA"], pattern: key("A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])") },
  // A signed token: header and payload are JSON objects, so both begin with `eyJ`.
  {
    hints: ["eyJ"],
    pattern: key("eyJ[A-Za-z0-9_-]{5,4000}\\.eyJ[A-Za-z0-9_-]{2,8000}\\.[A-Za-z0-9_-]{0,4000}"),
  },
  // With its end, or as far as it looks like one when it was cut off; line ends may be escaped.
  {
    hints: ["PRIVATE KEY"],
    pattern: new RegExp(
      `-----BEGIN ${PRIVATE_KEY}(?:[^"'<>{}]{0,16000}?-----END ${PRIVATE_KEY}|(?:(?:\\s|\\\\{1,8}[rn]){0,4}[A-Za-z0-9+/=]{16,100}){0,200}(?:(?:\\s|\\\\{1,8}[rn]){1,4}[A-Za-z0-9+/=]{1,15}(?=["'…\\\\]|$))?)`,
      "g",
    ),
  },
  {
    hints: ["uthorization", "UTHORIZATION"],
    pattern:
      /(authorization[\\"']{0,3}\s{0,4}[:=]\s{0,4}[\\"']{0,3}(?:bearer|basic|token|digest)\s{1,4})[^\s"'\\,;<>]{4,4000}/gi,
  },
  {
    hints: ["earer ", "EARER "],
    pattern: /(\bbearer\s{1,4})(?=[A-Za-z._~+/=-]{0,400}[0-9])[A-Za-z0-9._~+/=-]{12,4000}/gi,
  },
  {
    hints: ["://"],
    pattern: /([a-z][a-z0-9+.-]{0,30}:\/\/[^\s/?#"'<>@:]{0,200}:)[^\s/?#"'<>@]{1,400}(?=@)/gi,
  },
];

/** The text with each secret that is known by its look replaced. */
export function hideShapes(text: string, mask: string): string {
  let hidden = text;
  for (const { hints, pattern } of SHAPES) {
    if (!hints.some((hint) => hidden.includes(hint))) continue;
    hidden = hidden.replace(pattern, (_whole: string, kept: unknown) =>
      typeof kept === "string" ? `${kept}${mask}` : mask,
    );
  }
  return hidden;
}
