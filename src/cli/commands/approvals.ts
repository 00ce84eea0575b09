// `orket approvals`: what waits for a person's decision, and the decision.
import type { WaitingApprovals } from "../../app/approvals.ts";
import { answerApproval } from "../../app/answer-approval.ts";
import { waitingApprovals } from "../../app/approvals.ts";
import type { Engine } from "../../app/engine.ts";
import type { Approval } from "../../domain/approval.ts";
import { whatOf } from "../../domain/approval.ts";
import { EXIT } from "../exit-codes.ts";
import { createPaint, plain, projectFlag, table } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { withProject } from "../with-project.ts";

export const approvals = async (cli: Cli, options: GlobalOptions): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { io } = cli;
    const waiting = await waitingApprovals(engine);
    if (options.json === true) io.out(`${JSON.stringify({ v: 1, ...waiting })}\n`);
    else if (waiting.approvals.length === 0) io.err("Nothing waits for a decision.\n");
    else {
      const paint = createPaint(io.color);
      const there = projectFlag(options.project);
      io.out(waitingTable(waiting, (name) => paint("bold", name)));
      io.err(`Decide with: orket approvals allow <id>${there} — or deny, with --reason "…"\n`);
    }
    return EXIT.ok;
  });

const waitingTable = (
  { approvals: list }: WaitingApprovals,
  headed: (name: string) => string,
): string =>
  table([
    ["id", "card", "tool", "since", "expires", "what"].map(headed),
    ...list.map((one) => [
      one.id,
      one.card ?? "",
      one.tool ?? one.kind,
      one.requestedAt,
      one.expiresAt,
      `${plain(whatOf(one))} (${plain(one.reason)})`,
    ]),
  ]);

type DecideOptions = GlobalOptions & { readonly reason?: string };
type Decide = (cli: Cli, options: DecideOptions, args: readonly string[]) => Promise<number>;

const decideWith =
  (decision: "allow" | "deny"): Decide =>
  async (cli, options, [id = ""]) =>
    withProject(cli, options, async ({ engine }) => {
      const { io, workbench } = cli;
      const { reason = null } = options;
      const decided = await answerApproval(engine, {
        id,
        decision,
        reason,
        person: workbench.person,
      });
      if (!decided.ok) return showProblem(io, decided.error, options.json === true);
      const approval = decided.value;
      if (options.json === true) io.out(`${JSON.stringify({ v: 1, approval })}\n`);
      else {
        const card = approval.card === null ? "" : ` for ${approval.card}`;
        const asked = `${approval.tool ?? approval.kind} ${plain(whatOf(approval))}`;
        io.out(`${id} ${approval.state}: ${asked}${card}\n`);
        io.err(await wayOn(engine, approval, projectFlag(options.project)));
      }
      return EXIT.ok;
    });

/** A run that is being worked on sees the decision by itself. */
async function wayOn({ store }: Engine, { run }: Approval, there: string): Promise<string> {
  if (run === null) return "";
  const status = (await store.read(async ({ runs }) => runs.get(run)))?.status;
  return status === "running"
    ? `Run ${run} goes on by itself.\n`
    : `Go on with: orket resume ${run}${there}\n`;
}

export const approvalsAllow = decideWith("allow");
export const approvalsDeny = decideWith("deny");
