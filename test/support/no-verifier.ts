// For engines whose cards declare nothing that could be verified.
import type { Verifier } from "../../src/app/verifier.ts";
import { refuse } from "../../src/domain/result.ts";
import type { Workspaces } from "../../src/ports/workspace.ts";

const nothing = async () => refuse("CONTAINMENT_UNAVAILABLE", "Nothing is verified here.");

export const NO_VERIFIER: Verifier = { lacks: async () => null, basis: nothing, execute: nothing };

/** For moves by hand that do not ask what is in a workspace. */
export const NO_WORKSPACES: Workspaces = {
  open: async (build) => Promise.reject(new Error(`nobody opens ${build}`)),
  takeOver: async () => {},
  fork: async () => Promise.reject(new Error("nobody forks")),
  arrivals: async () => Promise.reject(new Error("nothing arrives")),
  departures: async () => Promise.reject(new Error("nothing departs")),
};
