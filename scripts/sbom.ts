// `npm run sbom`: what a release is made of, as CycloneDX by npm's own reading of the lock file. The same commit gives the same
// bytes: neither the folder's name, the hour nor a random number is in it.
import { execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

type Component = { readonly "bom-ref": string };
type Dependency = { readonly ref: string; readonly dependsOn: readonly string[] };
type Bom = {
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
  readonly metadata: { readonly tools?: unknown; readonly component: object };
  readonly serialNumber?: string;
};
type Manifest = { readonly name: string; readonly version: string };

export function readSbom(root: string): string {
  const {
    serialNumber: _chance,
    metadata,
    ...bom
  } = JSON.parse(npm(root, "sbom", "--sbom-format=cyclonedx")) as Bom;
  const { name, version } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  ) as Manifest;
  const shipped = shippedParts(root);
  const component = { ...metadata.component, type: "application", name, version };
  const fixed = {
    ...bom,
    components: bom.components.filter((part) => shipped.has(part["bom-ref"])),
    dependencies: bom.dependencies
      .filter(({ ref }) => shipped.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((on) => shipped.has(on)) })),
    metadata: { tools: metadata.tools, component },
  };
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(fixed))}`;
  return `${JSON.stringify({ ...fixed, serialNumber }, null, 2)}\n`;
}

/** `name@version` of each. Not by `npm sbom --omit=dev`, which also leaves out what both sides use. */
const shippedParts = (root: string): ReadonlySet<string> =>
  new Set(
    npm(root, "ls", "--omit=dev", "--all", "--parseable", "--long")
      .trim()
      .split("\n")
      .map((line) => line.split(":")[1] ?? ""),
  );

const npm = (root: string, ...args: readonly string[]): string =>
  execFileSync("npm", [...args, "--workspaces=false", "--loglevel=error"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });

/** A number that says what it numbers (RFC 9562, version 8). */
const uuidOf = (text: string): string => {
  const hex = hash("sha256", text);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

function main(): void {
  const path = resolve(process.argv[2] ?? "release/sbom.json");
  mkdirSync(dirname(path), { recursive: true });
  const text = readSbom(process.cwd());
  writeFileSync(path, text);
  const { components } = JSON.parse(text) as Bom;
  console.log(`Wrote ${path}: ${components.length} components.`);
}

if (import.meta.main) main();
