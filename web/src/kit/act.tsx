// A button that changes something. For a key that may not, it says so beforehand; the server decides either way.
import type { ReactNode } from "react";
import { useQuery } from "@tanstack/react-query";
import { getJson } from "../api/http.ts";
import type { OwnKey } from "../api/types.ts";

export type Scope = OwnKey["scope"];

const ORDER: readonly Scope[] = ["read", "operate", "admin"];

export const useOwnKey = (): OwnKey | undefined =>
  useQuery({
    queryKey: ["key"],
    queryFn: async () => getJson<OwnKey>("/v1/key"),
    staleTime: Number.POSITIVE_INFINITY,
  }).data;

/** Why the key may not; null when it may, or while nobody knows. */
export function useMissingScope(needed: Scope): string | null {
  const key = useOwnKey();
  if (key === undefined || ORDER.indexOf(key.scope) >= ORDER.indexOf(needed)) return null;
  return `needs scope ${needed}`;
}

export type ActProps = {
  readonly needs?: Scope;
  readonly type?: "button" | "submit";
  readonly className?: string;
  readonly disabled?: boolean;
  readonly onClick?: () => void;
  readonly children: ReactNode;
};

/** It keeps its place among the keys when it is off, so that the reason can be read. */
export function Act({ needs = "operate", type = "button", ...props }: ActProps) {
  const missing = useMissingScope(needs);
  const { children, onClick, ...rest } = props;
  if (missing === null)
    return (
      <button type={type === "submit" ? "submit" : "button"} onClick={onClick} {...rest}>
        {children}
      </button>
    );
  return (
    <button type="button" aria-disabled="true" title={missing} className={rest.className}>
      {children}
      <span className="hidden-label"> ({missing})</span>
    </button>
  );
}
