// `orket webhook` and `orket webhook replay`: what the forge sent and what became of it, and once more what was given up or
// lies in a file.
import { listDeliveries, replayDelivery } from "../../app/deliveries.ts";
import { DELIVERY_STATES } from "../../domain/delivery.ts";
import type { Delivery, DeliveryState } from "../../domain/delivery.ts";
import { plain, table } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { withProject } from "../with-project.ts";

const LISTED = 100;

type ListOptions = GlobalOptions & { readonly state?: string; readonly limit?: number };

export const webhook = async (cli: Cli, options: ListOptions): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { io } = cli;
    const states = DELIVERY_STATES.filter((state) => state === options.state);
    const { limit = LISTED } = options;
    const filter = states.length === 0 ? { limit } : { states, limit };
    const { deliveries, asOfSeq } = await listDeliveries(engine, filter);
    const nowMs = engine.clock.now();
    if (options.json === true)
      io.out(`${JSON.stringify({ v: 1, deliveries: deliveries.map(toDelivery), asOfSeq })}\n`);
    else if (deliveries.length > 0)
      io.out(table([HEAD, ...deliveries.map((one) => rowOf(one, nowMs))]));
    else io.err("The forge has sent nothing yet that is looked for here.\n");
    return 0;
  });

const HEAD = ["delivery", "state", "age", "attempts", "event", "repository", "reason"];

const rowOf = (one: Delivery, nowMs: number): readonly string[] => [
  one.id,
  one.state,
  ageOf(nowMs - Date.parse(one.receivedAt)),
  String(one.attempts),
  plain([one.event, one.action].filter((word) => word !== null).join(" ")),
  plain(
    `${one.repository?.fullName ?? "-"}${one.pullRequest === null ? "" : `#${one.pullRequest}`}`,
  ),
  plain(one.reason ?? WAITING[one.state] ?? ""),
];

const WAITING: Readonly<Partial<Record<DeliveryState, string>>> = {
  accepted: "waits to be worked on",
};

const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
] as const;

function ageOf(ms: number): string {
  for (const [unitMs, unit] of UNITS) if (ms >= unitMs) return `${Math.floor(ms / unitMs)} ${unit}`;
  return `${Math.max(0, Math.floor(ms / 1000))} s`;
}

const toDelivery = ({ nextAttemptMs, ...one }: Delivery) => ({
  ...one,
  nextAttemptAt: one.state === "accepted" ? new Date(nextAttemptMs).toISOString() : null,
});

/** A file, or the id of a delivery that was given up. */
export const webhookReplay = async (
  cli: Cli,
  options: GlobalOptions,
  [what = ""]: readonly string[],
): Promise<number> =>
  withProject(cli, options, async ({ engine, replayFile }) => {
    const { io, workbench } = cli;
    const json = options.json === true;
    const { person } = workbench;
    const fromFile = await replayFile(what, person);
    if (fromFile === null) {
      const done = await replayDelivery(engine, { id: what, person });
      if (!done.ok) return showProblem(io, done.error, json);
      show(cli, { status: "accepted", delivery: done.value.id }, json);
      return 0;
    }
    if (!fromFile.ok) return showProblem(io, fromFile.error, json);
    const { status, id } = fromFile.value;
    show(cli, { status, delivery: id }, json);
    if (status === "duplicate" && fromFile.value.known.state === "dead")
      io.err(`It is there and was given up; work on it again with: orket webhook replay ${id}\n`);
    return 0;
  });

type Shown = { readonly status: string; readonly delivery: string };

function show({ io }: Cli, shown: Shown, json: boolean): void {
  if (json) io.out(`${JSON.stringify({ v: 1, ...shown })}\n`);
  else io.out(`${shown.status}: ${plain(shown.delivery)}\n`);
}
