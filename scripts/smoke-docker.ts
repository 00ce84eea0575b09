// `npm run smoke:docker`: builds the image, runs it, and says of each check whether it holds. On the machine's container engine
// the base is the pinned one; without an engine, root starts one of its own, where nothing can be pulled and the base is made out
// of this machine's programs. `--own-engine` asks for that, `--image NAME` checks an image that is there.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startEngine, stopEngine } from "./docker-engine.ts";
import type { Docker } from "./image-base.ts";
import { buildOwnBase } from "./image-base.ts";
import { buildImage, dockerWith, imageTag } from "./image.ts";
import { checkImage } from "./image-checks.ts";
import { areGreen, runSteps } from "./steps.ts";

const ENGINE_MS_MAX = 20_000;

const { values } = parseArgs({
  options: { image: { type: "string" }, "own-engine": { type: "boolean", default: false } },
});

const hasEngine = (): boolean =>
  spawnSync("docker", ["info"], { timeout: ENGINE_MS_MAX, stdio: "ignore" }).status === 0;

/** The image's name is null until it is built. */
async function smoke(docker: Docker, makeBase: () => string | null): Promise<void> {
  const built = values.image ?? imageTag();
  const build = {
    name: `build ${built}`,
    run: () => {
      if (values.image === undefined) buildImage(docker, { base: makeBase(), tag: built });
      return null;
    },
  };
  const [end] = await runSteps([build], { say: console.log });
  if (end?.outcome !== "passed") {
    process.exitCode = 1;
    return;
  }
  const verdicts = await checkImage(docker, built);
  const asked = verdicts.map(({ name, fault }) => ({
    name,
    run: () => {
      if (fault !== null) throw new Error(fault);
      return null;
    },
  }));
  process.exitCode = areGreen(await runSteps(asked, { say: console.log })) ? 0 : 1;
}

async function smokeOnOwnEngine(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "orket-docker-"));
  try {
    const env = await startEngine(folder, {
      path: process.env["PATH"] ?? "",
      endsWithParent: true,
    });
    const docker = dockerWith(env);
    console.log("An engine of its own; the base is made out of this machine's programs.");
    await smoke(docker, () => buildOwnBase(docker, folder));
  } finally {
    await stopEngine(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

if (!values["own-engine"] && hasEngine()) {
  console.log("The machine's container engine; the base is the one that the Dockerfile names.");
  await smoke(dockerWith(process.env), () => null);
} else await smokeOnOwnEngine();
