// Seeds for property tests: one that never changes, and a new one each time, in the test's name so that a failure repeats.
import { randomInt } from "node:crypto";
import { test } from "node:test";

const given = process.env["FC_SEED"];
export const SEEDS: readonly number[] = [
  20_260_202,
  given === undefined ? randomInt(2 ** 31 - 1) : Number(given),
];

/** Runs the property once per seed. FC_SEED repeats a random one. */
export function testSeeded(name: string, property: (seed: number) => void): void {
  for (const seed of SEEDS) test(`${name} (seed ${seed})`, () => property(seed));
}

/** The seed of a failure test: DISASTER_SEED when it is set. */
export const disasterSeed = (usual: number): number =>
  Number(process.env["DISASTER_SEED"] ?? usual);
