// What the fake forge knows: accounts, repositories, pull requests and hooks. No rule and no wire here.
export type Flavour = "gitea" | "forgejo";
export type Right = "read" | "write" | "admin";

export type ForgeAccount = {
  readonly id: number;
  readonly login: string;
  readonly token: string;
  /** Null: every scope. Else words as `write:repository`. */
  scopes: readonly string[] | null;
  readonly isOrganization: boolean;
};

export type ForgeReview = {
  readonly id: number;
  readonly user: ForgeAccount;
  state: string;
  body: string;
  commit: string;
  official: boolean;
  stale: boolean;
  dismissed: boolean;
  readonly at: string;
  readonly comments: { path: string; body: string; newPosition: number; oldPosition: number }[];
};

export type ForgePull = {
  readonly id: number;
  readonly number: number;
  readonly user: ForgeAccount;
  title: string;
  body: string;
  isOpen: boolean;
  readonly head: string;
  readonly base: string;
  headSha: string;
  mergeCommit: string | null;
  mergedBy: ForgeAccount | null;
  /** So many looks until the search for conflicts is over. */
  checksLeft: number;
  updatedAt: string;
  readonly reviews: ForgeReview[];
};

export type ForgeIssue = {
  readonly id: number;
  readonly number: number;
  readonly user: ForgeAccount;
  readonly title: string;
  readonly body: string;
  readonly labels: ForgeLabel[];
  isOpen: boolean;
};

export type ForgeLabel = { readonly id: number; readonly name: string; readonly color: string };
export type ForgeNote = {
  readonly id: number;
  readonly number: number;
  readonly user: ForgeAccount;
  body: string;
  readonly at: string;
};
export type ForgeStatus = {
  readonly id: number;
  readonly sha: string;
  readonly state: string;
  readonly context: string;
  readonly description: string;
  readonly targetUrl: string;
};
export type ForgeHook = {
  readonly id: number;
  readonly url: string;
  readonly secret: string;
  readonly isActive: boolean;
  readonly events: readonly string[];
};
export type ForgeProtection = Readonly<Record<string, unknown>> & { readonly rule_name: string };

export type ForgeRepository = {
  readonly id: number;
  readonly owner: ForgeAccount;
  name: string;
  readonly folder: string;
  readonly isPrivate: boolean;
  isArchived: boolean;
  defaultBranch: string;
  styles: readonly string[];
  readonly rights: Map<string, Right>;
  readonly pulls: ForgePull[];
  readonly issues: ForgeIssue[];
  readonly notes: ForgeNote[];
  readonly labels: ForgeLabel[];
  readonly statuses: ForgeStatus[];
  readonly hooks: ForgeHook[];
  readonly protections: ForgeProtection[];
};

export type ForgeState = {
  readonly flavour: Flavour;
  readonly folder: string;
  url: string;
  readonly nextId: () => number;
  readonly now: () => string;
  readonly accounts: ForgeAccount[];
  readonly repositories: ForgeRepository[];
  /** Old full name in lower case → id of the repository. */
  readonly renamed: Map<string, number>;
  /** Looks until a new head is known to merge or not. */
  checksAfterPush: number;
};

export const fullNameOf = ({ owner, name }: ForgeRepository): string => `${owner.login}/${name}`;

export const findRepository = (state: ForgeState, fullName: string): ForgeRepository | undefined =>
  state.repositories.find((one) => fullNameOf(one).toLowerCase() === fullName.toLowerCase());

const ORDER: readonly Right[] = ["read", "write", "admin"];

export function hasRight(
  repository: ForgeRepository,
  account: ForgeAccount | null,
  right: Right,
): boolean {
  if (account?.id === repository.owner.id) return true;
  const given = account === null ? undefined : repository.rights.get(account.login);
  const own = given ?? (repository.isPrivate ? undefined : "read");
  return own !== undefined && ORDER.indexOf(own) >= ORDER.indexOf(right);
}

/** Whitelisted for approvals, or, without such a list, allowed to write. */
export function isOfficial(
  repository: ForgeRepository,
  account: ForgeAccount,
  base: string,
): boolean {
  const rule = repository.protections.find((one) => one.rule_name === base);
  if (rule?.["enable_approvals_whitelist"] !== true) return hasRight(repository, account, "write");
  const names = rule["approvals_whitelist_username"];
  return Array.isArray(names) && names.includes(account.login);
}
