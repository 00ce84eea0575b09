// What the options of scripts/test.ts choose of the list of suites. Apart, so that a workflow's promise can be held against
// what its command would run.
import { parseArgs } from "node:util";
import type { Suite } from "../test/suites.ts";

export type Selection = {
  readonly coverage: boolean;
  readonly measured: boolean;
  readonly suite: readonly string[] | undefined;
  readonly command: string;
};

/** Throws at an option that nobody knows. */
export const readSelection = (argv: readonly string[]): Selection => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      coverage: { type: "boolean", default: false },
      measured: { type: "boolean", default: false },
      suite: { type: "string", multiple: true },
      command: { type: "string", default: "npm test" },
    },
  });
  return { ...values, suite: values.suite };
};

export const isSelected =
  (selection: Selection) =>
  ({ name, command, isMeasured }: Suite): boolean =>
    selection.suite === undefined
      ? command === selection.command && (isMeasured || !selection.measured)
      : selection.suite.includes(name);
