// What an image of Orket must show in a running container, whoever built it and wherever it runs: each check has a name and either
// holds or says why not. The questions are asked inside of the container, so that it needs no published port.
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Docker } from "./image-base.ts";

export type ImageVerdict = { readonly name: string; readonly fault: string | null };

type Scene = {
  readonly docker: Docker;
  readonly image: string;
  readonly name: string;
  /** How every container here is run: as the runbook says. */
  readonly walls: readonly string[];
  readonly key: string;
};

type ImageCheck = {
  readonly name: string;
  /** Throws what does not hold. */
  readonly run: (scene: Scene) => void | Promise<void>;
};

const HEALTH_MS_MAX = 60_000;
const HEALTH_TRIES = 120;
const PROTECTED = ["/opt/orket/bin/orket", "/opt/orket/more", "/etc/more", "/more", "/usr/more"];

const inside = ({ docker, name }: Scene, ...argv: readonly string[]): string =>
  docker("exec", name, ...argv);

const evaluate = (scene: Scene, program: string): unknown =>
  JSON.parse(inside(scene, "node", "--input-type=module", "--eval", program));

function hold(isSo: boolean, fault: string): void {
  if (!isSo) throw new Error(fault);
}

type Answer = { readonly status: number; readonly text: string };

const ask = (scene: Scene, path: string, headers: Readonly<Record<string, string>> = {}): Answer =>
  evaluate(
    scene,
    `const answer = await fetch("http://127.0.0.1:8082${path}", { headers: ${JSON.stringify(headers)} }).then(
       async (found) => ({ status: found.status, text: await found.text() }),
       (error) => ({ status: 0, text: String(error.cause?.code ?? error) }));
     console.log(JSON.stringify(answer));`,
  ) as Answer;

async function untilHealthy(scene: Scene): Promise<void> {
  let last = "";
  for (let tried = 0; tried < HEALTH_TRIES; tried += 1) {
    const state = scene.docker("inspect", "--format", "{{json .State}}", scene.name);
    const found = JSON.parse(state) as {
      readonly Running: boolean;
      readonly Health?: { readonly Status: string };
    };
    if (found.Health?.Status === "healthy") return;
    hold(found.Running, `it ended: ${scene.docker("logs", scene.name)}`);
    last = found.Health?.Status ?? "without a health check";
    await pause(HEALTH_MS_MAX / HEALTH_TRIES);
  }
  throw new Error(`after ${HEALTH_MS_MAX / 1000} s it is ${last}`);
}

function start(scene: Scene): void {
  const { docker, image, name, walls, key } = scene;
  const flags = ["--detach", "--name", name, "--health-interval", "1s"];
  docker("run", ...flags, ...walls, "--env", `ORKET_API_KEY=${key}`, image);
}

const CHECKS: readonly ImageCheck[] = [
  {
    name: "it starts a project in an empty volume",
    run: ({ docker, image, walls }) => {
      docker("run", "--rm", ...walls, image, "init", "--yes");
    },
  },
  {
    name: "it answers /health within 60 s, and its health check agrees",
    run: async (scene) => {
      start(scene);
      await untilHealthy(scene);
      const { status, text } = ask(scene, "/health");
      hold(status === 200 && text.includes('"status":"ok"'), `${status} ${text}`);
    },
  },
  {
    name: "it refuses /v1 without a key and with a wrong one, and answers with the right one",
    run: (scene) => {
      const found = [{}, { "x-api-key": `${scene.key}0` }, { "x-api-key": scene.key }].map(
        (headers) => ask(scene, "/v1/version", headers).status,
      );
      hold(found.join() === "403,403,200", `answers ${found.join()} instead of 403,403,200`);
    },
  },
  {
    name: "it is not root, has no capability and can gain none",
    run: (scene) => {
      const status = inside(scene, "node", "--print", `fs.readFileSync("/proc/1/status", "utf8")`);
      const read = (field: string): string =>
        new RegExp(`^${field}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
      const users = read("Uid").split(/\s+/);
      hold(users.length === 4 && !users.includes("0"), `its users are ${users.join()}`);
      hold(!read("Gid").split(/\s+/).includes("0"), `its groups are ${read("Gid")}`);
      for (const field of ["CapEff", "CapPrm", "CapBnd"])
        hold(/^0+$/.test(read(field)), `${field} is ${read(field)}`);
      hold(read("NoNewPrivs") === "1", "it can gain privileges");
    },
  },
  {
    name: "its root is read-only, and the program is not its own",
    run: (scene) => {
      const found = evaluate(
        scene,
        `import { appendFileSync, statSync } from "node:fs";
         const paths = ${JSON.stringify(PROTECTED)};
         const codes = paths.map((path) => { try { appendFileSync(path, ""); return "written"; } catch (error) { return error.code; } });
         console.log(JSON.stringify([...codes, statSync("/opt/orket/dist/main.js").uid]));`,
      ) as readonly (string | number)[];
      hold(found.join() === "EACCES,EROFS,EROFS,EROFS,EROFS,0", found.join());
    },
  },
  {
    name: "it runs the demo",
    run: (scene) => {
      const out = inside(scene, "orket", "demo");
      hold(/tests passed/.test(out), out.slice(-500));
    },
  },
  {
    name: "it says what it is made of, and holds no secret",
    run: (scene) => {
      const { docker, image, key } = scene;
      const history = docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image);
      const config = docker("inspect", "--format", "{{json .Config}}", image);
      hold(!`${history}${config}`.includes(key), "a key stands in its layers");
      const secrets = /\b(?:ORKET_API_KEY|GITEA_TOKEN|GITEA_WEBHOOK_SECRET|[A-Z]+_API_KEY)=/;
      hold(!secrets.test(config), "a secret has a default");
      const bom = inside(scene, "node", "--print", `require("/opt/orket/sbom.json").bomFormat`);
      hold(bom === "CycloneDX", `its list of parts is ${bom}`);
    },
  },
  {
    name: "what it acknowledged survives a restart and a new container on its volume",
    run: async (scene) => {
      const { docker, name } = scene;
      const named = (): boolean => inside(scene, "orket", "keys", "list").includes("survivor");
      inside(scene, "orket", "keys", "add", "survivor", "--scope", "read");
      docker("restart", name);
      await untilHealthy(scene);
      hold(named(), "the key is gone after a restart");
      docker("rm", "--force", name);
      start(scene);
      await untilHealthy(scene);
      hold(named(), "the key is gone in a new container");
      inside(scene, "orket", "events", "verify");
    },
  },
  {
    name: "it stops by itself when it is asked to",
    run: ({ docker, name }) => {
      docker("stop", "--time", "20", name);
      const code = docker("inspect", "--format", "{{.State.ExitCode}}", name);
      hold(code === "0", `it ended with ${code}`);
    },
  },
];

export const IMAGE_CHECKS: readonly string[] = CHECKS.map(({ name }) => name);

/** Every check is made, also after one that fails. What was started here is gone afterwards. */
export async function checkImage(docker: Docker, image: string): Promise<readonly ImageVerdict[]> {
  const name = `orket-smoke-${randomBytes(6).toString("hex")}`;
  const volumes = [`${name}-project`, `${name}-state`] as const;
  const walls =
    `--read-only --tmpfs /tmp:mode=1777 --cap-drop ALL --security-opt no-new-privileges --pids-limit 256 --memory 1g --volume ${volumes[0]}:/project --volume ${volumes[1]}:/state`.split(
      " ",
    );
  const scene = { docker, image, name, walls, key: randomBytes(24).toString("hex") };
  const verdicts: ImageVerdict[] = [];
  try {
    for (const check of CHECKS)
      verdicts.push({ name: check.name, fault: await tryOne(check, scene) });
  } finally {
    docker("rm", "--force", name);
    docker("volume", "rm", "--force", ...volumes);
  }
  return verdicts;
}

async function tryOne(check: ImageCheck, scene: Scene): Promise<string | null> {
  try {
    await check.run(scene);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
