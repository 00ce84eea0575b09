// robots.txt by RFC 9309: which paths of a site a program of our name may read. Pure.
// Of all rules that fit a path the longest wins, and of two as long the one that allows.

export type RobotsRules = {
  readonly rules: readonly { readonly pattern: string; readonly isAllowed: boolean }[];
  /** Not in the RFC, but many sites say it: the time between two requests. */
  readonly crawlDelayMs: number | null;
};

const RULES_MAX = 5000;
const PATTERN_MAX = 2000;
const DELAY_MAX_MS = 60 * 60_000;

/** What `text` says to a program whose name begins with `token`; nothing said is everything allowed. */
export function parseRobots(text: string, token: string): RobotsRules {
  const groups = readGroups(text);
  const own = groups.filter(({ agents }) => agents.includes(token.toLowerCase()));
  const chosen = own.length > 0 ? own : groups.filter(({ agents }) => agents.includes("*"));
  const delays = chosen.flatMap(({ delays }) => delays);
  return {
    rules: chosen.flatMap(({ rules }) => rules).slice(0, RULES_MAX),
    crawlDelayMs: delays.length === 0 ? null : Math.min(Math.max(...delays), DELAY_MAX_MS),
  };
}

export function isPathAllowed({ rules }: RobotsRules, url: URL): boolean {
  const path = url.pathname + url.search;
  const fitting = rules.filter(({ pattern }) => fits(pattern, path));
  const longest = Math.max(0, ...fitting.map(({ pattern }) => pattern.length));
  const last = fitting.filter(({ pattern }) => pattern.length === longest);
  return last.length === 0 || last.some(({ isAllowed }) => isAllowed);
}

type Group = {
  readonly agents: string[];
  readonly rules: { pattern: string; isAllowed: boolean }[];
  readonly delays: number[];
};

function readGroups(text: string): readonly Group[] {
  const groups: Group[] = [];
  let isNaming = false;
  for (const line of text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/)) {
    const [, key = "", value = ""] = /^\s*([a-z-]+)\s*:\s*([^#]*?)\s*(?:#.*)?$/i.exec(line) ?? [];
    const field = key.toLowerCase();
    if (field === "user-agent") {
      // Several names one after another share the rules that follow.
      if (!isNaming) groups.push({ agents: [], rules: [], delays: [] });
      groups.at(-1)?.agents.push(value.split("/")[0]?.trim().toLowerCase() ?? "");
      isNaming = true;
    } else if (field !== "") {
      const group = groups.at(-1);
      if (field === "allow" || field === "disallow") {
        isNaming = false;
        if (value !== "" && value.length <= PATTERN_MAX)
          group?.rules.push({ pattern: normalize(value), isAllowed: field === "allow" });
      } else if (field === "crawl-delay") {
        isNaming = false;
        if (/^\d+(?:\.\d+)?$/.test(value)) group?.delays.push(Number(value) * 1000);
      }
    }
  }
  return groups;
}

/** Signs beyond ASCII as a URL carries them, so that both sides are written alike. */
const normalize = (pattern: string): string =>
  pattern.replaceAll(/[^\x21-\x7e]+/g, (signs) => encodeURIComponent(signs.toWellFormed()));

/** `*` is any run of signs, `$` at the end is the end. Walks forward only: no pattern makes it slow. */
function fits(pattern: string, path: string): boolean {
  const isWhole = pattern.endsWith("$");
  const [first = "", ...parts] = (isWhole ? pattern.slice(0, -1) : pattern).split("*");
  if (!path.startsWith(first)) return false;
  let at = first.length;
  const last = parts.pop();
  for (const part of parts) {
    const next = path.indexOf(part, at);
    if (next < 0) return false;
    at = next + part.length;
  }
  if (last === undefined) return !isWhole || at === path.length;
  return isWhole
    ? path.endsWith(last) && path.length - last.length >= at
    : path.indexOf(last, at) >= 0;
}
