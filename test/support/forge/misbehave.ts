// Ways in which the fake forge's answers go wrong, for calls that a test names.
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerResponse } from "node:http";

type Asked = { readonly method: string; readonly path: string; readonly body: string };

export type Misbehaviour = {
  readonly method?: string;
  /** Of the path with its query. */
  readonly path?: RegExp;
  /** Of all that is asked. */
  readonly only?: (asked: Asked) => boolean;
  /** So many calls; without it every one. */
  readonly times?: number;
  /** `after`: the effect is made first, so that only its answer is wrong. */
  readonly when?: "before" | "after";
  readonly how:
    | {
        readonly kind: "status";
        readonly status: number;
        readonly headers?: Record<string, string>;
      }
    | { readonly kind: "garbage" | "cut" | "hang" | "json"; readonly text?: string }
    | { readonly kind: "slow"; readonly delayMs: number }
    /** Something happens elsewhere, and no answer is given. */
    | { readonly kind: "instead"; readonly happens: (asked: Asked) => Promise<void> }
    | { readonly kind: "redirect"; readonly to: string }
    | { readonly kind: "big"; readonly bytes: number };
};

export type Misbehaviours = {
  readonly add: (wanted: Misbehaviour) => void;
  readonly clear: () => void;
  readonly take: (asked: Asked) => Misbehaviour | null;
};

export function createMisbehaviours(): Misbehaviours {
  let waiting: { wanted: Misbehaviour; left: number }[] = [];
  return {
    add: (wanted) => {
      waiting.push({ wanted, left: wanted.times ?? Number.POSITIVE_INFINITY });
    },
    clear: () => {
      waiting = [];
    },
    take: (asked) => {
      const { method, path } = asked;
      const found = waiting.find(
        ({ wanted, left }) =>
          left > 0 &&
          (wanted.method ?? method) === method &&
          (wanted.path === undefined || wanted.path.test(path)) &&
          (wanted.only === undefined || wanted.only(asked)),
      );
      if (found === undefined) return null;
      found.left -= 1;
      return found.wanted;
    },
  };
}

/** True when the answer was given here (or never will be). */
export async function misanswer(
  response: ServerResponse,
  asked: Asked,
  { how }: Misbehaviour,
): Promise<boolean> {
  if (how.kind === "slow") {
    await sleep(how.delayMs);
    return false;
  }
  if (how.kind === "hang") return true;
  if (how.kind === "instead") await how.happens(asked);
  if (how.kind === "instead" || how.kind === "cut") response.destroy();
  else if (how.kind === "status") response.writeHead(how.status, how.headers ?? {}).end("{}");
  else if (how.kind === "redirect") response.writeHead(307, { location: how.to }).end();
  else if (how.kind === "big") response.end(Buffer.alloc(how.bytes, 0x20));
  else response.writeHead(200).end(how.text ?? "<html>\u0000not json");
  return true;
}
