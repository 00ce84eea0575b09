// Where somebody goes after signing in.

/** Only a page of this server; an address elsewhere would begin with two slashes. */
export const nextOf = (search: string): string => {
  const next = new URLSearchParams(search).get("next") ?? "/board";
  return /^\/(?![/\\])/.test(next) && !next.startsWith("/login") ? next : "/board";
};
