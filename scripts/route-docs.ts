// Writes the table of routes in docs/http-api.md out of the description that a server gives of itself. A test compares the page
// with what this makes.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PAGE = new URL("../docs/http-api.md", import.meta.url);
const ORKET = fileURLToPath(new URL("../bin/orket", import.meta.url));
const BEGIN = "<!-- routes, made by npm run docs:build -->";
const END = "<!-- end of routes -->";

type Described = {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly summary: string; readonly "x-scope": string }>>
    >
  >;
};

const cell = (text: string): string => text.replaceAll("|", "\\|");

/** The page with the table of these routes in its place; `api` is what `/openapi.json` answers. */
export function withRoutes(page: string, api: unknown): string {
  const rows = Object.entries((api as Described).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, one]) =>
        `| ${method.toUpperCase()} | \`${path}\` | ${one["x-scope"]} | ${cell(one.summary)} |`,
    ),
  );
  const table = ["| method | path | needs | about |", "|---|---|---|---|", ...rows].join("\n");
  const [before, rest] = page.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined)
    throw new Error("docs/http-api.md has no place for the routes.");
  return `${before}${BEGIN}\n${table}\n${END}${after}`;
}

/** What a server of an empty project says of itself. */
async function describe(): Promise<unknown> {
  const dir = mkdtempSync(join(tmpdir(), "orket-docs-"));
  const key = "a-key-for-the-documents";
  const run = (args: readonly string[]) =>
    spawn(process.execPath, [ORKET, ...args], {
      cwd: dir,
      env: { PATH: process.env["PATH"] ?? "", HOME: dir, ORKET_API_KEY: key },
      stdio: ["ignore", "pipe", "ignore"],
    });
  try {
    await new Promise((resolve) => run(["init", "--yes"]).once("exit", resolve).stdout.resume());
    const server = run(["serve", "--port", "0", "--json"]);
    const ended = new Promise((resolve) => server.once("exit", resolve));
    const said = await new Promise<string>((resolve, reject) => {
      server.stdout.once("data", (text: Buffer) => resolve(text.toString()));
      server.once("exit", () => reject(new Error("The server did not start.")));
    });
    const { addresses } = JSON.parse(said) as {
      readonly addresses: readonly { readonly url: string }[];
    };
    const answer = await fetch(`${addresses[0]?.url}/openapi.json`, {
      headers: { "x-api-key": key },
    });
    server.kill("SIGTERM");
    await ended;
    return await answer.json();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(PAGE, withRoutes(readFileSync(PAGE, "utf8"), await describe()));
