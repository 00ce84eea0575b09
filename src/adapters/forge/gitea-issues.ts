// Comments, issues and labels. Labels are numbers on the wire: a name would be refused, and an unknown number dropped.
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Issues, Label, Repository } from "../../ports/forge.ts";
import type { By, Caller } from "./gitea-call.ts";
import { callFor, callOnly, listAll, pathOf } from "./gitea-call.ts";
import * as shapes from "./gitea-shapes.ts";

const COMMENTS_MAX = 5000;
const LABELS_MAX = 1000;
const COLOR = "#7a6f5d";

export function createGiteaIssues(by: By): Issues {
  return {
    comments: async ({ repository, number }, signal) => {
      const call = { path: [...pathOf(repository), "issues", number, "comments"] };
      const found = await listAll(by(signal), { call, shape: shapes.comments, max: COMMENTS_MAX });
      return found.ok ? ok(found.value.items) : found;
    },
    comment: ({ repository, number }, body, signal) =>
      callFor(
        by(signal),
        {
          method: "POST",
          path: [...pathOf(repository), "issues", number, "comments"],
          body: { body },
          ok: [201],
        },
        shapes.comment,
      ),
    editComment: (repository, { id, body }, signal) =>
      callOnly(by(signal), {
        method: "PATCH",
        path: [...pathOf(repository), "issues", "comments", id],
        body: { body },
        ok: [200],
      }),
    list: async (repository, limit, signal) => {
      const query = { state: "open", type: "issues" };
      const call = { path: [...pathOf(repository), "issues"], query };
      const found = await listAll(by(signal), { call, shape: shapes.issues, max: limit });
      return found.ok ? ok(found.value.items) : found;
    },
    create: async ({ repository, title, body, labels }, signal) => {
      const made = await callFor(
        by(signal),
        {
          method: "POST",
          path: [...pathOf(repository), "issues"],
          body: { title, body, labels: labels.map(({ id }) => id) },
          ok: [201],
        },
        shapes.issue,
      );
      return made.ok ? ok({ number: made.value.number, labels: made.value.labels }) : made;
    },
    labels: (repository, names, signal) => ensureLabels(by(signal), repository, names),
  };
}

/** A second one of the same name would be made without a word: so they are looked for first. */
async function ensureLabels(
  caller: Caller,
  repository: Repository,
  names: readonly string[],
): Promise<Result<readonly Label[]>> {
  const known = await knownLabels(caller, repository);
  if (!known.ok) return known;
  const labels: Label[] = [];
  for (const name of new Set(names)) {
    const found = known.value.find((label) => label.name === name);
    if (found !== undefined) {
      labels.push(found);
      continue;
    }
    const made = await callFor(
      caller,
      {
        method: "POST",
        path: [...pathOf(repository), "labels"],
        body: { name, color: COLOR, description: "" },
        ok: [201],
      },
      shapes.label,
    );
    if (!made.ok) return made;
    labels.push(made.value);
  }
  return ok(labels);
}

async function knownLabels(
  caller: Caller,
  repository: Repository,
): Promise<Result<readonly Label[]>> {
  const list = (path: readonly string[]) =>
    listAll(caller, { call: { path }, shape: shapes.labels, max: LABELS_MAX });
  const own = await list([...pathOf(repository), "labels"]);
  if (!own.ok) return own;
  const shared = await list(["orgs", repository.owner, "labels"]);
  // A person's repository belongs to no organization.
  if (!shared.ok && shared.error.code !== "FORGE_NOT_FOUND") return shared;
  if (!own.value.isWhole || (shared.ok && !shared.value.isWhole))
    return refuse("FORGE_UNAVAILABLE", `The repository has more than ${LABELS_MAX} labels.`);
  return ok([...own.value.items, ...(shared.ok ? shared.value.items : [])]);
}
