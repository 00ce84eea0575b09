// Small changes in the text of an asset file: an entry more, an entry less, a value set. What a person wrote around them
// stays as it is, comments and order included. How a format is edited stands in edit-yaml.ts and edit-json.ts.
import type { Json } from "../../domain/json.ts";
import { canonicalJson } from "../../domain/json.ts";
import { editJson } from "./edit-json.ts";
import { editYaml } from "./edit-yaml.ts";
import type { Path } from "./findings.ts";
import type { TextFormat } from "./parse-text.ts";
import { parseText } from "./parse-text.ts";

/** Changes of one list at the top of the file, or of one value. */
export type Edit =
  | {
      readonly kind: "append";
      readonly key: string;
      readonly value: Json;
      /** YAML only: the entry as somebody wrote it, its dash in the first column; taken when it says the same as `value`. */
      readonly block: string | null;
    }
  | { readonly kind: "remove"; readonly key: string; readonly place: number }
  | { readonly kind: "set"; readonly path: Path; readonly value: string };

const BYTE_ORDER_MARK = "\uFEFF";

/** Null when no way of changing the text leaves exactly what is wanted. */
export function editText(text: string, format: TextFormat, edit: Edit): string | null {
  const mark = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : "";
  const bare = text.slice(mark.length);
  const parsed = parseText(bare, format);
  if (!parsed.ok) return null;
  const wanted = canonicalJson(changed(parsed.value, edit));
  try {
    for (const attempt of format === "json" ? editJson(bare, edit) : editYaml(bare, edit)) {
      const read = parseText(attempt, format);
      if (read.ok && canonicalJson(read.value) === wanted) return mark + attempt;
    }
  } catch {
    // The libraries throw at what they cannot write, such as an alias that has lost its anchor.
  }
  return null;
}

/** What the file is to say afterwards. The text is held to it, so a clumsy edit can never change anything else. */
function changed(value: unknown, edit: Edit): unknown {
  const root = structuredClone(value) as Record<string | number, unknown>;
  if (edit.kind === "set") {
    let target: Record<string | number, unknown> | undefined = root;
    for (const segment of edit.path.slice(0, -1))
      target = target?.[segment] as Record<string | number, unknown> | undefined;
    if (target !== undefined) target[edit.path.at(-1) ?? ""] = edit.value;
    return root;
  }
  const list = (root[edit.key] ?? []) as unknown[];
  if (edit.kind === "append") root[edit.key] = [...list, edit.value];
  else root[edit.key] = list.filter((_, place) => place !== edit.place);
  return root;
}
