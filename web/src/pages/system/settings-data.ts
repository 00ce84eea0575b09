// Settings by section, and which of them are looked for.
import type { Setting } from "../../api/types.ts";

export type Section = { readonly name: string; readonly settings: readonly Setting[] };

const GENERAL = "general";

export const isSet = ({ origin }: Pick<Setting, "origin">): boolean => origin !== "default";

/** As a person writes it. */
export const valueOf = ({ value }: Pick<Setting, "value">): string =>
  value === null || value === ""
    ? "none"
    : typeof value === "string"
      ? value
      : JSON.stringify(value);

export type Wish = { readonly words: string; readonly isOnlySet: boolean };

/** Every word occurs in a key, a value, a variable, an origin or a meaning. */
export function findSettings(
  settings: readonly Setting[],
  { words, isOnlySet }: Wish,
): readonly Setting[] {
  const parts = words.toLowerCase().split(/\s+/);
  return settings.filter((setting) => {
    const { key, env, origin, meaning } = setting;
    const text = [key, env ?? "", valueOf(setting), origin, meaning].join(" ").toLowerCase();
    return (!isOnlySet || isSet(setting)) && parts.every((part) => text.includes(part));
  });
}

/** `server.host` is of `server`; what has no dot is general and stands first. */
export function sectionsOf(settings: readonly Setting[]): readonly Section[] {
  const sections = new Map<string, Setting[]>([[GENERAL, []]]);
  for (const setting of settings) {
    const dot = setting.key.indexOf(".");
    const name = dot < 0 ? GENERAL : setting.key.slice(0, dot);
    const section = sections.get(name) ?? [];
    section.push(setting);
    sections.set(name, section);
  }
  return [...sections]
    .filter(([, found]) => found.length > 0)
    .map(([name, found]) => ({ name, settings: found }));
}
