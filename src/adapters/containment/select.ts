// Which box there is on this machine: the one that was asked for, or the strictest that can be had. It is looked for when it
// is first needed, tried, and remembered; what fails its self-test is not there.
import { refuse } from "../../domain/result.ts";
import type { Result } from "../../domain/result.ts";
import type { Containment, ContainmentReport } from "../../ports/containment.ts";
import type { BubblewrapDeps } from "./bubblewrap.ts";
import { BOX_ID, openBubblewrap } from "./bubblewrap.ts";
import { createDockerBox, removeLeftBoxes, whyNoEngine } from "./docker.ts";
import type { Surroundings } from "./none.ts";
import { createHostContainment } from "./none.ts";
import { remedyFor } from "./remedies.ts";
import { selfTest } from "./self-test.ts";

export type ContainmentDeps = BubblewrapDeps & {
  readonly backend: "auto" | "bwrap" | "docker" | "srt" | "none";
  readonly platform: string;
  readonly scratchDir: string;
  /** For the backend docker: the image that commands run in; null = none was named. */
  readonly image?: string | null;
  readonly gid?: number;
  /** What the docker command may know of the environment. */
  readonly engineEnv?: Readonly<Record<string, string>>;
  /** What the backend none asks for; without it, it is refused. */
  readonly unsandboxed?: Omit<Surroundings, "path" | "uid">;
};

type Found = {
  readonly report: ContainmentReport;
  readonly run: Containment["run"];
};

export function createContainment(deps: ContainmentDeps): Containment {
  let found: Promise<Found> | null = null;
  const find = (): Promise<Found> => (found ??= findBox(deps));
  return {
    probe: async () => (await find()).report,
    run: async (command, signal) => (await find()).run(command, signal),
  };
}

async function findBox(deps: ContainmentDeps): Promise<Found> {
  if (deps.backend === "bwrap") return findBubblewrap(deps);
  if (deps.backend === "auto") {
    const found = await findBubblewrap(deps);
    // Without an image there is nothing to run in; what bubblewrap lacks is the nearer remedy then.
    if (found.report.available || (deps.image ?? null) === null) return found;
    const docker = await findDocker(deps);
    return docker.report.available ? docker : found;
  }
  if (deps.backend === "none") return findNone(deps);
  if (deps.backend === "docker") return findDocker(deps);
  return absent({
    reason: `the backend ${deps.backend} is not supported`,
    remedy: "Set ORKET_SANDBOX_BACKEND=auto, and install bubblewrap.",
  });
}

async function findNone({ unsandboxed, uid, searchPath }: ContainmentDeps): Promise<Found> {
  const around = unsandboxed ?? { word: null, environment: "local", serverHost: "127.0.0.1" };
  const host = createHostContainment({ ...around, uid, path: searchPath });
  return { report: await host.probe(), run: host.run };
}

async function findBubblewrap(deps: ContainmentDeps): Promise<Found> {
  if (deps.platform !== "linux")
    return absent({
      reason: `there is no box for ${deps.platform}`,
      remedy: "Run Orket on Linux, in a virtual machine for instance.",
    });
  const opened = openBubblewrap(deps);
  if (!opened.ok) return absent(opened.error.details as { reason: string; remedy: string });
  const { memory, run } = opened.value;
  const flaw = await tryBox(deps, run);
  if (flaw !== null)
    return absent({ reason: `bubblewrap failed its self-test: ${flaw}`, remedy: remedyFor(flaw) });
  const detail = "self-test passed";
  return { report: { available: true, backend: "bwrap", memory, detail }, run };
}

async function findDocker(deps: ContainmentDeps): Promise<Found> {
  const { image = null, engineEnv = { PATH: deps.searchPath }, gid = deps.uid } = deps;
  if (image === null)
    return absent({
      reason: "no image is named for the backend docker",
      remedy:
        "Set sandbox.image in orket.yaml to an image on this machine that has Node and what your commands need.",
    });
  const box = { ...deps, image, gid, env: engineEnv, boxId: BOX_ID };
  const missing = await whyNoEngine(box);
  if (missing !== null)
    return absent({
      reason: missing,
      remedy:
        "Start Docker, see that DOCKER_HOST names it, and pull or build the image: Orket pulls none.",
    });
  await removeLeftBoxes(box);
  const { run } = createDockerBox(box);
  const flaw = await tryBox(deps, run);
  if (flaw !== null)
    return absent({
      reason: `the container failed its self-test: ${flaw}`,
      remedy: "See that the image has Node, and that the engine knows seccomp and cgroups.",
    });
  const detail = `image ${image}, self-test passed`;
  return { report: { available: true, backend: "docker", memory: "engine", detail }, run };
}

async function tryBox(
  { scratchDir, unique }: ContainmentDeps,
  run: Containment["run"],
): Promise<string | null> {
  try {
    return await selfTest({ box: { run }, scratchDir, secret: unique() });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function absent({ reason, remedy }: { readonly reason: string; readonly remedy: string }): Found {
  const refused: Result<never> = refuse(
    "CONTAINMENT_UNAVAILABLE",
    `containment_unavailable: ${reason}. No command and no verification is executed without containment. ${remedy}`,
    { reason, remedy },
  );
  return { report: { available: false, reason, remedy }, run: async () => refused };
}
