// Stands in for node:test while tests are only listed: it notes their names and runs none of them. Subtests that a test
// makes while it runs are not known here.

type Body = (...args: readonly unknown[]) => unknown;
type Register = (name: string, ...rest: readonly unknown[]) => void;

export type Registry = { readonly take: () => Promise<readonly string[]> };

let names: string[] = [];
let pending: unknown[] = [];

const bodyOf = (rest: readonly unknown[]): Body | undefined =>
  rest.find((part): part is Body => typeof part === "function");

export const test: Register = (name) => {
  names.push(name);
};
export const describe: Register = (_name, ...rest) => {
  pending.push(bodyOf(rest)?.());
};

const ignored = (): void => {};
export const before = ignored;
export const after = ignored;
export const beforeEach = ignored;
export const afterEach = ignored;

/** What was registered since the last call. */
export async function take(): Promise<readonly string[]> {
  const waiting = pending;
  pending = [];
  await Promise.all(waiting);
  const taken = names;
  names = [];
  return taken;
}
