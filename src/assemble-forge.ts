// The forge's part of the composition root: the client out of the settings, or none where no forge is set.
import { readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { createGiteaForge } from "./adapters/forge/gitea.ts";
import type { Engine } from "./app/engine.ts";
import type { SetupReport, SetupRequest } from "./app/forge-setup.ts";
import { setUpForge } from "./app/forge-setup.ts";
import type { Config } from "./config.ts";
import { isLoopback } from "./domain/posture.ts";
import type { Result } from "./domain/result.ts";
import { ok, refuse } from "./domain/result.ts";
import type { Clock } from "./ports/clock.ts";
import type { Forge } from "./ports/forge.ts";

export type ForgeScene = {
  readonly config: Pick<Config, "text" | "secret">;
  readonly clock: Clock;
  readonly random: () => number;
};

export type ForgeAccess = {
  readonly baseUrl: string;
  readonly token: () => string;
  /** The certificates of `gitea.ca_file`, for the client; null where it is not set. */
  readonly authorities: string | null;
  /** The file itself, for git. */
  readonly authoritiesFile: string | null;
};

/** Null where the address or the token is not set. Whatever the environment, the token leaves this machine by TLS alone. */
export function forgeAccess(config: ForgeScene["config"]): Result<ForgeAccess | null> {
  const address = config.text("gitea.url");
  const token = config.secret("gitea.token");
  if (address === null || token === null || token.reveal().trim() === "") return ok(null);
  const { protocol, hostname, href } = new URL(address);
  if (protocol !== "https:" && !isLoopback(hostname))
    return refuse(
      "CONFIG_INVALID",
      "GITEA_URL would send the token over the network as it is. Give it an address with https://.",
    );
  const authorities = readAuthorities(config.text("gitea.ca_file"));
  if (!authorities.ok) return authorities;
  return ok({ baseUrl: href, token: () => token.reveal().trim(), ...authorities.value });
}

/** Read once: who may change the file while Orket runs does not change whom it trusts. Git reads it anew. */
function readAuthorities(
  path: string | null,
): Result<Pick<ForgeAccess, "authorities" | "authoritiesFile">> {
  if (path === null) return ok({ authorities: null, authoritiesFile: null });
  const refused = (found: string) =>
    refuse("CONFIG_INVALID", `gitea.ca_file names ${path}, ${found}.`, { path });
  if (!isAbsolute(path)) return refused("which is no whole path; begin it with /");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return refused(`which cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`);
  }
  return text.includes("-----BEGIN CERTIFICATE-----")
    ? ok({ authorities: text, authoritiesFile: path })
    : refused("in which there is no certificate; it has to be PEM");
}

export function openForgeClient({ config, clock, random }: ForgeScene): Result<Forge | null> {
  const access = forgeAccess(config);
  if (!access.ok) return access;
  if (access.value === null) return ok(null);
  return ok(createGiteaForge({ ...access.value, clock, random }));
}

type Setting = {
  readonly engine: Pick<Engine, "store" | "clock">;
  readonly config: Pick<Config, "text" | "secret">;
};

export async function setUpFromSettings(
  { engine, config }: Setting,
  request: SetupRequest,
): Promise<Result<SetupReport>> {
  const opened = openForgeClient({ config, clock: engine.clock, random: Math.random });
  if (!opened.ok) return opened;
  if (opened.value === null)
    return refuse("CONFIG_INVALID", "Set GITEA_URL and GITEA_TOKEN: no forge is set.");
  const secret = config.secret("gitea.webhook_secret")?.reveal() ?? "";
  return setUpForge({ forge: opened.value, secret, ...engine }, request);
}
