// Reads bodies as bytes, counted while they stream, and holds all of them together to a bound: when it is reached, the
// largest one that is still arriving goes, which no delivery of a usual size ever is.
import type { IncomingMessage } from "node:http";

export type BodyLimits = {
  readonly bodyBytesMax: number;
  /** What all bodies that are arriving may hold together. */
  readonly arrivingBytesMax: number;
};

/** `gone`: whoever sent it went away, or was too slow. */
export type BodyRead = Buffer | "too-large" | "crowded" | "gone";

export type Bodies = {
  readonly isTooLarge: (request: IncomingMessage) => boolean;
  readonly read: (request: IncomingMessage) => Promise<BodyRead>;
};

type Arriving = { bytes: number; readonly end: (how: BodyRead) => void };

export function createBodies({ bodyBytesMax, arrivingBytesMax }: BodyLimits): Bodies {
  const arriving = new Set<Arriving>();
  let total = 0;

  function makeRoom(): void {
    if (total <= arrivingBytesMax) return;
    const [largest] = [...arriving].toSorted((left, right) => right.bytes - left.bytes);
    largest?.end("crowded");
  }

  const isTooLarge = (request: IncomingMessage): boolean =>
    Number(request.headers["content-length"] ?? 0) > bodyBytesMax;

  return {
    isTooLarge,
    read: async (request) => {
      if (isTooLarge(request)) return "too-large";
      return new Promise<BodyRead>((resolve) => {
        const chunks: Buffer[] = [];
        const one: Arriving = {
          bytes: 0,
          end: (how) => {
            if (!arriving.delete(one)) return;
            total -= one.bytes;
            request.off("data", take);
            chunks.length = 0;
            resolve(how);
          },
        };
        const take = (chunk: Buffer): void => {
          one.bytes += chunk.length;
          total += chunk.length;
          if (one.bytes > bodyBytesMax) return one.end("too-large");
          chunks.push(chunk);
          makeRoom();
        };
        arriving.add(one);
        request.on("data", take);
        request.once("end", () => one.end(Buffer.concat(chunks)));
        request.once("close", () => one.end("gone"));
        request.once("error", () => one.end("gone"));
      });
    },
  };
}
