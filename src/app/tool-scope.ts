// What the tools of one turn may use and know, taken from the run and the turn; nothing wider gets to them.
import { judgeFile } from "./gate-tool-call.ts";
import type { Session } from "./session.ts";
import type { LiveTurn } from "./turn-outcome.ts";
import type { ToolScope } from "./tools/tool.ts";

const SOURCE_BYTES_MAX = 1024 * 1024;

export function toolScopeOf(
  { engine, assets, run, pullRequest }: Session,
  { turn, card, lane, verdict }: LiveTurn,
): ToolScope {
  const issue = lane.epic.issues.find((one) => one.id === card.id);
  return {
    run: run.id,
    turn: turn.id,
    kind: turn.kind,
    seat: turn.seat,
    roles: lane.team.seats.find((seat) => seat.key === turn.seat)?.roles ?? [],
    card,
    epic: lane.epic.stem,
    department: lane.epic.department,
    team: lane.team,
    organization: assets.organization,
    references: [...lane.epic.references, ...(issue?.references ?? [])],
    pullRequest,
    verification: {
      declared: issue?.verification != null,
      verdict,
      required: assets.organization.process.requireVerification,
    },
    workspace: lane.workspace,
    assets: engine.assets,
    containment: engine.containment,
    store: engine.store,
    stateFiles: engine.stateFiles,
    clock: engine.clock,
    ids: engine.ids,
    locks: lane.locks,
    memory: { seen: new Map(), comments: [], cardsCreated: 0 },
    brokenRule: async (path) => {
      const { idesign } = assets.organization;
      if (!idesign.enabled || !lane.epic.idesign) return null;
      const { broken } = await judgeFile({ source: engine.source, idesign }, path, async () => {
        const file = await lane.workspace.read(path, SOURCE_BYTES_MAX);
        return file.ok ? file.value.text : null;
      });
      return broken?.message ?? null;
    },
  };
}
