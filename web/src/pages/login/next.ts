// Where somebody goes after signing in.

const FIRST = "/board";
const HERE = "http://here.invalid";

/** Only a page of this server, as a browser reads the address: it drops line ends and tabs, and takes `/\` and `//` for elsewhere. */
export function nextOf(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? FIRST;
  if (!next.startsWith("/") || !URL.canParse(next, HERE)) return FIRST;
  const { origin, pathname, search: query } = new URL(next, HERE);
  const isElsewhere = origin !== HERE || pathname.startsWith("//");
  return isElsewhere || pathname === "/login" ? FIRST : `${pathname}${query}`;
}
