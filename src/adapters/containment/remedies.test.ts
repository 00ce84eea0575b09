// Each way in which bubblewrap is known to fail leads to its own way out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { remedyFor } from "./remedies.ts";

test("names the way out for what bubblewrap said", () => {
  const known: readonly (readonly [said: string, remedy: RegExp])[] = [
    ["bwrap: setting up uid map: Permission denied", /bwrap-userns-restrict/],
    ["bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", /bwrap-userns-restrict/],
    ["bwrap: Unknown option --bind-fd", /too old/],
    ["bwrap: No permissions to create new namespace, likely because", /User namespaces/],
    ["bwrap: Creating new namespace failed: No space left on device", /User namespaces/],
    ["something else", /See what `bwrap/],
  ];
  for (const [said, remedy] of known) assert.match(remedyFor(said), remedy, said);
});
