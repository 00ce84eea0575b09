// Sets a repository on the forge up: hook, label, branch protection, and whether a delivery arrives. What is there stays.
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Forge, Hook, Repository, RepositoryFacts } from "../ports/forge.ts";
import { listDeliveries } from "./deliveries.ts";
import type { Engine } from "./engine.ts";

export type SetupRequest = {
  readonly repository: string;
  readonly receiver: string;
  readonly rotates: boolean;
  readonly executes: boolean;
};
type Step = "create" | "replace" | "keep";
export type SetupReport = {
  readonly hook: Step;
  readonly label: Step;
  readonly protection: Step;
  /** Null when it was not tried: nothing was changed about the hook. */
  readonly arrives: boolean | null;
};
export type SetupDeps = Pick<Engine, "store" | "clock"> & {
  readonly forge: Forge;
  readonly secret: string;
};

const EVENTS = [
  "pull_request_only",
  "pull_request_sync",
  "pull_request_review",
  "pull_request_comment",
  "push",
  "status",
];
const LABEL = "requirements";
const LOOKS = 50;
const LOOK_MS = 200;
/** Each call ends by itself. */
const unstopped = new AbortController().signal;

export async function setUpForge(
  deps: SetupDeps,
  request: SetupRequest,
): Promise<Result<SetupReport>> {
  const [owner = "", name = "", ...more] = request.repository.split("/");
  if (owner === "" || name === "" || more.length > 0)
    return refuse("FORGE_NOT_FOUND", "Name the repository as owner/name.");
  if (!/^https?:/.test(request.receiver) || !URL.canParse(request.receiver))
    return refuse("CONFIG_INVALID", "--receiver is an address with http:// or https://.");
  if (deps.secret === "")
    return refuse("CONFIG_INVALID", "Set GITEA_WEBHOOK_SECRET: a hook without one is not heard.");
  const repository = { owner, name };
  const facts = await deps.forge.repository(repository, unstopped);
  if (!facts.ok) return facts;
  if (!facts.value.mayAdmin)
    return refuse(
      "FORGE_FORBIDDEN",
      `The token's account is no administrator of ${request.repository}: hooks and protections need that.`,
    );
  return setUp({ ...deps, repository, facts: facts.value, request });
}

type Scene = SetupDeps & {
  readonly repository: Repository;
  readonly facts: RepositoryFacts;
  readonly request: SetupRequest;
};

async function setUp(scene: Scene): Promise<Result<SetupReport>> {
  const { forge, repository, request } = scene;
  const hooks = await forge.repositories.hooks(repository, unstopped);
  if (!hooks.ok) return hooks;
  const rules = await forge.repositories.protections(repository, unstopped);
  if (!rules.ok) return rules;
  const mine = hooks.value.filter(({ url }) => url === request.receiver);
  const isSound = mine.length === 1 && mine[0]?.isActive === true && !request.rotates;
  const hook = mine.length === 0 ? "create" : isSound ? "keep" : "replace";
  const { defaultBranch } = scene.facts;
  const protection = rules.value.includes(defaultBranch) ? "keep" : "create";
  const plan = { hook, label: "create", protection, arrives: null } as const;
  if (!request.executes) return ok(plan);
  const labels = await forge.issues.labels(repository, [LABEL], unstopped);
  if (!labels.ok) return labels;
  if (protection === "create") {
    const rule = { branch: defaultBranch, approvals: 1, reviewers: [], statuses: [] };
    const made = await forge.repositories.protectBranch({ repository, ...rule }, unstopped);
    if (!made.ok) return made;
  }
  if (hook === "keep") return ok(plan);
  const made = await replaceHook(scene, mine);
  if (!made.ok) return made;
  const arrives = await seesDelivery(scene, made.value);
  return arrives.ok ? ok({ ...plan, arrives: arrives.value }) : arrives;
}

/** The new one first, so that no event falls between the two. */
async function replaceHook(
  { forge, repository, request, secret }: Scene,
  old: readonly Hook[],
): Promise<Result<Hook>> {
  const wanted = { repository, url: request.receiver, secret, events: EVENTS };
  const made = await forge.repositories.createHook(wanted, unstopped);
  if (!made.ok) return made;
  for (const { id } of old) {
    const dropped = await forge.repositories.dropHook(repository, id, unstopped);
    if (!dropped.ok) return dropped;
  }
  return made;
}

async function seesDelivery(scene: Scene, hook: Hook): Promise<Result<boolean>> {
  const { forge, repository, clock, facts } = scene;
  const known = async (): Promise<ReadonlySet<string>> => {
    const { deliveries } = await listDeliveries(scene, { limit: 200 });
    const own = deliveries.filter((one) => one.repository?.id === facts.id);
    return new Set(own.map(({ id }) => id));
  };
  const before = await known();
  const asked = await forge.repositories.testHook(repository, hook.id, unstopped);
  if (!asked.ok) return asked;
  for (let look = 0; look < LOOKS; look += 1) {
    if ([...(await known())].some((id) => !before.has(id))) return ok(true);
    await clock.sleep(LOOK_MS);
  }
  return ok(false);
}
