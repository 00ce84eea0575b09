// Parts of the dashboard that are loaded when they are first asked for. One that is lost on its way is fetched again.
import { lazy } from "react";

const AGAIN_AFTER_MS = [300, 1500];

/** What a part throws that could not be loaded; it stays so until the page is loaded anew. */
export class LostPart extends Error {}

export const lazyPart: typeof lazy = (load) => lazy(async () => persist(load));

async function persist<Loaded>(load: () => Promise<Loaded>): Promise<Loaded> {
  for (const waitMs of AGAIN_AFTER_MS) {
    const loaded = await load().catch(() => null);
    if (loaded !== null) return loaded;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  return load().catch((cause: unknown) => {
    throw new LostPart(String(cause), { cause });
  });
}

/** A style sheet that failed would stay in the page as if it were there, and not be asked for again. */
export function dropLostStyles(): void {
  const drop = ({ target }: Event): void => {
    if (target instanceof HTMLLinkElement) target.remove();
  };
  document.addEventListener("error", drop, { capture: true });
}
