// The peers are no dependency of the product: they are installed here, by the lock file here, the first time they are needed.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const HERE = new URL("./", import.meta.url);

type Manifest = {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
};

const manifestAt = (path: string): Manifest =>
  JSON.parse(readFileSync(new URL(path, HERE), "utf8")) as Manifest;

const isInstalled = ([name, version]: readonly [string, string]): boolean => {
  const path = `node_modules/${name}/package.json`;
  return existsSync(new URL(path, HERE)) && manifestAt(path).version === version;
};

/** No install scripts: each native part comes in its package, so nothing is built and nothing is fetched past the lock. */
export function installPeers(): void {
  if (Object.entries(manifestAt("package.json").dependencies ?? {}).every(isInstalled)) return;
  console.error("The peers are not installed yet: npm ci in bench/peers");
  const dir = fileURLToPath(HERE);
  const done = spawnSync("npm", ["ci", "--ignore-scripts", "--prefix", dir], {
    cwd: dir,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (done.status !== 0) console.error("npm ci failed; what is missing shows as failed below.");
}
