// `npm run image`: fills a folder with exactly what goes into the image and builds it. `--base NAME` takes another base than
// the pinned one, `--tag NAME` another name, `--own-base` makes the base out of this machine's programs. Nothing is pushed.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Docker } from "./image-base.ts";
import { buildOwnBase } from "./image-base.ts";
import { readSbom } from "./sbom.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const BUILD_MS_MAX = 600_000;

type Manifest = { readonly version: string; readonly files: readonly string[] };
const readManifest = (): Manifest =>
  JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;

/** Asked as the image's HEALTHCHECK, with what the image has. */
const HEALTHCHECK = `fetch(\`http://127.0.0.1:\${process.env.ORKET_PORT ?? 8082}/health\`).then(
  ({ ok }) => process.exit(ok ? 0 : 1),
  () => process.exit(1),
);
`;

/** What the package has, compiled anew, beside the libraries that the lock file names and nothing of the developers. */
export function stageImage(to: string): void {
  const app = join(to, "app");
  for (const folder of ["app", "project", "state"])
    mkdirSync(join(to, folder), { recursive: true });
  run("npm", ["run", "--silent", "build:web"]);
  run("node_modules/.bin/tsc", ["-p", "tsconfig.build.json", "--outDir", join(app, "dist")]);
  const assets = readManifest().files.filter((name) => name !== "dist");
  for (const name of [...assets, "package.json", "LICENSE", "README.md", "CHANGELOG.md"])
    cpSync(join(ROOT, name), join(app, name), { recursive: true });
  for (const library of listLibraries())
    cpSync(join(ROOT, library), join(app, library), { recursive: true, filter: isRun });
  writeFileSync(join(app, "healthcheck.js"), HEALTHCHECK);
  writeFileSync(join(app, "sbom.json"), readSbom(ROOT));
}

/** What only developers read is left out: types, and maps to sources that are not there. */
const isRun = (path: string): boolean => !/\.(?:map|d\.[cm]?ts)$/.test(path);

/** Folders below the root; npm refuses when one is missing or another than the lock file says. */
function listLibraries(): readonly string[] {
  const flags = ["--omit=dev", "--all", "--parseable", "--workspaces=false", "--loglevel=error"];
  return run("npm", ["ls", ...flags])
    .trim()
    .split("\n")
    .map((path) => relative(ROOT, path))
    .filter((path) => path !== "")
    .toSorted();
}

const run = (command: string, args: readonly string[]): string =>
  execFileSync(command, args, { cwd: ROOT, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });

export type ImageRequest = {
  /** null takes the base that the Dockerfile names. */
  readonly base: string | null;
  readonly tag: string;
};

export function buildImage(docker: Docker, { base, tag }: ImageRequest): void {
  const folder = mkdtempSync(join(tmpdir(), "orket-image-"));
  try {
    stageImage(folder);
    const { version } = readManifest();
    const args = [`VERSION=${version}`, ...(base === null ? [] : [`BASE=${base}`])];
    const flags = ["--quiet", "--file", join(ROOT, "Dockerfile"), "--tag", tag];
    const offline = base === null ? [] : ["--network", "none"];
    const set = args.flatMap((arg) => ["--build-arg", arg]);
    docker("build", ...flags, ...offline, ...set, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const imageTag = (): string => `orket:${readManifest().version}`;

export const dockerWith =
  (env: Readonly<Record<string, string | undefined>>): Docker =>
  (...args) => {
    const done = spawnSync("docker", args, { encoding: "utf8", env, timeout: BUILD_MS_MAX });
    if (done.status !== 0)
      throw new Error(`docker ${args[0]}: ${done.error?.message ?? done.stderr.trim()}`);
    return done.stdout.trim();
  };

function main(): void {
  const { values } = parseArgs({
    options: {
      base: { type: "string" },
      tag: { type: "string", default: imageTag() },
      "own-base": { type: "boolean", default: false },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), "orket-base-"));
  const docker = dockerWith(process.env);
  try {
    const base = values["own-base"] ? buildOwnBase(docker, folder) : (values.base ?? null);
    buildImage(docker, { base, tag: values.tag });
    console.log(`Built ${values.tag} on ${base ?? "the pinned base"}.`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) main();
