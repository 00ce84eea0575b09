// What the command line asks of the composition root: a project opened on real parts. The CLI knows no adapter.
import type { ImportReport } from "../app/import-project.ts";
import type { OffersDone } from "../app/offers/keep-offers.ts";
import type { Offered, OfferRequest } from "../app/offers/offer-run.ts";
import type { Reconciled } from "../app/pull-requests/reconcile.ts";
import type { BackupReport } from "../app/backup/back-up.ts";
import type { RestoreReport } from "../app/backup/restore.ts";
import type { SmokeResult } from "../app/smoke.ts";
import type { SetupReport, SetupRequest } from "../app/forge-setup.ts";
import type { Engine, Watcher } from "../app/engine.ts";
import type { CleanupReport, CleanupRequest } from "../app/publish/cleanup.ts";
import type { PublishReport, PublishRequest } from "../app/publish/publish.ts";
import type { Received } from "../app/receive-delivery.ts";
import type { Difference } from "../domain/recording.ts";
import type { Result } from "../domain/result.ts";

export type ProjectRequest = {
  readonly project: string | null;
  /** Settings given as flags, by key. */
  readonly flags: Readonly<Record<string, unknown>>;
};

export type SettingView = {
  readonly key: string;
  readonly env: string | null;
  readonly value: unknown;
  readonly origin: string;
  readonly meaning: string;
};

export type Project = {
  readonly dir: string;
  readonly stateDir: string;
  readonly settings: readonly SettingView[];
  readonly engine: Engine;
  /** Writes the run's recording into a new folder; gives how many events it has. */
  readonly exportRun: (run: string, dir: string) => Promise<Result<{ readonly events: number }>>;
  /** Plays the recording in the folder with the project as it is now. */
  readonly replay: (
    dir: string,
  ) => Promise<Result<{ readonly events: number; readonly difference: Difference | null }>>;
  /** Opens the API on the address of the settings. */
  readonly serve: () => Promise<Result<Serving>>;
  /** Takes in the delivery that lies in a file; null when there is no such file. */
  readonly replayFile: (file: string, person: string) => Promise<Result<Received> | null>;
  /** Looks at a repository of the forge, and sets it up where that is wanted. */
  readonly reconcile: (signal: AbortSignal) => Promise<Result<Reconciled>>;
  readonly offers: Offers;
  /** Takes over what lies in the folder of an older project. */
  readonly importFrom: (request: ImportRequest) => Promise<Result<ImportReport>>;
  readonly setUpForge: (request: SetupRequest) => Promise<Result<SetupReport>>;
  /** Shows what would go to which repository of the forge, and does it where that is wanted. */
  readonly publish: (request: PublishRequest, by: PublishedBy) => Promise<Result<PublishReport>>;
  readonly cleanUpProducts: (
    request: CleanupRequest,
    by: PublishedBy,
  ) => Promise<Result<CleanupReport>>;
  readonly close: () => Promise<void>;
};

/** What is finished here becomes a pull request there. */
export type Offers = {
  /** The repository of that name; without one the only one of the settings, or that of the organization. */
  readonly choose: (fullName: string | null) => Promise<Result<OfferRequest["repository"]>>;
  readonly offer: (
    request: OfferRequest,
    signal: AbortSignal,
  ) => Promise<Result<readonly Offered[]>>;
  /** What the organization has opened by itself, and is not yet. */
  readonly offerDue: (signal: AbortSignal) => Promise<OffersDone>;
};

export type ImportRequest = {
  readonly source: string;
  /** Relative to the source. */
  readonly database: string | null;
  readonly executes: boolean;
  readonly person: string;
};

export type PublishedBy = { readonly person: string; readonly signal: AbortSignal };

export type ServeReport = {
  readonly addresses: readonly { readonly name: string; readonly url: string }[];
  readonly keys: "key" | "open" | "closed";
  readonly warnings: readonly string[];
  /** Runs whose process was lost before this one started. */
  readonly lostRuns: readonly string[];
};

/** `stop`: no new call, runs paused, streams and calls ended; bounded in time. False when a run could not be paused by then. */
export type Serving = { readonly report: ServeReport; readonly stop: () => Promise<boolean> };

export type Check = {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  readonly fix: string | null;
  /** Worth a look, and nothing that stops anything. */
  readonly isWarning?: true;
};

export type Workbench = {
  readonly version: string;
  readonly openProject: (request: ProjectRequest, watcher: Watcher) => Promise<Result<Project>>;
  /** Refuses unknown variables with the name of this product. */
  readonly checkVariables: () => Promise<Result<null>>;
  readonly showSettings: (request: ProjectRequest) => Promise<Result<readonly SettingView[]>>;
  readonly initProject: (
    dir: string,
  ) => Promise<Result<{ readonly written: readonly string[]; readonly kept: readonly string[] }>>;
  readonly isEmptyDir: (dir: string) => Promise<boolean>;
  /** Copies the shipped sample project into `dir`, or a new temporary folder; gives the folder. */
  readonly copyDemo: (dir: string | null) => Promise<Result<string>>;
  /** Runs the tests of what the demo's script built; only its own text gets here. Gives the summary line, null when they failed. */
  readonly testDemo: (
    workspaceDir: string,
  ) => Promise<{ readonly passed: boolean; readonly summary: string }>;
  readonly schemaOf: (kind: string) => Promise<Result<unknown>>;
  /** The canary's checks, against the server at the address or one started for them. */
  readonly smoke: (request: {
    readonly url: string | null;
    readonly webhookUrl: string | null;
    readonly signal: AbortSignal;
  }) => Promise<Result<{ readonly passed: boolean; readonly checks: readonly SmokeResult[] }>>;
  /** Saves the state into a new folder, whatever works on it meanwhile. */
  readonly backUp: (
    request: ProjectRequest,
    target: string,
    signal: AbortSignal,
  ) => Promise<Result<BackupReport>>;
  /** Puts a saved state into the empty one of the project. */
  readonly restore: (
    request: ProjectRequest,
    source: string,
    signal: AbortSignal,
  ) => Promise<Result<RestoreReport>>;
  readonly isOwnerGone: (owner: string) => boolean;
  readonly diagnose: (request: ProjectRequest) => Promise<readonly Check[]>;
  readonly person: string;
};
