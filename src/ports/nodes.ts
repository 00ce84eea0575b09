// Decision nodes of the user's own: names in the settings, functions in force.
import type { Nodes, Seam } from "../domain/decision.ts";
import type { Result } from "../domain/result.ts";

/** Which node decides at a seam, and which one runs beside it unheard. */
export type NodeNames = Readonly<
  Partial<Record<Seam, { readonly use?: string | undefined; readonly shadow?: string | undefined }>>
>;

/** Names of the built-in node; the first is the one that is recorded. */
export const BUILT_IN_NAMES = ["built-in", "default"] as const;

export type NodeRequest = {
  readonly projectDir: string;
  readonly names: NodeNames;
  readonly builtIn: Nodes;
  /** How long one module may take to load. */
  readonly timeoutMs?: number;
};

export type LoadedNodes = {
  readonly nodes: Nodes;
  readonly names: Readonly<Record<Seam, string>>;
  readonly shadows: Readonly<
    Partial<{ [Name in Seam]: { readonly name: string; readonly node: Nodes[Name] } }>
  >;
};

/**
 * Contract:
 * - A name is a file `nodes/<name>.ts|js|mjs` of the project; its export named after the seam decides, else its default.
 * - A name that is unknown, a module that does not load and an export that is no plain function are NODE_INVALID; all of
 *   them are reported at once, and nothing falls back to the built-in node.
 * - A file that changed since it was last loaded is loaded anew.
 */
export type LoadNodes = (request: NodeRequest) => Promise<Result<LoadedNodes>>;
