// The canary: a sound server passes, and one whose guard was taken out does not, whichever guard it is.
import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { describe, test } from "node:test";
import type { Ended } from "../support/orket.ts";
import { runOrket, startOrket } from "../support/orket.ts";
import { makeProject } from "../support/project.ts";
import { tempFolder } from "../support/temp-folder.ts";

type Report = {
  readonly passed: boolean;
  readonly checks: readonly {
    readonly name: string;
    readonly verdict: string;
    readonly fact: string | null;
    readonly remedy: string | null;
  }[];
};

const reportOf = ({ out, err }: Ended): Report => {
  assert.ok(out.startsWith("{"), err);
  return JSON.parse(out) as Report;
};
const named = ({ checks }: Report, verdict: string): readonly string[] =>
  checks.filter((one) => one.verdict === verdict).map(({ name }) => name);

type Mutant = {
  readonly guard: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly failing: readonly string[];
};

const MUTANTS: readonly Mutant[] = [
  {
    guard: "the comparison of the key",
    file: "src/http/auth.ts",
    from: "if (isSame(key, expected)) return API_KEY_CALLER;",
    to: "return API_KEY_CALLER;",
    failing: ["a wrong bearer is refused", "a wrong key is refused"],
  },
  {
    guard: "the refusal of a missing key",
    file: "src/http/auth.ts",
    from: "if (shown === null) return null;",
    to: 'if (shown === null) return { caller: API_KEY_CALLER, via: "key" };',
    failing: [
      "a missing key is refused",
      "a missing key is refused before the body is read",
      "a missing key is refused where there is no route",
      "event streams are shut without a key",
      "the websocket is shut without a key",
    ],
  },
  {
    guard: "the comparison of the signature",
    file: "src/webhook/signature.ts",
    from: "timingSafeEqual(",
    to: "((..._bytes: readonly unknown[]) => true)(",
    failing: ["a signature of another body is refused"],
  },
  {
    guard: "the list of hosts",
    file: "src/http/door.ts",
    from: "name !== null && hosts.includes(name)",
    to: "name !== null && hosts.length > 0",
    failing: ["another host's name is refused"],
  },
  {
    guard: "the list of origins",
    file: "src/http/door.ts",
    from: "!origins.includes(origin)",
    to: "origins.length > 99",
    failing: ["another site's page is refused"],
  },
  {
    guard: "the look for what was taken before",
    file: "src/app/receive-delivery.ts",
    from: 'return { status: "duplicate", id: known.id, known };',
    to: 'return { status: "accepted", id: known.id };',
    failing: ["a signed delivery is taken once, and the same again is a duplicate"],
  },
  {
    guard: "the rule of where to listen without a key",
    file: "src/http/start-rules.ts",
    from: "if (!isLoopback(host))",
    to: 'if (host === "")',
    failing: ["a start without a key on every address is refused"],
  },
  {
    guard: "the rule of where to listen, because the start breaks there",
    file: "src/http/start-rules.ts",
    from: "if (!isLoopback(host))",
    to: 'if (!isLoopback(host)) throw new Error("broken");\n  if (host === "")',
    failing: ["a start without a key on every address is refused"],
  },
];

/** The product as it is, but for one place. */
async function mutate(context: TestContext, { file, from, to }: Mutant): Promise<string> {
  const root = await tempFolder(context);
  for (const name of ["src", "bin", "examples", "migrations", "harness", "package.json"])
    cpSync(name, join(root, name), { recursive: true });
  symlinkSync(resolve("node_modules"), join(root, "node_modules"));
  const path = join(root, file);
  const text = readFileSync(path, "utf8");
  assert.ok(text.includes(from), `${file} has changed: say anew what is to be taken out of it`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  return join(root, "bin/orket");
}

test("a server of its own passes every check, and nothing is left of it", async (context) => {
  const cwd = await tempFolder(context);
  const ended = await runOrket(["smoke", "--json"], { cwd, env: { TMPDIR: cwd } });
  const report = reportOf(ended);
  assert.deepEqual(named(report, "fail"), []);
  assert.deepEqual(named(report, "not-run"), []);
  assert.deepEqual([ended.code, report.passed], [0, true]);
  const shown = await runOrket(["smoke", "--url", "nonsense"], { cwd });
  assert.equal(shown.code, 2);
  assert.match(shown.err, /no address such as/);
  const half = await runOrket(["smoke", "--webhook-url", "http://127.0.0.1:1"], { cwd });
  assert.deepEqual([half.code, half.out], [2, ""]);
  assert.match(half.err, /give that server's --url too/);
});

test("stopped in the middle it leaves no server and no folder", async (context) => {
  const cwd = await tempFolder(context);
  const canary = startOrket(["smoke"], { cwd, env: { TMPDIR: cwd } });
  const state = (): string | undefined =>
    readdirSync(cwd).find((name) => existsSync(join(cwd, name, ".orket")));
  while (state() === undefined) await new Promise((done) => setTimeout(done, 10));
  canary.signal("SIGTERM");
  const ended = await canary.ended;
  assert.deepEqual([ended.code, ended.out, readdirSync(cwd)], [130, "", []]);
  const isOurs = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").includes(`ORKET_PROJECT=${cwd}/`);
    } catch {
      return false;
    }
  };
  assert.deepEqual(
    readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isOurs(name)),
    [],
  );
});

describe("the canary fails", { concurrency: 3 }, () => {
  for (const mutant of MUTANTS)
    test(`without ${mutant.guard}`, async (context) => {
      const bin = await mutate(context, mutant);
      const cwd = await tempFolder(context);
      const ended = await runOrket(["smoke", "--json"], { cwd, bin });
      assert.deepEqual(named(reportOf(ended), "fail").toSorted(), mutant.failing);
      assert.equal(ended.code, 1);
    });
});

test("a running server passes, and what cannot be asked of it is said", async (context) => {
  const project = await makeProject({});
  context.after(project.remove);
  const address = Promise.withResolvers<string>();
  const server = startOrket(["serve", "--port", "0", "--json"], {
    cwd: project.dir,
    env: { ORKET_API_KEY: "a-key-of-the-test" },
    onLine: (line) =>
      address.resolve(
        (JSON.parse(line) as { addresses: { url: string }[] }).addresses[0]?.url ?? "",
      ),
  });
  const args = ["smoke", "--json", "--url", await address.promise];
  const env = { ORKET_API_KEY: "a-key-of-the-test" };
  const report = reportOf(await runOrket(args, { cwd: project.dir, env }));
  assert.deepEqual(named(report, "fail"), []);
  assert.equal(named(report, "not-run").length, 10);
  assert.ok(report.checks.every(({ verdict, fact }) => verdict !== "not-run" || fact !== null));
  const other = await runOrket(args, { cwd: project.dir, env: { ORKET_API_KEY: "another" } });
  assert.ok(named(reportOf(other), "fail").includes("a good key works"));
  server.signal("SIGTERM");
  await server.ended;
});

test("a server that redirects, says nonsense or is not there fails, and no key goes elsewhere", async (context) => {
  const cwd = await tempFolder(context);
  const env = { ORKET_API_KEY: "a-key-of-the-test" };
  let [asked, broken] = [0, 0];
  const listen = async (answer: Parameters<typeof createServer>[1]): Promise<string> => {
    const server = createServer(answer);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    context.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const elsewhere = await listen((_, response) => {
    asked += 1;
    response.end("{}");
  });
  const servers = [
    await listen((_, response) => response.writeHead(302, { location: elsewhere }).end()),
    await listen((_, response) => response.end("hello")),
    await listen((_, response) => {
      broken += 1;
      response.destroy();
    }),
    "http://127.0.0.1:1",
  ];
  for (const url of servers) {
    const { code, out } = await runOrket(["smoke", "--url", url], { cwd, env });
    assert.equal(code, 1);
    assert.match(
      out,
      /^FAIL {2}health answers\n {6}\S.+\n {6}(?:Nothing answers there|That is not Orket)/m,
    );
  }
  assert.equal(asked, 0);
  assert.equal(broken, 1, "a door that gives no answer is not asked again");
});
