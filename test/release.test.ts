// What a release is run from: the files for a team's machine fit the product, and the smoke says truly what was done.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { readSbom } from "../scripts/sbom.ts";
import { readSkips, RELEASE_STEPS } from "../scripts/release-smoke.ts";
import type { Step } from "../scripts/steps.ts";
import { areGreen, runSteps } from "../scripts/steps.ts";
import { EXIT } from "../src/cli/exit-codes.ts";
import { unknownVariables } from "../src/config.ts";
import { useDockerEngine } from "./support/docker-engine.ts";
import { tempFolder } from "./support/temp-folder.ts";

const engine = await useDockerEngine();

type Service = {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly privileged?: boolean;
  readonly profiles?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
};
const COMPOSE = readFileSync("compose.yaml", "utf8");
const UNIT = readFileSync("deploy/orket.service", "utf8");
const { services } = parse(COMPOSE) as { readonly services: Readonly<Record<string, Service>> };
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const REQUIRED = ["GITEA_ROOT_URL", "ORKET_API_KEY", "GITEA_TOKEN", "GITEA_WEBHOOK_SECRET"];

test("R-76 the team's file has no default for a secret, exact versions, and no door to other machines", () => {
  for (const name of REQUIRED) assert.match(COMPOSE, new RegExp(`\\$\\{${name}:\\?`), name);
  for (const [name, { image, ports = [], privileged, profiles }] of Object.entries(services)) {
    assert.match(image.replace("${ORKET_IMAGE:-", ""), /:\d+\.\d+/, `${name} has an exact version`);
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, name);
    if (privileged === true) assert.deepEqual(profiles, ["runner"], `${name} only by its profile`);
  }
  const { orket } = services;
  assert.equal(orket?.image, `\${ORKET_IMAGE:-orket:${version}}`);
  assert.deepEqual([orket.read_only, orket.cap_drop], [true, ["ALL"]]);
});

test("the team's file and the unit set only what the product knows", () => {
  assert.deepEqual(unknownVariables(services["orket"]?.environment ?? {}, "compose.yaml"), []);
  const env = Object.fromEntries(
    [...UNIT.matchAll(/^Environment=([^=]+)=(.*)$/gm)].map(([, name, value]) => [
      name,
      value ?? "",
    ]),
  );
  assert.deepEqual(Object.keys(env), ["ORKET_ENV"]);
  assert.deepEqual(unknownVariables(env, "orket.service"), []);
});

test(
  "compose takes the file with the secrets, and refuses it without",
  { skip: engine.skip },
  () => {
    const compose = (more: Readonly<Record<string, string>>) =>
      spawnSync("docker", ["compose", "--file", "compose.yaml", "config", "--quiet"], {
        env: { ...engine.env, ...more },
        encoding: "utf8",
      });
    const all = Object.fromEntries(REQUIRED.map((name) => [name, "x".repeat(40)]));
    const taken = compose(all);
    assert.equal(taken.status, 0, taken.stderr);
    for (const name of REQUIRED) {
      const { [name]: _left, ...others } = all;
      const refused = compose(others);
      assert.notEqual(refused.status, 0, name);
      assert.match(refused.stderr, new RegExp(name));
    }
  },
);

test("the unit is one that systemd takes, and does not start again what cannot start", async (context) => {
  const path = join(await tempFolder(context), "orket.service");
  writeFileSync(path, UNIT.replace(/^ExecStart=\S+/m, "ExecStart=/bin/true"));
  const { status, stderr } = spawnSync("systemd-analyze", ["verify", path], { encoding: "utf8" });
  assert.deepEqual([status, stderr.includes("orket.service:")], [0, false], stderr);
  assert.match(
    UNIT,
    new RegExp(`^RestartPreventExitStatus=${EXIT.usage} ${EXIT.configuration}$`, "m"),
  );
});

const step = (name: string, run: Step["run"] = () => null): Step => ({ name, run });

test("what failed, was left out, or was left out without a reason is told apart, and only the first two end green", async () => {
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  const failing = step("two", () => {
    throw new Error("it broke");
  });
  const skips = readSkips(["three=no engine = none", "four="]);
  const steps = [step("one"), failing, step("three"), step("four")];
  const ends = await runSteps(steps, { say, skips });
  assert.deepEqual(
    ends.map(({ outcome, detail }) => `${outcome} ${detail}`),
    [
      "passed ",
      "failed it broke",
      "skipped no engine = none",
      "failed skipped, and nobody said why",
    ],
  );
  assert.equal(lines.length, 4);
  assert.ok(!areGreen(ends));
  assert.ok(
    areGreen(await runSteps([step("one"), step("two")], { say, skips: readSkips(["two=r"]) })),
  );
  assert.ok(!areGreen([]), "nothing that was done is nothing that went well");
});

test("a skip of a step that is not there fails, and after a failure no more is tried where one builds on another", async () => {
  const say = (): void => {};
  const unknown = await runSteps([step("one")], { say, skips: readSkips(["on=reason"]) });
  assert.match(unknown[0]?.detail ?? "", /no such step; there are one/);
  let tried = false;
  const steps = [
    step("one", () => {
      throw new Error("no");
    }),
    step("two", () => {
      tried = true;
      return null;
    }),
  ];
  const [, second] = await runSteps(steps, { say, stopsAtFailure: true });
  assert.equal(second?.outcome, "failed");
  assert.ok(!tried);
});

test("the release shows tests, migrations, package, container and canary, each by a script that is there", () => {
  assert.deepEqual(
    RELEASE_STEPS.map(({ name }) => name),
    ["tests", "migrations", "package", "container", "canary"],
  );
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
    scripts: Record<string, string>;
  };
  const text = readFileSync("scripts/release-smoke.ts", "utf8");
  const used = [...text.matchAll(/npm\("run", (?:"--silent", )?"([^"]+)"/g)].map(
    ([, name]) => name,
  );
  assert.ok(used.length >= 6);
  for (const name of used) assert.ok(scripts[name ?? ""] !== undefined, name);
});

test("the list of parts names each library of the lock file that is shipped, and is the same each time", () => {
  const text = readSbom(process.cwd());
  assert.equal(readSbom(process.cwd()), text);
  const { bomFormat, components } = JSON.parse(text) as {
    bomFormat: string;
    components: readonly { name: string; version: string }[];
  };
  assert.equal(bomFormat, "CycloneDX");
  const listed = new Set(components.map(({ name, version: of }) => `${name}@${of}`));
  const { dependencies, devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  for (const [name, of] of Object.entries(dependencies))
    assert.ok(listed.has(`${name}@${of}`), name);
  for (const [name, of] of Object.entries(devDependencies))
    assert.ok(!listed.has(`${name}@${of}`), name);
  assert.ok(!text.includes(process.cwd()));
  const host = execFileSync("hostname", { encoding: "utf8" }).trim();
  assert.ok(!text.includes(host));
});
