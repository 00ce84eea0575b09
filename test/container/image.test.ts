// The image, built from its Dockerfile and run for real on an engine of its own. Nothing can be pulled here: the base is made
// out of this machine's Node and git.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildImage, dockerWith } from "../../scripts/image.ts";
import { buildOwnBase } from "../../scripts/image-base.ts";
import type { ImageVerdict } from "../../scripts/image-checks.ts";
import { checkImage, IMAGE_CHECKS } from "../../scripts/image-checks.ts";
import { useDockerEngine } from "../support/docker-engine.ts";

const IMAGE = "orket-test/orket:1";
const engine = await useDockerEngine();
const { skip } = engine;
const docker = dockerWith(engine.env);

let verdicts: readonly ImageVerdict[] = [];

test("the image is built from the Dockerfile without a network", { skip }, async () => {
  buildImage(docker, { base: buildOwnBase(docker, engine.folder), tag: IMAGE });
  verdicts = await checkImage(docker, IMAGE);
  assert.equal(verdicts.length, IMAGE_CHECKS.length);
});

for (const name of IMAGE_CHECKS)
  test(`R-71 of a container of it: ${name}`, { skip }, () => {
    assert.deepEqual(
      verdicts.find((verdict) => verdict.name === name),
      { name, fault: null },
    );
  });

test(
  "an image in root's group, with a default token and without its assets is found out",
  { skip },
  async () => {
    const folder = join(engine.folder, "spoilt");
    mkdirSync(folder);
    writeFileSync(
      join(folder, "Dockerfile"),
      `FROM ${IMAGE}\nUSER 0\nRUN rm -r /opt/orket/examples/demo\nUSER 10001:0\nENV GITEA_TOKEN=changeme\n`,
    );
    docker("build", "--quiet", "--network", "none", "--tag", "orket-test/spoilt:1", folder);
    const found = await checkImage(docker, "orket-test/spoilt:1");
    assert.deepEqual(
      found.filter(({ fault }) => fault !== null).map(({ name }) => name),
      [
        "it is not root, has no capability and can gain none",
        "it runs the demo",
        "it says what it is made of, and holds no secret",
      ],
    );
  },
);
