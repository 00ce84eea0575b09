// What every products port must do, line by line of the contract in src/ports/products.ts, on a project in a git repository.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Result } from "../../src/domain/result.ts";
import { ok } from "../../src/domain/result.ts";
import type { Products, Split } from "../../src/ports/products.ts";
import { git } from "../support/forge/git.ts";
import type { ProductProject } from "../support/product-project.ts";
import { openProductProject } from "../support/product-project.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { folderTexts } from "../support/project-files.ts";

export type ProductsFactory = (project: ProductProject) => Products;

export const PLACE = "archive/shop-20260302T100000000Z";
export const SHOP = { source: "product", project: "shop" };

const value = <Value>(result: Result<Value>): Value => {
  assert.ok(result.ok, result.ok ? "" : JSON.stringify(result.error));
  return result.value;
};
const codeOf = <Value>(result: Result<Value>): string => (result.ok ? "ok" : result.error.code);

export function testProducts(name: string, make: ProductsFactory): void {
  const open = async (context: TestContext, below?: string) => {
    const project = await openProductProject(context, below);
    return { ...project, products: make(project) };
  };
  describe(`products port: ${name}`, () => {
    testList(open);
    testLook(open);
    testSplit(open, make);
    testArchive(open);
  });
}

type Open = (
  context: TestContext,
  below?: string,
) => Promise<ProductProject & { readonly products: Products }>;

function testList(open: Open): void {
  test("lists the folders of the source, and leaves links, files and hidden ones out", async (context) => {
    const { products, dir, write } = await open(context);
    await write("product/shop/a", "a");
    await write("product/api/a", "a");
    await write("product/README.md", "x");
    await write("product/.cache/a", "a");
    await symlink("/etc", join(dir, "product", "linked"));
    const expected = { source: "product", folders: ["api", "shop"], links: ["linked"] };
    for (const source of ["product", "product/", "./product"])
      assert.deepEqual(value(await products.list(source)), expected);
  });

  test("refuses a source that is none, leaves the project, or is reached by a link", async (context) => {
    const { products, dir, write } = await open(context);
    await write("real/deep/shop/a", "a");
    await write("plain", "a");
    await symlink("real", join(dir, "linked"));
    await symlink("/etc", join(dir, "out"));
    const cases = [
      ["none", "FILE_MISSING"],
      ["real/none", "FILE_MISSING"],
      ["plain", "FILE_UNFIT"],
      ["linked", "PATH_ESCAPE"],
      ["linked/deep", "PATH_ESCAPE"],
      ["out", "PATH_ESCAPE"],
      ["..", "PATH_ESCAPE"],
      ["real/../..", "PATH_ESCAPE"],
      ["", "PATH_ESCAPE"],
      [".", "PATH_ESCAPE"],
      ["/etc", "PATH_ESCAPE"],
      [".orket", "PATH_ESCAPE"],
      [".git", "PATH_ESCAPE"],
    ] as const;
    for (const [source, code] of cases)
      assert.equal(codeOf(await products.list(source)), code, source);
    assert.equal(codeOf(await products.list("real/deep")), "ok");
  });
}

function testLook(open: Open): void {
  test("tells how a folder stands to the last commit", async (context) => {
    const { products, commit, write, dir, git: inProject } = await open(context);
    await commit({ "product/shop/a": "a", other: "1" }, 50);
    await commit({ other: "2" }, 3);
    const look = async () => value(await products.look(SHOP));
    const facts = await look();
    assert.deepEqual([facts.kind, facts.isClean, facts.holdsIgnored], ["folder", true, false]);
    assert.equal(facts.tree, inProject("rev-parse", "HEAD:product/shop"));
    const days = (Date.now() - (facts.committedMs ?? 0)) / 86_400_000;
    assert.ok(days > 49.9 && days < 50.1, `${days}`);
    await write("product/shop/ignored", "only here");
    assert.deepEqual([(await look()).isClean, (await look()).holdsIgnored], [true, true]);
    for (const change of ["product/shop/new", "product/shop/a"]) {
      await write(change, "changed");
      assert.equal((await look()).isClean, false, change);
      inProject("stash", "-u", "-q");
      assert.equal((await look()).isClean, true);
    }
    await write("product/shop/a", "b");
    for (const hide of ["--assume-unchanged", "--skip-worktree"] as const) {
      inProject("update-index", hide, "product/shop/a");
      assert.equal((await look()).isClean, false, hide);
      inProject("update-index", hide.replace("--", "--no-"), "product/shop/a");
    }
    // Another content of the same size, with the time that the index knows.
    await write("product/shop/a", "a");
    await utimes(join(dir, "product/shop/a"), 1_700_000_000, 1_700_000_000);
    inProject("update-index", "--refresh");
    await write("product/shop/a", "b");
    await utimes(join(dir, "product/shop/a"), 1_700_000_000, 1_700_000_000);
    assert.equal((await look()).isClean, false, "a time that was put back");
    await write("product/shop/a", "a");
    assert.equal((await look()).isClean, true);
    await write("product/other/a", "elsewhere");
    assert.equal((await look()).isClean, true);
    const other = value(await products.look({ source: "product", project: "other" }));
    assert.deepEqual([other.tree, other.committedMs, other.isClean], [null, null, false]);
  });

  test("follows no link, and takes no name for a path", async (context) => {
    const { products, dir, commit, write } = await open(context);
    await commit({ "product/shop/a": "a", "product/file": "a", "secret/a": "a" });
    await symlink("../secret", join(dir, "product", "linked"));
    const kind = async (project: string, source = "product") =>
      value(await products.look({ source, project })).kind;
    assert.equal(await kind("linked"), "link");
    assert.equal(await kind("file"), "file");
    assert.equal(await kind("none"), "missing");
    for (const project of ["", ".", "..", "../secret", "shop/..", ".git", "a\\b", "a\0b", "/etc"])
      assert.equal(await kind(project), "outside", project);
    for (const source of ["", "..", "/", "../x"])
      assert.equal(await kind("shop", source), "outside");
    await rename(join(dir, "product"), join(dir, "moved"));
    await symlink("moved", join(dir, "product"));
    assert.equal(await kind("shop"), "link");
    await write("x", "");
  });

  test("a folder with a repository of its own within is not clean", async (context) => {
    const { products, commit, dir, git: inProject } = await open(context);
    await commit({ "product/shop/a": "a" });
    const inner = join(dir, "product/shop/inner");
    await mkdir(inner);
    inProject("init", "-q", inner);
    git(inner, ["commit", "-q", "--allow-empty", "-m", "x"]);
    assert.equal(value(await products.look(SHOP)).isClean, false);
    inProject("add", "product/shop");
    inProject("commit", "-q", "-m", "nested");
    assert.equal(value(await products.look(SHOP)).isClean, false);
  });

  test("a project in no repository, or in one without a commit, is refused", async (context) => {
    const { products, write, dir } = await open(context);
    await write("product/shop/a", "a");
    assert.equal(codeOf(await products.look(SHOP)), "PRODUCT_INVALID");
    await rename(join(dir, ".git"), join(dir, "no-git"));
    assert.equal(codeOf(await products.look(SHOP)), "PRODUCT_INVALID");
    const split = await products.withSplit(SHOP, async () => ok(null));
    assert.equal(codeOf(split), "PRODUCT_INVALID");
  });
}

const split = async (
  products: Products,
  folder = SHOP,
): Promise<Split & { readonly log: string }> =>
  value(
    await products.withSplit(folder, async (made) => {
      const format = "--format=%T %P|%an <%ae> %at|%cn <%ce> %ct|%B";
      return ok({ ...made, log: git(made.gitDir, ["log", "--topo-order", format, made.sha]) });
    }),
  );

function testSplit(open: Open, make: ProductsFactory): void {
  test("R-72 the history of a folder is its own: its commits, its tree, its words, and the same each time", async (context) => {
    const { products, commit, git: inProject } = await open(context);
    await commit({ "product/shop/a": "1", other: "1" }, 9);
    await commit({ other: "2" }, 8);
    await commit({ "product/shop/b/c": "2" }, 7);
    const first = await split(products);
    assert.equal(first.tree, inProject("rev-parse", "HEAD:product/shop"));
    assert.equal(first.sourceSha, inProject("rev-parse", "HEAD"));
    const format = "--format=%an <%ae> %at|%cn <%ce> %ct|%B";
    const own = inProject("log", format, "--", "product/shop").split("\n");
    const made = first.log
      .trim()
      .split("\n")
      .map((line) => line.replace(/^[^|]*\|/, ""));
    assert.deepEqual(made, own);
    assert.equal((await split(products)).sha, first.sha);
    await commit({ other: "3" }, 6);
    assert.equal((await split(products)).sha, first.sha);
    await commit({ "product/shop/a": "3" }, 5);
    const second = await split(products);
    assert.match(second.log, new RegExp(`^[0-9a-f]{40} ${first.sha}\\|`));
  });

  test("goes through merges, folders that came, went and came back, and words of all sorts", async (context) => {
    const { products, commit, write, dir, git: inProject } = await open(context);
    await commit({ "product/shop": "once a file" }, 9);
    await commit({ "product/shop": null }, 8);
    await commit({ "product/shop/a": "1" }, 7);
    inProject("checkout", "-q", "-b", "side");
    await commit({ "product/shop/side": "s" }, 6);
    inProject("checkout", "-q", "main");
    await commit({ "product/shop/main": "m" }, 5);
    inProject("merge", "-q", "--no-ff", "-m", "join\n\nboth: ü — <x>\n", "side");
    await commit({ "product/shop": null }, 4);
    await commit({ "product/shop/again": "1" }, 3);
    await write("product/shop/latin", "1");
    await writeFile(join(dir, ".git/words"), Buffer.from("na\u00efve words\n", "latin1"));
    inProject("add", "-A");
    inProject("-c", "i18n.commitEncoding=ISO-8859-1", "commit", "-q", "-F", ".git/words");
    await commit({ "product/shop/odd": "1" }, 2);
    const odd = git(dir, ["cat-file", "commit", "HEAD"])
      .replace(/^author .*$/m, "author A<B> C <a@<b>@c> 1700000000 +051800")
      .replace(/^committer .*$/m, "committer  <> 1700000001 -0000");
    const input = { input: odd };
    const made = git(dir, ["hash-object", "-t", "commit", "-w", "--literally", "--stdin"], input);
    git(dir, ["update-ref", "refs/heads/main", made.trim()]);
    const { log, tree } = await split(products);
    assert.equal(tree, inProject("rev-parse", "HEAD:product/shop"));
    assert.match(log, /join\n\nboth: ü — <x>\n/);
    assert.match(log, /naïve words/);
    assert.match(log, /\| <> 1700000001\|/);
    const parents = log.split("\n").filter((line) => line.includes("|"));
    assert.ok(parents.some((line) => /^[0-9a-f]{40} [0-9a-f]{40} [0-9a-f]{40}\|/.test(line)));
    assert.equal((await split(products)).log, log);
  });

  test("works where the project is a folder of its repository, and with odd names", async (context) => {
    const { products, commit, git: inProject } = await open(context, "deep/project");
    const name = "a shop: it's *[ü]";
    await commit({ [`product/${name}/a`]: "1", "product/a shop/b": "2" });
    const made = await split(products, { source: "product", project: name });
    assert.equal(made.tree, inProject("rev-parse", `HEAD:deep/project/product/${name}`));
    assert.ok(!existsSync(made.gitDir));
  });

  test("works where the project itself is reached by a link", async (context) => {
    const project = await openProductProject(context);
    const link = join(await tempFolder(context), "link");
    await symlink(project.dir, link);
    await project.commit({ "product/shop/a": "1" });
    const products = make({ ...project, dir: link, stateDir: join(link, ".orket") });
    assert.deepEqual(value(await products.list("product")).folders, ["shop"]);
    assert.equal(value(await products.look(SHOP)).isClean, true);
    assert.equal((await split(products)).tree, project.git("rev-parse", "HEAD:product/shop"));
    assert.equal(await products.archive(SHOP, PLACE), true);
  });

  test("writes nothing to the project's repository, runs none of its hooks, and leaves nothing behind", async (context) => {
    const { products, commit, dir, stateDir } = await open(context);
    await commit({ "product/shop/a": "1" });
    const mark = join(stateDir, "was-here");
    const hook = `#!/bin/sh\ntouch ${mark}\n`;
    for (const hookName of ["post-commit", "reference-transaction", "post-index-change"])
      await writeFile(join(dir, ".git/hooks", hookName), hook, { mode: 0o755 });
    const config = join(dir, ".git/config");
    const program = join(stateDir, "program");
    await writeFile(program, hook, { mode: 0o755 });
    const own = `[core]\n fsmonitor = ${program}\n[gpg]\n program = ${program}\n[log]\n showSignature = true\n`;
    await writeFile(config, `${await readFile(config, "utf8")}${own}`);
    // A commit that is signed is one for which git would start the program that looks at signatures.
    const commitText = git(dir, ["cat-file", "commit", "HEAD"]);
    const signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n";
    const input = commitText.replace(/^(committer .*\n)/m, `$1${signature}`);
    const signed = git(dir, ["hash-object", "-t", "commit", "-w", "--stdin"], { input }).trim();
    git(dir, ["update-ref", "--no-deref", "refs/heads/signed", signed]);
    await writeFile(join(dir, ".git/HEAD"), "ref: refs/heads/signed\n");
    await rm(mark, { force: true });
    const before = await folderTexts(join(dir, ".git"));
    await split(products);
    value(await products.look(SHOP));
    const failing = products.withSplit(SHOP, async () => Promise.reject(new Error("a bug")));
    await assert.rejects(failing, /a bug/);
    assert.deepEqual(await folderTexts(join(dir, ".git")), before);
    assert.deepEqual((await readdir(stateDir)).toSorted(), ["program", "publish"]);
    assert.deepEqual(await readdir(join(stateDir, "publish")), []);
  });

  test("refuses what is not committed, or is no folder there", async (context) => {
    const { products, commit, write, dir, git: inProject } = await open(context);
    await commit({ "product/x/a": "1", "product/was/a": "1" });
    await write("product/shop/a", "1");
    const refusal = async (project: string) =>
      codeOf(await products.withSplit({ source: "product", project }, async () => ok(null)));
    assert.equal(await refusal("shop"), "PRODUCT_INVALID");
    assert.equal(await refusal("none"), "PRODUCT_INVALID");
    assert.equal(await refusal(".."), "PRODUCT_INVALID");
    inProject("init", "-q", join(dir, "product/inner"));
    git(join(dir, "product/inner"), ["commit", "-q", "--allow-empty", "-m", "x"]);
    inProject("add", "product/inner");
    inProject("commit", "-q", "-m", "nested");
    assert.equal(await refusal("inner"), "PRODUCT_INVALID");
  });
}

function testArchive(open: Open): void {
  test("R-73 moves a folder into the archive and deletes it there, and nothing beside it", async (context) => {
    const { products, commit, dir, stateDir } = await open(context);
    await commit({ "product/shop/a": "1", "product/api/a": "1" });
    await symlink(join(dir, "product/api"), join(dir, "product/shop/link"));
    assert.equal(await products.lookAt(PLACE), "missing");
    assert.equal(await products.archive(SHOP, PLACE), true);
    assert.equal(await products.lookAt(PLACE), "folder");
    assert.deepEqual(await readdir(join(dir, "product")), ["api"]);
    assert.equal(await readFile(join(stateDir, PLACE, "a"), "utf8"), "1");
    await products.remove(PLACE);
    await products.remove(PLACE);
    assert.equal(await products.lookAt(PLACE), "missing");
    assert.deepEqual(await readdir(join(dir, "product/api")), ["a"]);
  });

  test("R-73 moves and deletes no link, and nothing outside of source and archive", async (context) => {
    const { products, commit, dir, stateDir } = await open(context);
    await commit({ "product/shop/a": "1", "keep/a": "1" });
    await symlink("../keep", join(dir, "product/linked"));
    const move = async (project: string, place = PLACE) =>
      products.archive({ source: "product", project }, place);
    for (const project of ["linked", "none", "", ".", "..", "../keep", "shop/../../keep"])
      await assert.rejects(move(project), { code: "WORKSPACE_FAILED" }, project);
    for (const place of [
      "",
      ".",
      "archive",
      "archive/../../keep",
      "../keep",
      "/etc",
      `${PLACE}/..`,
    ]) {
      await assert.rejects(move("shop", place), { code: "WORKSPACE_FAILED" }, place);
      await assert.rejects(products.remove(place), { code: "INTERNAL" }, place);
      assert.equal(await products.lookAt(place), "outside", place);
    }
    await symlink(join(dir, "keep"), join(stateDir, PLACE));
    assert.equal(await products.lookAt(PLACE), "link");
    await assert.rejects(move("shop"), { code: "WORKSPACE_FAILED" });
    await products.remove(PLACE);
    assert.deepEqual(await readdir(join(dir, "keep")), ["a"]);
    assert.ok(existsSync(join(dir, "product/shop/a")));
  });

  test("R-73 an archive that is a link is not entered", async (context) => {
    const { products, commit, dir, stateDir } = await open(context);
    await commit({ "product/shop/a": "1", [`keep/${PLACE.slice("archive/".length)}/a`]: "1" });
    await symlink(join(dir, "keep"), join(stateDir, "archive"));
    assert.equal(await products.lookAt(PLACE), "link");
    await assert.rejects(products.archive(SHOP, PLACE), { code: "WORKSPACE_FAILED" });
    await products.remove(PLACE);
    assert.equal((await readdir(join(dir, "keep"))).length, 1);
    assert.ok(existsSync(join(dir, "product/shop/a")));
  });
}
