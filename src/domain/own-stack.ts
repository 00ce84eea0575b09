// A stack of the project's own, as it stands in an epic or in the organization: `{services: …}`. Only what is listed here is
// understood, and nothing of it reaches compose as it was written: it becomes a StackService, and that is rendered.
import type { Json, JsonObject } from "./json.ts";
import { isJsonObject } from "./json.ts";
import type { Result } from "./result.ts";
import { ok, refuse } from "./result.ts";
import { PORT_ROLES } from "./sandbox-ports.ts";
import { readService } from "./own-service.ts";
import type { Finding } from "./own-fields.ts";
import { found, NAME_PATTERN } from "./own-fields.ts";
import { STACKS } from "./stacks/templates.ts";
import type { Stack, StackName, StackService } from "./stack.ts";

const SERVICES_MAX = 10;
const OWN_WAIT_MS = 300_000;
const PROBLEMS_IN_MESSAGE_MAX = 5;

/**
 * The first of the candidates that says anything (the request, the epic's, the organization's); `null`, nothing and `{}` say
 * nothing. A name, `{name}` or `{services}`; no guess is made of anything else.
 */
export function chooseStack(candidates: readonly (Json | undefined)[]): Result<Stack> {
  const chosen = candidates.find((one) => one !== undefined && one !== null && !isEmpty(one));
  if (chosen === undefined)
    return refuse("SANDBOX_INVALID", `No stack is named. Name one of ${NAMES}, or {services: …}.`);
  const name = isJsonObject(chosen) && isOnly(chosen, "name") ? chosen["name"] : chosen;
  if (typeof name === "string") return namedStack(name);
  if (isJsonObject(chosen) && isOnly(chosen, "services")) return ownStack(chosen["services"]);
  const expected = `the name of a stack (${NAMES}) or {services: …}`;
  return invalid([{ path: "$", found: found(chosen), expected }]);
}

const NAMES = Object.keys(STACKS).join(", ");
const isEmpty = (value: Json): boolean => isJsonObject(value) && Object.keys(value).length === 0;

const isOnly = (value: JsonObject, key: string): boolean =>
  Object.hasOwn(value, key) && Object.keys(value).length === 1;

const isStackName = (name: string): name is StackName => Object.hasOwn(STACKS, name);

const namedStack = (name: string): Result<Stack> =>
  isStackName(name)
    ? ok(STACKS[name])
    : invalid([{ path: "$", found: found(name), expected: `one of ${NAMES}` }]);

function invalid(problems: readonly Finding[]): Result<never> {
  const lines = problems
    .slice(0, PROBLEMS_IN_MESSAGE_MAX)
    .map(({ path, found: what, expected }) => `${path}: found ${what}, expected ${expected}`);
  const more = problems.length - lines.length;
  const text = `The stack is not allowed. ${lines.join("; ")}${more > 0 ? `; and ${more} more` : ""}.`;
  return refuse("SANDBOX_INVALID", text, { problems });
}

function ownStack(given: Json | undefined): Result<Stack> {
  if (!isJsonObject(given)) {
    return invalid([{ path: "$.services", found: found(given), expected: "services by name" }]);
  }
  const names = Object.keys(given);
  const problems: Finding[] = [];
  if (names.length === 0 || names.length > SERVICES_MAX) {
    const expected = `1 to ${SERVICES_MAX} services`;
    problems.push({ path: "$.services", found: `${names.length} services`, expected });
  }
  const services: Record<string, StackService> = {};
  // What is too much anyway is not read; the first ones are enough to show what is wrong.
  for (const name of names.slice(0, SERVICES_MAX)) {
    const path = `$.services.${name.slice(0, NAME_CHARACTERS_MAX)}`;
    if (!NAME_PATTERN.test(name)) {
      problems.push({ path, found: found(name), expected: "a name of a-z, 0-9 and dashes" });
      continue;
    }
    services[name] = readService(given[name], { path, problems });
  }
  checkTogether(services, problems);
  return problems.length > 0
    ? invalid(problems)
    : ok({ name: null, services, files: {}, waitMs: OWN_WAIT_MS });
}

const NAME_CHARACTERS_MAX = 40;

/** What no service can be blamed for alone: who waits for whom, and who has which port. */
function checkTogether(
  services: Readonly<Record<string, StackService>>,
  problems: Finding[],
): void {
  for (const [name, { after }] of Object.entries(services)) {
    const path = `$.services.${name}.after`;
    for (const other of after) {
      if (!Object.hasOwn(services, other))
        problems.push({ path, found: found(other), expected: "a service of this stack" });
    }
    if (waitsFor(services, name).has(name))
      problems.push({ path, found: "itself, over others", expected: "an order without a circle" });
  }
  for (const role of PORT_ROLES) {
    const holders = Object.entries(services)
      .filter(([, { ports }]) => ports[role] !== undefined)
      .map(([name]) => name);
    if (holders.length > 1) {
      const expected = "at most one service with it";
      problems.push({ path: `$.services.*.ports.${role}`, found: holders.join(", "), expected });
    }
  }
}

/** All that is started before a service, directly or not. */
function waitsFor(
  services: Readonly<Record<string, StackService>>,
  name: string,
): ReadonlySet<string> {
  const byName = new Map(Object.entries(services));
  const seen = new Set<string>();
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const other of byName.get(next)?.after ?? []) {
      if (seen.has(other)) continue;
      seen.add(other);
      open.push(other);
    }
  }
  return seen;
}
