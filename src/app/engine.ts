// What the engine is made of. A use case takes the part of it that it uses; main.ts puts it together once.
import type { Nodes } from "../domain/decision.ts";
import type { Event } from "../domain/events.ts";
import type { AssetEdits } from "../ports/asset-edits.ts";
import type { Redactor } from "../domain/redact.ts";
import type { Assets } from "../ports/assets.ts";
import type { Clock } from "../ports/clock.ts";
import type { Containment } from "../ports/containment.ts";
import type { Ids } from "../ports/ids.ts";
import type { BuildLogs, Log } from "../ports/log.ts";
import type { Model } from "../ports/model.ts";
import type { SandboxEngine } from "../ports/sandbox.ts";
import type { SourceParser } from "../ports/source.ts";
import type { StateFiles } from "../ports/state-files.ts";
import type { Store } from "../ports/store.ts";
import type { Workspaces } from "../ports/workspace.ts";
import type { EngineSettings } from "./settings.ts";
import type { Verifier } from "./verifier.ts";

/** The nodes in force, and those that run beside them in shadow; a shadow's answer is recorded and never used. */
export type ActiveNodes = {
  readonly nodes: Nodes;
  readonly names: Readonly<Record<keyof Nodes, string>>;
  readonly shadows: Readonly<
    Partial<{ [Seam in keyof Nodes]: { readonly name: string; readonly node: Nodes[Seam] } }>
  >;
};

export type Engine = {
  readonly store: Store;
  readonly workspaces: Workspaces;
  readonly assets: Assets;
  readonly assetEdits: AssetEdits;
  readonly model: Model;
  readonly containment: Containment;
  readonly verifier: Verifier;
  readonly sandbox: SandboxEngine;
  readonly source: SourceParser;
  readonly stateFiles: StateFiles;
  readonly nodes: ActiveNodes;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Takes secrets out of what leaves the engine by other ways than the store and the log. */
  readonly redact: Redactor;
  readonly buildLogs: BuildLogs;
  readonly settings: EngineSettings;
  readonly watcher: Watcher;
};

/** Who looks on while a run goes: told after the commit, never asked, and unable to hold anything up. */
export type Watcher = {
  readonly onEvents: (events: readonly Event[]) => void;
  readonly onText: (turn: { readonly card: string; readonly seat: string }, text: string) => void;
};

export const SILENT_WATCHER: Watcher = { onEvents: () => {}, onText: () => {} };
