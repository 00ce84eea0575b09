// Moves an issue from one epic to another, or from a file of its own into an epic. The id is kept, also where it was derived
// from the place in the file: then it is written down, for the issue and for those whose place the move would change.
import type { AdoptIssue } from "../../domain/driver-plan.ts";
import { slugOf } from "../../domain/card.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import { issuesKeyOf } from "./check-aliases.ts";
import type { DraftDesk, OpenText, Told } from "./draft-desk.ts";
import { textProblem } from "./draft-desk.ts";
import { editText } from "./edit-text.ts";
import { blockOf } from "./edit-yaml.ts";
import { isRecord } from "./findings.ts";
import { nearestName } from "./nearest.ts";
import { derivedId } from "./read-cards.ts";

/** An issue taken out of where it stood. */
type Taken = { readonly value: JsonObject; readonly block: string | null };

export async function adoptIssue(desk: DraftDesk, action: AdoptIssue): Promise<readonly Told[]> {
  const target = await desk.open("epic", action.department, action.epic);
  if (!target.ok) return [{ field: "epic", ...target.error }];
  const { file } = target.value;
  const taken = await take(desk, action.issue, file);
  if (!taken.ok) return [taken.error];
  const { value, block } = taken.value;
  const edit = {
    kind: "append",
    key: issuesKeyOf(target.value.value),
    value,
    block: target.value.format === "yaml" ? block : null,
  } as const;
  return (await desk.edit(file, edit)) ? [] : [textProblem("epic", file)];
}

async function take(desk: DraftDesk, id: string, target: string): Promise<Result<Taken, Told>> {
  const wanted = id.toLowerCase();
  const { epics, looseIssues } = desk.assets;
  const key = Object.keys(epics).find((one) =>
    epics[one]?.issues.some((issue) => issue.id.toLowerCase() === wanted),
  );
  if (key !== undefined) {
    const [scope = "", stem = ""] = key.split("/");
    const source = await desk.open("epic", scope, stem);
    if (!source.ok) return told(source.error);
    if (source.value.file === target)
      return told({
        code: "issue-present",
        found: `${id}, which is in that epic`,
        expected: "another epic",
      });
    return takeFromEpic(desk, source.value, wanted);
  }
  const loose = looseIssues.find(({ issue }) => issue.id.toLowerCase() === wanted);
  if (loose !== undefined) return takeFile(desk, loose.file);
  const ids = [
    ...Object.values(epics).flatMap(({ issues }) => issues),
    ...looseIssues.map(({ issue }) => issue),
  ].map((issue) => issue.id);
  const nearest = nearestName(id, ids);
  const hint = nearest === null ? "" : `; did you mean ${nearest}?`;
  return told({ code: "issue-missing", found: id, expected: `an issue that exists${hint}` });
}

const told = (facts: Omit<Told, "field">): Result<never, Told> => ({
  ok: false,
  error: { field: "issue", ...facts },
});

async function takeFromEpic(
  desk: DraftDesk,
  source: OpenText,
  wanted: string,
): Promise<Result<Taken, Told>> {
  const { file, value, stem, format } = source;
  const key = issuesKeyOf(value);
  const ids = idsOf(value[key], stem);
  const place = ids.findIndex(({ id }) => id.toLowerCase() === wanted);
  if (place < 0)
    return told({
      code: "issue-missing",
      found: `${wanted}, which this plan moved before`,
      expected: "each issue once",
    });
  for (const [one, { id, isGiven }] of ids.entries()) {
    if (one < place || isGiven) continue;
    const edit = { kind: "set", path: [key, one, "id"], value: id } as const;
    if (!(await desk.edit(file, edit))) return { ok: false, error: textProblem("issue", file) };
  }
  const pinned = await desk.openFile(file);
  if (!pinned.ok) return told(pinned.error);
  const list = pinned.value.value[key] as readonly JsonObject[];
  const block = format === "yaml" ? blockOf(pinned.value.text, key, place) : null;
  if (!(await desk.edit(file, { kind: "remove", key, place })))
    return { ok: false, error: textProblem("issue", file) };
  return ok({ value: list[place] ?? {}, block });
}

type IssueId = { readonly id: string; readonly isGiven: boolean };

function idsOf(list: unknown, stem: string): readonly IssueId[] {
  const entries: readonly unknown[] = Array.isArray(list) ? list : [];
  return entries.map((entry, place) => {
    const { id, summary, name } = isRecord(entry) ? entry : {};
    if (typeof id === "string") return { id, isGiven: true };
    const words = [summary, name].find((one) => typeof one === "string") ?? "";
    return { id: derivedId(stem, words, place), isGiven: false };
  });
}

/** Of a file of its own everything goes over but the note to editors; then there is nothing left for the file to say. */
async function takeFile(desk: DraftDesk, file: string): Promise<Result<Taken, Told>> {
  const opened = await desk.openFile(file);
  if (!opened.ok) return told(opened.error);
  const { text, format, stem, value } = opened.value;
  const { $schema: schema, ...rest } = value as JsonObject;
  const id = typeof rest["id"] === "string" ? rest["id"] : slugOf(stem);
  const named = editText(text, format, { kind: "set", path: ["id"], value: id });
  const block = format === "yaml" && schema === undefined && named !== null ? asEntry(named) : null;
  desk.remove(file);
  return ok({ value: { ...rest, id }, block });
}

/** A whole file as an entry of a list: comments before its first key stay above the dash. */
function asEntry(text: string): string {
  const lines = `${text.replace(/^\uFEFF/, "").trimEnd()}\n`.split(/(?<=\n)/);
  const first = lines.findIndex((line) => line.trim() !== "" && !line.startsWith("#"));
  return lines
    .map((line, place) => {
      if (place < first || line.trim() === "") return line;
      return `${place === first ? "- " : "  "}${line}`;
    })
    .join("");
}
