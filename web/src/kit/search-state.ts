// The address is the state: what is filtered and chosen stands in the query, and survives Back, reload and a copied link.
import { useCallback } from "react";
import { useRawSearch } from "./address.ts";

export type SearchState = {
  readonly get: (name: string) => string | null;
  /** null takes a name out. Choosing makes a step in the history, typing replaces the last one. */
  readonly set: (
    changes: Readonly<Record<string, string | null>>,
    how?: "push" | "replace",
  ) => void;
};

export function changedSearch(
  search: string,
  changes: Readonly<Record<string, string | null>>,
): string {
  const query = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

export function useSearchState(): SearchState {
  const search = useRawSearch();
  const get = useCallback((name: string) => new URLSearchParams(search).get(name), [search]);
  const set: SearchState["set"] = useCallback((changes, how = "push") => {
    const next = `${location.pathname}${changedSearch(location.search, changes)}`;
    if (how === "push") history.pushState(null, "", next);
    else history.replaceState(null, "", next);
  }, []);
  return { get, set };
}
