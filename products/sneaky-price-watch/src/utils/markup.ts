// HTML by a template that escapes whatever is put into it. Only what this template made itself goes in as it is, so that a
// page's title or a site's error can never become a part of ours.

const MADE = Symbol("made by html``");
export type Markup = { readonly [MADE]: string };
type Value = Markup | string | number | null | readonly Markup[];

const SIGNS: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => SIGNS[sign] ?? "");

export const html = (parts: TemplateStringsArray, ...values: readonly Value[]): Markup => ({
  [MADE]: parts
    .map((part, at) => part + (at < values.length ? toText(values[at] ?? null) : ""))
    .join(""),
});

function toText(value: Value): string {
  if (value === null) return "";
  if (typeof value === "string" || typeof value === "number") return escape(String(value));
  return MADE in value ? value[MADE] : value.map((one) => one[MADE]).join("");
}

export const toHtml = (markup: Markup): string => markup[MADE];

/** For a terminal: no sign that moves the cursor, colours what follows or turns the direction of writing. */
export const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ");
