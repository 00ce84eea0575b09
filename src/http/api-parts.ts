// What the routes are made of: the engine, and what a server has besides it. A route takes the part of it that it uses.
import type { Engine } from "../app/engine.ts";
import type { Files } from "../app/project-files.ts";
import type { EventFeed } from "../app/event-feed.ts";
import type { RunTasks } from "../app/run-tasks.ts";
import type { PostureCheck } from "../domain/posture.ts";
import type { SettingShown } from "./api-project.ts";
import type { Audit } from "./audit.ts";
import type { Auth } from "./auth.ts";
import type { MachineLoad } from "./machine.ts";
import type { Streams } from "./streams.ts";

export type Api = {
  readonly engine: Engine;
  readonly tasks: RunTasks;
  readonly auth: Auth;
  readonly audit: Audit;
  readonly streams: Streams;
  readonly feed: EventFeed;
  readonly projectFiles: Files["projectFiles"];
  /** How safely the server is set up, as it is now. */
  readonly posture: () => Promise<readonly PostureCheck[]>;
  /** What the server was started with; of secrets only whether they are set. */
  readonly settings: readonly SettingShown[];
  readonly version: string;
  /** The name that /health tells everybody. */
  readonly organization: string;
  /** Whether the forge can deliver here. */
  readonly receivesDeliveries: boolean;
  readonly machineLoad: () => MachineLoad;
  /** Whether the process that a lease names is gone; asked on this machine only. */
  readonly isOwnerGone: (owner: string) => boolean;
};
