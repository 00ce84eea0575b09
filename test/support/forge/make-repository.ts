// A new, empty repository on the fake forge.
import { join } from "node:path";
import { makeBare } from "./git.ts";
import type { ForgeAccount, ForgeRepository, ForgeState } from "./state.ts";

export function makeRepository(
  state: ForgeState,
  { owner, name, isPrivate }: { owner: ForgeAccount; name: string; isPrivate: boolean },
): ForgeRepository {
  const id = state.nextId();
  const folder = join(state.folder, `${id}.git`);
  makeBare(folder, "main");
  const repository: ForgeRepository = {
    id,
    owner,
    name,
    folder,
    isPrivate,
    isArchived: false,
    defaultBranch: "main",
    styles: ["merge", "squash", "rebase", "fast-forward-only"],
    rights: new Map(),
    pulls: [],
    issues: [],
    notes: [],
    labels: [],
    statuses: [],
    hooks: [],
    protections: [],
  };
  state.repositories.push(repository);
  return repository;
}
