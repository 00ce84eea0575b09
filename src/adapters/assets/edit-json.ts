// Edits of JSON and JSONC text, by the library that knows where its comments are.
import type { ModificationOptions } from "jsonc-parser";
import { applyEdits, modify } from "jsonc-parser";
import type { Edit } from "./edit-text.ts";

const FIRST_INDENT = /^([ \t]+)\S/m;

/** One attempt; the caller checks it. */
export function editJson(text: string, edit: Edit): readonly string[] {
  const options = optionsFor(text);
  const path = edit.kind === "set" ? [...edit.path] : [edit.key];
  if (edit.kind === "set") return [applyEdits(text, modify(text, path, edit.value, options))];
  if (edit.kind === "remove") {
    return [applyEdits(text, modify(text, [...path, edit.place], undefined, options))];
  }
  const inserted = modify(text, [...path, -1], edit.value, { ...options, isArrayInsertion: true });
  const whole = modify(text, path, [edit.value], options);
  return [applyEdits(text, inserted), applyEdits(text, whole)];
}

function optionsFor(text: string): ModificationOptions {
  const indent = FIRST_INDENT.exec(text)?.[1] ?? "  ";
  return {
    formattingOptions: {
      insertSpaces: !indent.startsWith("\t"),
      tabSize: indent.startsWith("\t") ? 1 : indent.length,
      eol: text.includes("\r\n") ? "\r\n" : "\n",
    },
  };
}
