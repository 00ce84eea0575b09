// Writes docs/config.md out of the table of settings. A test compares the page with what this makes.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { settingsJsonSchema } from "../src/config.ts";
import type { Setting } from "../src/config-settings.ts";
import { SETTINGS } from "../src/config-settings.ts";

const HEAD = `# Settings

This page is made from the table of settings by \`npm run docs:build\`; change the table, not the page.

A value comes from the first of these that gives one: flag, environment, \`.env\` in the project directory, secret file,
\`orket.yaml\`, the user file (\`orket/config.yaml\` below \`XDG_CONFIG_HOME\`), default. \`orket config show\` prints each setting with
its value and where it came from; of secrets only \`set\` or \`unset\`. An unknown key, and an unknown variable whose name begins
with \`ORKET_\`, stops every command. A blank variable counts as unset.

A secret is never written in \`orket.yaml\`. Its variable gives it, or the file that the key ending in \`_file\` names: a regular
file, no link, that nobody but its owner may read or write (mode 0600), with the secret on one line.

| key | variable | default | meaning |
|---|---|---|---|
`;

const places = (setting: Setting): string => {
  if (setting.secret === true) return " Not in `orket.yaml`.";
  if (setting.onlyOutside === true) return " Flag or variable only.";
  return setting.onlyProject === true ? " Not in the user file." : "";
};

const code = (value: unknown): string =>
  value === null ? "–" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;

/** What a value may be, as far as a table can say it. */
function bounds(key: string): string {
  let place: unknown = settingsJsonSchema();
  for (const name of key.split(".")) {
    const { properties = {} } = place as { properties?: Readonly<Record<string, unknown>> };
    place = properties[name] ?? {};
  }
  const {
    enum: words,
    minimum,
    maximum,
  } = place as {
    enum?: readonly string[];
    minimum?: number;
    maximum?: number;
  };
  if (words !== undefined) return ` One of ${words.join(", ")}.`;
  if (minimum === undefined || maximum === undefined) return "";
  return ` From ${minimum} to ${maximum}.`;
}

const rowOf = (setting: Setting): string => {
  const { key, env, fallback, meaning } = setting;
  const text = `${meaning.replaceAll("|", "\\|")}.${bounds(key)}${places(setting)}`;
  return `| \`${key}\` | ${env === undefined ? "–" : `\`${env}\``} | ${code(fallback)} | ${text} |`;
};

export const configPage = (): string => `${HEAD}${SETTINGS.map(rowOf).join("\n")}\n`;

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(new URL("../docs/config.md", import.meta.url), configPage());
