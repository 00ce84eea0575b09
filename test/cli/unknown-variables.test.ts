// A misspelt variable stops every command: a security flag must not be silently off.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { runOrket } from "../support/orket.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Every command there is, with what it needs to be called. Read from the list, so that a new one is not forgotten. */
function commands(): readonly (readonly string[])[] {
  const list = ["command-list", "command-list-out"]
    .map((name) => readFileSync(new URL(`../../src/cli/${name}.ts`, import.meta.url), "utf8"))
    .join("");
  const names = [...list.matchAll(/\.\.\.(?:document|lines),[^}]*?name: "([^"]+)"/g)].map(
    (match) => match[1] ?? "",
  );
  const more: Readonly<Record<string, readonly string[]>> = {
    "schema <kind>": ["epic"],
    "cards move <card> <status>": ["a", "ready"],
    "keys add <name>": ["a", "--scope", "read"],
    "runs export <run>": ["a", "--to", "b"],
    "forge setup <repository>": ["a/b", "--receiver", "http://127.0.0.1:8080/webhook/gitea"],
    completion: ["bash"],
    "run [card]": ["a"],
    "drive [message]": ["a"],
    "cards archive": ["--card", "a"],
  };
  return names.map((name) => {
    const words = name.split(" ");
    const given = words.filter((word) => /^[a-z]/.test(word));
    const needed = words.filter((word) => word.startsWith("<")).map(() => "a");
    return [...given, ...(more[name] ?? needed)];
  });
}

test("an unknown ORKET_ variable stops every command with its name and the one that was meant", async (context) => {
  const cwd = await tempFolder(context);
  const all = commands();
  assert.ok(all.length > 25, `${all.length} commands`);
  for (const words of all) {
    const env = { ORKET_ALLOW_INSECURE_NO_APIKEY: "1" };
    const { code, out, err } = await runOrket(words, { cwd, env });
    assert.equal(code, 3, `${words.join(" ")}: ${err}`);
    const told = words[0] === "doctor" ? out : err;
    assert.match(told, /did you mean ORKET_ALLOW_INSECURE_NO_API_KEY/, words.join(" "));
  }
  assert.deepEqual(readdirSync(cwd), []);
});

test("help and the version are answered whatever the variables are", async (context) => {
  const cwd = await tempFolder(context);
  for (const words of [["--help"], ["--version"], ["init", "--help"]])
    assert.equal((await runOrket(words, { cwd, env: { ORKET_X: "1" } })).code, 0, words.join(" "));
});
