// `npm run bench:peers`: the same work on Orket, its peers and the SQLite floor, each in processes of their own, in one go.
// Prints tables, ratios, then JSON; ends with 1 when any of them failed. Ratios count, absolute figures belong to the machine.
import { parseArgs } from "node:util";
import { measure } from "./child.ts";
import type { Contender } from "./contenders.ts";
import { CONTENDERS } from "./contenders.ts";
import { installPeers } from "./install.ts";
import type { Answer } from "./report.ts";
import { figuresOf } from "./statistics.ts";
import type { Outcome } from "./table.ts";
import { exitCodeOf, ratios, tableOf } from "./table.ts";

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "10,100,1000" },
    rounds: { type: "string", default: "3" },
  },
});
const sizes = values.sizes.split(",").map(Number);
const rounds = Number(values.rounds);
if (sizes.some((size) => !(size > 1)) || !(rounds >= 1)) throw new Error("sizes and rounds");

installPeers();
const answers = new Map<Contender, Map<number, Answer[]>>();
const [smallest = 10] = sizes;
for (const contender of CONTENDERS) {
  answers.set(contender, new Map(sizes.map((size) => [size, []])));
  // Not counted: the first start of a program reads it from the disk.
  await measure(contender, smallest);
}
// All of them once, then all of them again, so that a drift of the machine meets all alike. The smallest size tells the cold
// start, which a busy machine moves most; it takes little, so it is measured more often.
const COLD_ROUNDS = 3;
for (let round = 1; round <= rounds * COLD_ROUNDS; round += 1) {
  for (const size of round <= rounds ? sizes : [smallest]) {
    for (const contender of CONTENDERS) {
      console.error(`round ${round}, ${size} steps: ${contender.name}`);
      answers
        .get(contender)
        ?.get(size)
        ?.push(await measure(contender, size));
    }
  }
}

const outcomes = CONTENDERS.map((contender): Outcome => {
  const bySize = answers.get(contender) ?? new Map<number, Answer[]>();
  const measured = [...bySize].map(([size, list]) => ({ size, answers: list }));
  return { contender, measured, figures: figuresOf(measured) };
});
const of = (work: string): readonly Outcome[] =>
  outcomes.filter(({ contender }) => contender.work === work);
console.log(
  `A step: the model is asked once, and its reply and the result of its call are on the disk before it is asked again.
Median (lowest–highest) of ${rounds} rounds, of the cold start ${rounds * COLD_ROUNDS}. The README says what each column means.

long: one piece of work, the model asked so many times one after another\n\n${tableOf(of("long"))}

many: so many pieces of work, the model asked once in each\n\n${tableOf(of("many"))}

${ratios(outcomes).join("\n")}
`,
);
const rows = outcomes.map(({ contender, figures }) => ({ ...contender, ...figures }));
console.log(
  JSON.stringify({ v: 1, node: process.versions.node, rounds, rows, ratios: ratios(outcomes) }),
);
process.exitCode = exitCodeOf(outcomes);
