// The product is killed at each step from an opened pull request to its rejection in the fourth cycle.
import { test } from "node:test";
import { killEach, MANY_LIVES } from "../support/kill-each.ts";
import { REJECTED } from "../support/pull-request-kills.ts";

test(
  "R-42 killed at each step towards the rejection: each effect once",
  MANY_LIVES,
  async (context) => killEach(context, REJECTED),
);
