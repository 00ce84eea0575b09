// Who is measured, at what. Peers get the form of the work that is idiomatic to them, and where there is a choice, the
// cheaper one.
import type { Task, Variant, Work } from "./report.ts";

export type Contender = {
  readonly name: string;
  readonly file: string;
  readonly work: Work;
  readonly atOnce: number;
  readonly variant: Variant;
};

const long = (name: string, file: string, variant: Variant = "default"): Contender => ({
  name,
  file,
  work: "long",
  atOnce: 1,
  variant,
});
/** One piece of work at a time, and three, which is Orket's default. */
const many = (name: string, file: string, variant: Variant = "default"): readonly Contender[] =>
  [1, 3].map((atOnce) => ({
    name: atOnce === 1 ? name : `${name}, ${atOnce} at once`,
    file,
    work: "many",
    atOnce,
    variant,
  }));

export const CONTENDERS: readonly Contender[] = [
  long("SQLite floor", "floor.ts"),
  long("Orket", "orket.ts"),
  long("LangGraph.js", "langgraph.ts"),
  long("LangGraph.js at FULL", "langgraph.ts", "full"),
  long("LangGraph.js, last reply only", "langgraph.ts", "last-reply"),
  long("Mastra", "mastra.ts"),
  ...many("Orket", "orket.ts"),
  ...many("LangGraph.js", "langgraph.ts"),
  ...many("LangGraph.js at FULL", "langgraph.ts", "full"),
  ...many("Mastra", "mastra.ts"),
];

export const taskOf = (
  { work, atOnce, variant }: Contender,
  rest: Pick<Task, "size" | "dir" | "startedMs">,
): Task => ({ work, atOnce, variant, ...rest });
