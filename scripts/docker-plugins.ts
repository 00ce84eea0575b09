// Compose v2 and buildx for the tests' engine, where the machine has none: out of Debian's packages, by lists of our own,
// so that the machine's packages stay as they are. Fetched once into a cache that git ignores.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The first release of Debian that has Compose v2; its programs run on the one before. */
const SUITE = "trixie";
const PACKAGES = ["docker-compose", "docker-buildx"];
const DEBIAN_SUITE = /\b(?:bookworm|trixie|forky|sid|stable|testing)\b/;
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const CACHE = fileURLToPath(new URL("../node_modules/.cache/docker-plugins", import.meta.url));
const FETCH_MS_MAX = 180_000;

/** Gives the folder that holds the plugins, or throws with the reason why there is none. */
export function preparePlugins(): string {
  if (existsSync(join(CACHE, "docker-compose"))) return CACHE;
  mkdirSync(dirname(CACHE), { recursive: true });
  // Two test files may be here at once: each fetches for itself, and the first rename wins.
  const work = mkdtempSync(`${CACHE}-`);
  try {
    fetchPackages(work);
    renameSync(join(work, "plugins"), CACHE);
  } catch (error) {
    if (!existsSync(join(CACHE, "docker-compose"))) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return CACHE;
}

function fetchPackages(work: string): void {
  for (const folder of ["lists/partial", "cache/archives/partial", "plugins"])
    mkdirSync(join(work, folder), { recursive: true });
  const signed = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : "";
  writeFileSync(join(work, "sources.list"), `deb ${signed}${archiveUri()} ${SUITE} main\n`);
  const options = [
    `Dir::Etc::sourcelist=${work}/sources.list`,
    "Dir::Etc::sourceparts=/dev/null",
    `Dir::State::lists=${work}/lists`,
    `Dir::Cache=${work}/cache`,
    "APT::Sandbox::User=root",
  ].flatMap((option) => ["-o", option]);
  run("apt-get", [...options, "update"], work);
  run("apt-get", [...options, "download", ...PACKAGES.map((name) => `${name}/${SUITE}`)], work);
  for (const file of globSync("*.deb", { cwd: work }))
    run("dpkg", ["-x", file, join(work, "root")], work);
  const found = join(work, "root/usr/libexec/docker/cli-plugins");
  cpSync(found, join(work, "plugins"), { recursive: true });
  for (const name of globSync("*", { cwd: found })) chmodSync(join(work, "plugins", name), 0o755);
}

/** Where this machine itself gets Debian from. */
function archiveUri(): string {
  const texts = ["/etc/apt/sources.list", ...globSync("/etc/apt/sources.list.d/*")]
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, "utf8").replaceAll(/^\s*#.*\n/gm, ""));
  const entries = texts.flatMap((text) => [
    ...[...text.matchAll(/^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(.+)$/gm)].map(
      ([, uri = "", suites = ""]) => ({ uri, suites }),
    ),
    ...text.split(/\n\s*\n/).map((part) => ({
      uri: /^URIs:\s*(\S+)/m.exec(part)?.[1] ?? "",
      suites: /^Suites:\s*(.+)$/m.exec(part)?.[1] ?? "",
    })),
  ]);
  const main = entries.find(
    ({ uri, suites }) => uri !== "" && DEBIAN_SUITE.test(suites) && !suites.includes("-security"),
  );
  if (main === undefined) throw new Error("this machine has no package source of Debian");
  return main.uri;
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    timeout: FETCH_MS_MAX,
  });
  if (status !== 0)
    throw new Error(`${command} failed: ${error?.message ?? stderr.trim().slice(-500)}`);
}
