// Which of the organization's possible files counts, and what it says. A file that exists and is broken is a problem of
// the load; only where there is none at all does the built-in organization stand in.
import type { AssetProblem, Organization } from "../../domain/assets.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { ReviewPolicy } from "../../domain/review-policy.ts";
import { DEFAULT_REVIEW_POLICY } from "../../domain/review-policy.ts";
import { BUILT_IN_ORGANIZATION } from "./built-in.ts";
import { checkAliases, warnOfIgnoredKeys } from "./check-aliases.ts";
import { checkValue } from "./check-value.ts";
import type { CheckedFile } from "./file-cache.ts";
import type { Finding } from "./findings.ts";
import { isRecord } from "./findings.ts";
import type { AssetFile } from "./project-files.ts";
import type { AssetData } from "./schemas/kinds.ts";
import { NODE_ALIASES } from "./schemas/organization.ts";

export type OrganizationNames = {
  readonly orgName?: string | undefined;
  readonly orgVision?: string | undefined;
};

/** The files of the first source that is there, the more general one first. */
export type OrganizationChoice = {
  readonly files: readonly AssetFile[];
  readonly warnings: readonly AssetProblem[];
};

export type ReadOrganization = {
  readonly organization: Organization;
  readonly source: string;
  readonly problems: readonly AssetProblem[];
  readonly warnings: readonly AssetProblem[];
};

const PAIR: ReadonlySet<string> = new Set(["config/org_info", "config/architecture"]);
const nameOf = ({ file, extension }: AssetFile): string => file.slice(0, -extension.length);

export function chooseOrganization(files: readonly AssetFile[]): OrganizationChoice {
  const named = (name: string): readonly AssetFile[] =>
    files.filter((file) => nameOf(file) === name).slice(0, 1);
  const sources = [
    [...named("config/org_info"), ...named("config/architecture")],
    named("config/organization"),
    named("model/organization"),
  ].filter((source) => source.length > 0);
  const [used = [], ...others] = sources;
  const warnings = others.flat().map(({ file }) => ({
    code: "organization-shadowed",
    file,
    path: "$",
    found: `${file} beside ${namesOf(used)}`,
    expected: `one organization; ${namesOf(used)} counts`,
  }));
  return { files: used, warnings };
}

const namesOf = (files: readonly AssetFile[]): string => files.map(({ file }) => file).join(" + ");

export function readOrganization(
  checked: readonly CheckedFile[],
  names: OrganizationNames,
): ReadOrganization {
  const problems = checked.flatMap((file) => file.problems);
  if (checked.length === 0) {
    return {
      organization: withNames(BUILT_IN_ORGANIZATION, names),
      source: "built-in",
      problems,
      warnings: [],
    };
  }
  const source = namesOf(checked.map(({ asset }) => asset));
  const merged: unknown = Object.assign(
    {},
    ...checked.map(({ raw }) => (isRecord(raw) ? raw : {})),
  );
  const { data, findings } = checkValue("organization", merged);
  const own = [...findings, ...checkAliases("organization", merged), ...checkNumbers(data)];
  const inFile = (finding: Finding): AssetProblem => ({
    ...finding,
    file: fileOf(checked, finding),
  });
  return {
    organization: withNames(data === null ? BUILT_IN_ORGANIZATION : toOrganization(data), names),
    source,
    // Missing keys of a file that could not be read would only hide why.
    problems: problems.length > 0 ? problems : own.map(inFile),
    warnings: checked.flatMap(({ raw, asset }) =>
      warnOfIgnoredKeys(raw).map((finding) => ({ ...finding, file: asset.file })),
    ),
  };
}

/** Of a merged pair, the file whose key it is; a key that neither has belongs to the first. */
function fileOf(checked: readonly CheckedFile[], { path }: Finding): string {
  const key = /^\$\.([^.[]+)/.exec(path)?.[1];
  const owner = checked.findLast(
    ({ raw, asset }) =>
      PAIR.has(nameOf(asset)) && isRecord(raw) && key !== undefined && Object.hasOwn(raw, key),
  );
  return (owner ?? checked[0])?.asset.file ?? "";
}

/** Numbers that only together make no sense. */
function checkNumbers(data: AssetData<"organization"> | null): readonly Finding[] {
  if (data === null) return [];
  const rules = data.process_rules;
  const findings: Finding[] = [];
  if (rules.bug_fix_initial_days > rules.bug_fix_max_days) {
    const expected = `at most bug_fix_max_days (${rules.bug_fix_max_days})`;
    findings.push({
      code: "value-invalid",
      path: "$.process_rules.bug_fix_initial_days",
      found: String(rules.bug_fix_initial_days),
      expected,
    });
  }
  const policy = rules.pr_review_policy;
  const { escalationCycle: escalation, maxCycles: cycles } = toReviewPolicy(policy);
  if (escalation >= cycles) {
    const path = "$.process_rules.pr_review_policy.escalation_cycle";
    findings.push({
      code: "value-invalid",
      path,
      found: String(escalation),
      expected: `less than max_cycles (${cycles})`,
    });
  }
  return findings;
}

/** A blank override is none. */
function withNames(
  organization: Organization,
  { orgName, orgVision }: OrganizationNames,
): Organization {
  const given = (value: string | undefined, own: string): string =>
    value === undefined || value.trim() === "" ? own : value;
  return {
    ...organization,
    name: given(orgName, organization.name),
    vision: given(orgVision, organization.vision),
  };
}

function toOrganization(data: AssetData<"organization">): Organization {
  const { architecture, process_rules: rules, bottleneck_thresholds: thresholds } = data;
  return {
    name: data.name,
    vision: data.vision,
    ethos: data.ethos,
    departments: data.departments,
    idesignThreshold: architecture.idesign_threshold,
    preferredStack: architecture.preferred_stack as JsonObject,
    idesign: {
      enabled: architecture.idesign.enabled,
      categories: architecture.idesign.categories,
      extensions: architecture.idesign.extensions,
      rootFiles: architecture.idesign.root_files,
    },
    process: {
      defaultLlm: rules.default_llm ?? null,
      requireVerification: rules.require_verification,
      bugFixInitialDays: rules.bug_fix_initial_days,
      bugFixMaxDays: rules.bug_fix_max_days,
      bugDiscoveryHighRate: rules.bug_discovery_high_rate,
      bugCriticalThreshold: rules.bug_critical_threshold,
      prReviewPolicy: toReviewPolicy(rules.pr_review_policy),
      openPullRequestsIn: rules.open_pull_requests_in ?? null,
      nodes: toNodes(rules),
    },
    thresholds: {
      blockedDurationHours: thresholds.blocked_duration_hours,
      reviewDurationHours: thresholds.review_duration_hours,
      wipLimitPerSeat: thresholds.wip_limit_per_seat,
      queueDepthPerSeat: thresholds.queue_depth_per_seat,
    },
    sandbox: { auto: data.sandbox.auto },
  };
}

type Rules = AssetData<"organization">["process_rules"];

/** Each key is optional; one that is not there is as the default has it. */
function toReviewPolicy(written: Rules["pr_review_policy"] = {}): ReviewPolicy {
  const defaults = DEFAULT_REVIEW_POLICY;
  return {
    maxCycles: written.max_cycles ?? defaults.maxCycles,
    escalationCycle: written.escalation_cycle ?? defaults.escalationCycle,
    escalationLogin: written.escalation_login ?? defaults.escalationLogin,
    requiredReviewers: written.required_reviewers ?? defaults.requiredReviewers,
    requiredApprovals: written.required_approvals ?? defaults.requiredApprovals,
    requiredStatuses: written.required_statuses ?? defaults.requiredStatuses,
    protectedPaths: written.protected_paths ?? defaults.protectedPaths,
    autoMerge: written.auto_merge ?? defaults.autoMerge,
    autoDeploy: written.auto_deploy ?? defaults.autoDeploy,
    labels: written.labels ?? defaults.labels,
  };
}

function toNodes(rules: Rules): Organization["process"]["nodes"] {
  const named = (key: keyof typeof NODE_ALIASES): string | undefined =>
    rules[key] ?? rules[NODE_ALIASES[key]];
  const nodes = {
    plan: named("plan"),
    route: named("route"),
    selectModel: named("select_model"),
    gate: named("gate"),
    evaluate: named("evaluate"),
  };
  return Object.fromEntries(Object.entries(nodes).filter(([, name]) => name !== undefined));
}
