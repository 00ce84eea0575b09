// `orket keys`: makes a key and shows it once, lists keys, revokes them.
import type { ListedKey } from "../../app/keys.ts";
import { addKey, listKeys, revokeKey } from "../../app/keys.ts";
import type { Scope } from "../../domain/api-key.ts";
import { createPaint, plain, table } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { withProject } from "../with-project.ts";

type AddOptions = GlobalOptions & { readonly scope: Scope; readonly expiresDays?: number };

export const keysAdd = async (
  cli: Cli,
  options: AddOptions,
  [name = ""]: readonly string[],
): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { io, workbench } = cli;
    const { scope, expiresDays = null, json = false } = options;
    const person = workbench.person;
    const added = await addKey(engine, { name, scope, expiresDays, person });
    if (!added.ok) return showProblem(io, added.error, json);
    const { key, text, replaces } = added.value;
    if (json) {
      io.outSecret(`${JSON.stringify({ v: 1, key: { ...key, text }, replaces })}\n`);
      return 0;
    }
    io.outSecret(`${text}\n`);
    const until = key.expiresAt === null ? "" : `, until ${key.expiresAt.slice(0, 10)}`;
    io.err(
      `Key ${key.id} of ${name}, scope ${scope}${until}. It is shown this once; keep it now.\n`,
    );
    if (replaces !== null)
      io.err(`Once it is in use, end the old one: orket keys revoke ${replaces}\n`);
    return 0;
  });

export const keysList = async (cli: Cli, options: GlobalOptions): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { io } = cli;
    const { keys, asOfSeq } = await listKeys(engine);
    if (options.json === true) io.out(`${JSON.stringify({ v: 1, keys, asOfSeq })}\n`);
    else if (keys.length === 0)
      io.err("There are no named keys. Make one with: orket keys add <name> --scope read\n");
    else io.out(keyTable(keys, io.color));
    return 0;
  });

function keyTable(keys: readonly ListedKey[], color: boolean): string {
  const paint = createPaint(color);
  const day = (at: string | null): string => at?.slice(0, 10) ?? "never";
  const rows = keys.map((key) => [
    key.id,
    key.name,
    key.scope,
    key.state === "live" ? paint("green", "live") : paint("dim", key.state),
    day(key.createdAt),
    day(key.lastUsedAt),
    day(key.expiresAt),
    plain(key.createdBy),
  ]);
  return table([["id", "name", "scope", "state", "made", "last used", "ends", "by"], ...rows]);
}

export const keysRevoke = async (
  cli: Cli,
  options: GlobalOptions,
  [key = ""]: readonly string[],
): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { io, workbench } = cli;
    const json = options.json === true;
    const revoked = await revokeKey(engine, { key, person: workbench.person });
    if (!revoked.ok) return showProblem(io, revoked.error, json);
    if (json) io.out(`${JSON.stringify({ v: 1, revoked: revoked.value })}\n`);
    else for (const { id, name } of revoked.value) io.out(`revoked: ${id} of ${name}\n`);
    return 0;
  });
