// Compose itself reads what is rendered, for each of the stacks; that needs its program and no engine. What it understood is
// compared with what was meant: nothing interpolated, nothing bound elsewhere, no file of the host.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { chooseStack } from "../../src/domain/own-stack.ts";
import { renderStack } from "../../src/domain/render-stack.ts";
import { portBlock } from "../../src/domain/sandbox-ports.ts";
import { STACKS } from "../../src/domain/stacks/templates.ts";
import type { Stack } from "../../src/domain/stack.ts";
import { tempFolder } from "../support/temp-folder.ts";

const PLACES = [
  fileURLToPath(new URL("../../node_modules/.cache/docker-plugins", import.meta.url)),
  ...["/usr/libexec", "/usr/lib", "/usr/local/lib"].map((place) => `${place}/docker/cli-plugins`),
];
const PROGRAM = PLACES.map((place) => join(place, "docker-compose")).find((path) =>
  existsSync(path),
);
// In CI its absence is a failure: the tests then fail because there is no program.
const skip =
  PROGRAM === undefined && process.env["CI"] === undefined
    ? `Compose v2 is in none of ${PLACES.join(", ")}: NOTHING is known about what it makes of the stacks`
    : false;

const NASTY = "${HOME} $HOME $$ \"q\" 'e' \\n # : &a *b << %x !!binary é ☃ 😀 ~ no 0o7";
const own = chooseStack([
  {
    services: {
      web: {
        image: "acme/web:1.2.3",
        command: ["echo", NASTY],
        environment: { A: "no", B: NASTY },
        ports: { frontend: 80 },
        volumes: { "/data": "data" },
        sources: { "/srv": "." },
        tmpfs: { "/run": 3 },
        health: { argv: ["true"] },
      },
      worker: { build: { context: "site", dockerfile: "Dockerfile" }, after: ["web"] },
    },
  },
]);
assert.ok(own.ok);

type Understood = {
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

for (const stack of [...Object.values(STACKS), own.value]) {
  test(
    `compose understands ${stack.name ?? "a stack of a project's own"}`,
    { skip },
    async (context) => {
      const dir = await tempFolder(context);
      const { stdout, status, stderr } = read(stack, dir, { args: ["--format", "json"] });
      assert.equal(status, 0, stderr);
      assert.equal(stderr, "");
      const understood = parse(stdout) as Understood;
      assert.deepEqual(Object.keys(understood.services).sort(), Object.keys(stack.services).sort());
      for (const [name, service] of Object.entries(understood.services)) {
        assert.equal(service["read_only"], true, name);
        assert.equal(service["mem_limit"], service["memswap_limit"], name);
        for (const port of (service["ports"] as { host_ip?: string }[] | undefined) ?? [])
          assert.equal(port.host_ip, "127.0.0.1");
        for (const mount of (service["volumes"] as { type: string; source: string }[]) ?? [])
          if (mount.type === "bind") assert.ok(mount.source.startsWith(`${dir}/sources`));
        const build = service["build"] as { context: string; dockerfile: string } | undefined;
        if (build === undefined) continue;
        assert.ok(build.context.startsWith(`${dir}/sources`));
        if (stack.name !== null) assert.ok(existsSync(join(build.context, build.dockerfile)), name);
      }
    },
  );
}

test(
  "compose puts nothing of its environment into what a project said",
  { skip },
  async (context) => {
    const dir = await tempFolder(context);
    const { stdout } = read(own.value, dir, { args: ["--format", "json"] });
    const { web } = (parse(stdout) as Understood).services;
    // What it prints is a compose file again, in which a dollar is two.
    const doubled = NASTY.replaceAll("$", "$$$$");
    assert.deepEqual(web?.["command"], ["echo", doubled]);
    assert.deepEqual(web?.["environment"], { A: "no", B: doubled });
  },
);

test("the check sees a file that compose refuses", { skip }, async (context) => {
  const dir = await tempFolder(context);
  assert.equal(read(own.value, dir, { args: ["--quiet"] }).status, 0);
  const spoil = (text: string): string => text.replace('"services"', '"servers"');
  assert.notEqual(read(own.value, dir, { args: ["--quiet"], spoil }).status, 0);
});

type Reading = {
  readonly args: readonly string[];
  readonly spoil?: (text: string) => string;
};

function read(stack: Stack, dir: string, { args, spoil = (text) => text }: Reading) {
  const plan = renderStack(stack, { id: "sandbox-shop", block: portBlock(3) });
  for (const [path, text] of Object.entries(plan.files)) {
    mkdirSync(dirname(join(dir, "files", path)), { recursive: true });
    writeFileSync(join(dir, "files", path), text);
  }
  mkdirSync(join(dir, "sources", "site"), { recursive: true });
  mkdirSync(join(dir, "secrets"), { recursive: true });
  for (const name of plan.secretNames) writeFileSync(join(dir, "secrets", name), "x");
  assert.ok(readdirSync(dir).length > 0);
  const command = [
    "--project-directory",
    dir,
    "--env-file",
    "/dev/null",
    "-f",
    "-",
    "config",
    ...args,
  ];
  const env = { HOME: "/nowhere", X: "interpolated" };
  return spawnSync(PROGRAM ?? "docker-compose", command, {
    input: spoil(plan.compose),
    env,
    encoding: "utf8",
  });
}
