// A reporter for node --test that writes one JSON line for each test that ended: the runner holds these against what was
// collected, so that a file which ran nothing is not taken for a file in which nothing failed.

export type TallyLine = {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
};

type TestEvent = {
  readonly type: string;
  readonly data?: {
    readonly name?: string;
    readonly skip?: string | boolean;
    readonly todo?: string | boolean;
    readonly details?: { readonly type?: string };
  };
};

const isSet = (mark: string | boolean | undefined): boolean => mark !== undefined && mark !== false;

export default async function* tally(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of source) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (data === undefined || data.details?.type === "suite") continue;
    const { name = "" } = data;
    const isOff = isSet(data.skip) || isSet(data.todo);
    const outcome = isOff ? "skipped" : type === "test:pass" ? "passed" : "failed";
    yield `${JSON.stringify({ name, outcome } satisfies TallyLine)}\n`;
  }
}
