// What Orket itself was given by its parent does not get into the box.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { coverInherited, inheritedDescriptors } from "./inherited.ts";

const MODULE = fileURLToPath(new URL("inherited.ts", import.meta.url));

test("puts something harmless at each inherited place and leaves the others", () => {
  assert.deepEqual(coverInherited([1, 2, 3], [5], 9), [1, 2, 3, "ignore", "ignore", 9]);
  assert.deepEqual(coverInherited([1, 2, 3], [], 9), [1, 2, 3]);
});

test("a folder that a parent left open is found, and a child finds something else in its place", () => {
  const folder = openSync("/usr", "r");
  try {
    const script = `
      import { openSync } from "node:fs";
      import { spawnSync } from "node:child_process";
      import { coverInherited, inheritedDescriptors } from ${JSON.stringify(MODULE)};
      const found = inheritedDescriptors("/proc/self/fdinfo", 6);
      const look = (stdio) => spawnSync("/bin/readlink", ["/proc/self/fd/20"], { stdio, encoding: "utf8" }).stdout.trim();
      const usual = ["ignore", "pipe", "ignore"];
      const harmless = openSync("/dev/null", "r+");
      console.log(JSON.stringify([found.includes(20), look(usual), look(coverInherited(usual, found, harmless))]));
    `;
    const stdio = ["ignore", "pipe", "inherit", ...Array<"ignore">(17).fill("ignore"), folder];
    const done = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: stdio as ("ignore" | "pipe" | "inherit" | number)[],
      encoding: "utf8",
    });
    assert.deepEqual(JSON.parse(done.stdout), [true, "/usr", "/dev/null"]);
  } finally {
    closeSync(folder);
  }
});

test("what Node opens itself is not among them", () => {
  const own = openSync("/usr", "r");
  try {
    assert.ok(!inheritedDescriptors("/proc/self/fdinfo", 2).includes(own));
  } finally {
    closeSync(own);
  }
});
