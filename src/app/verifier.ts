// Executes what a card declares to prove it: each check by its kind, on a copy of what is committed. Nothing is stored here,
// and nothing an agent wrote runs outside of the box.
import type { Verification } from "../domain/assets.ts";
import type { Card } from "../domain/card.ts";
import { canonicalJson } from "../domain/json.ts";
import type { Refusal, Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Check, CheckResult, HttpCheck as HttpScenario } from "../domain/verification.ts";
import {
  checksOf,
  expectedText,
  failed,
  jsonEqual,
  notExecuted,
  passed,
} from "../domain/verification.ts";
import type { Containment } from "../ports/containment.ts";
import type { Fixtures, OpenFixtures } from "../ports/fixtures.ts";
import type { HttpCheck } from "../ports/http-check.ts";
import type { Ids } from "../ports/ids.ts";
import type { Patterns } from "../ports/pattern.ts";
import type { Workspace } from "../ports/workspace.ts";
import { executeContained } from "./contained-checks.ts";

export type Subject = {
  readonly card: Pick<Card, "build" | "id">;
  readonly verification: Verification;
  readonly workspace: Pick<Workspace, "digest" | "snapshot">;
};

export type Findings = {
  /** Of the committed state that was looked at. */
  readonly workspaceDigest: string;
  readonly fixtureDigest: string | null;
  /** Of the declaration and of all fixtures: with another one, what was found says nothing any more. */
  readonly basis: string;
  readonly results: readonly CheckResult[];
};

const LACK = { walls: "containment-unavailable", sandbox: "sandbox-unavailable" } as const;

/** The alerts of what a verification needs and a machine may lack. */
export const LACKS: ReadonlySet<string> = new Set(Object.values(LACK));

export type Lack = { readonly alert: string; readonly detail: string };

/** Where the sandbox of a build answers, or why there is none. It only looks, and brings nothing up. */
export type SandboxUrl = (build: string) => Promise<Result<string>>;

/**
 * Contract:
 * - `execute` refuses with VERIFICATION_PATH for a fixture that lies outside, and with INTERRUPTED when it was aborted;
 *   everything else is a result of the check it happened to.
 * - When `execute` answers, nothing that it started is left.
 */
export type Verifier = {
  readonly lacks: (subject: Subject) => Promise<Lack | null>;
  readonly basis: (subject: Subject) => Promise<Result<string>>;
  readonly execute: (subject: Subject, signal: AbortSignal) => Promise<Result<Findings>>;
};

export type VerifyLimits = {
  readonly timeoutMs: number;
  readonly cpuSec: number;
  readonly memoryMiB: number;
};

export type VerifierParts = {
  readonly containment: Containment;
  readonly fixtures: Fixtures;
  readonly httpCheck: HttpCheck;
  readonly patterns: Patterns;
  readonly sandboxUrl: SandboxUrl;
  readonly ids: Pick<Ids, "digest" | "random">;
  readonly limits: VerifyLimits;
};

const HTTP_TIMEOUT_MS = 10_000;

export function createVerifier(parts: VerifierParts): Verifier {
  const { containment, fixtures, ids, sandboxUrl } = parts;
  const basisOf = (verification: Verification, { digest }: OpenFixtures): string =>
    ids.digest(canonicalJson({ verification, fixtures: digest }));
  return {
    lacks: async ({ card, verification }) => {
      const kinds = new Set(checksOf(verification).map(({ kind }) => kind));
      if (kinds.has("function") || kinds.has("command")) {
        const report = await containment.probe();
        if (!report.available)
          return {
            alert: LACK.walls,
            detail: `Its verification cannot run: containment_unavailable: ${report.reason}. ${report.remedy}`,
          };
      }
      if (!kinds.has("http")) return null;
      const url = await sandboxUrl(card.build);
      return url.ok
        ? null
        : {
            alert: LACK.sandbox,
            detail: `Its verification cannot run: ${url.error.message}`,
          };
    },
    basis: async ({ verification }) => {
      const opened = await fixtures.open(verification.fixturePath);
      return opened.ok ? ok(basisOf(verification, opened.value)) : opened;
    },
    execute: async ({ card, verification, workspace }, signal) => {
      const opened = await fixtures.open(verification.fixturePath);
      if (!opened.ok) return opened;
      const snapshot = await workspace.snapshot();
      try {
        const results: CheckResult[] = [];
        const place = { dir: snapshot.dir, fixtures: opened.value, build: card.build };
        for (const check of checksOf(verification)) {
          const result = await execute(parts, { ...place, check }, signal);
          if (signal.aborted) return refuse("INTERRUPTED", "The verification was stopped.");
          results.push(result);
        }
        return ok({
          workspaceDigest: snapshot.digest,
          fixtureDigest: opened.value.fixture?.digest ?? null,
          basis: basisOf(verification, opened.value),
          results,
        });
      } finally {
        await snapshot.remove();
      }
    },
  };
}

type Place = {
  /** The copy of the workspace. */
  readonly dir: string;
  readonly fixtures: OpenFixtures;
  readonly build: string;
};

async function execute(
  parts: VerifierParts,
  { check, ...place }: Place & { readonly check: Check },
  signal: AbortSignal,
): Promise<CheckResult> {
  switch (check.kind) {
    case "unfit":
      return failed(check, { expected: "a scenario that can be executed", got: check.why });
    case "http":
      return askSandbox(parts, { ...place, check }, signal);
    case "function":
    case "command":
      return executeContained(parts, { ...place, check }, signal);
  }
}

async function askSandbox(
  { sandboxUrl, httpCheck }: VerifierParts,
  { build, check }: Place & { readonly check: HttpScenario },
  signal: AbortSignal,
): Promise<CheckResult> {
  const baseUrl = await sandboxUrl(build);
  if (!baseUrl.ok) return notExecuted(check, baseUrl.error.message);
  const { endpoint, method, payload } = check;
  const question = { baseUrl: baseUrl.value, endpoint, method, payload };
  const asked = await httpCheck.ask({ ...question, timeoutMs: HTTP_TIMEOUT_MS }, signal);
  const expected = `status ${check.expectedStatus}${check.expected === undefined ? "" : ` with ${expectedText(check.expected)}`}`;
  const fail = (got: string): CheckResult => failed(check, { expected, got });
  if (!asked.ok) return fail(refusalText(asked.error));
  const answer = asked.value;
  if (answer.kind === "failed") return fail(answer.why);
  const got = `status ${answer.status} with ${answer.text}`;
  if (answer.status !== check.expectedStatus) return fail(got);
  if (check.expected !== undefined && !jsonEqual(check.expected, answer.body)) return fail(got);
  return passed(check);
}

const refusalText = ({ message }: Refusal): string => `a refusal: ${message}`;
