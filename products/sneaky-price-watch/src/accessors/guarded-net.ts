// Connections that lead to public addresses only, or to hosts a person named. The address is checked where it is used: the
// one that was looked up is the one that is connected to, so that a name cannot change its mind in between (DNS rebinding).
import type { LookupAddress, LookupOptions } from "node:dns";
import { lookup as systemLookup } from "node:dns";
import { isIP } from "node:net";
import { hostNameOf, isNamed, isPublicAddress } from "../utils/address.ts";

type Answer = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;
/** As sockets take it. */
export type Lookup = (name: string, options: LookupOptions, answer: Answer) => void;

export type GuardedNet = {
  /** Why this URL is not asked at all; null where nothing is known against it before its name is looked up. */
  readonly refuse: (url: URL) => string | null;
  readonly lookupFor: (url: URL) => Lookup;
  /** The same with the name looked up, before robots.txt is asked for. What holds is the look-up of the connection itself. */
  readonly explain: (url: URL) => Promise<string | null>;
};

export const PRIVATE_CODE = "ERR_PRIVATE_ADDRESS";

export function createGuardedNet(allowPrivate: readonly string[]): GuardedNet {
  const net: GuardedNet = {
    refuse: (url) => {
      if (url.protocol !== "http:" && url.protocol !== "https:")
        return `${url.protocol} is no web page.`;
      const name = hostNameOf(url);
      // Sockets look up names only: an address in the URL has to be met here.
      if (isNamed(url, allowPrivate) || isIP(name) === 0 || isPublicAddress(name)) return null;
      return privateHost(url);
    },
    lookupFor: (url) => (name, options, answer) => {
      systemLookup(name, { ...options, all: true }, (error, found) => {
        if (error !== null) return answer(error, []);
        const isClosed =
          !isNamed(url, allowPrivate) && found.some(({ address }) => !isPublicAddress(address));
        const [first] = found;
        if (isClosed || first === undefined)
          return answer(Object.assign(new Error(privateHost(url)), { code: PRIVATE_CODE }), []);
        return options.all === true
          ? answer(null, found)
          : answer(null, first.address, first.family);
      });
    },
    explain: async (url) => {
      const closed = net.refuse(url);
      if (closed !== null) return closed;
      const name = hostNameOf(url);
      if (isIP(name) !== 0) return null;
      return new Promise((resolve) =>
        net.lookupFor(url)(name, {}, (error) =>
          resolve(error?.code === PRIVATE_CODE ? error.message : null),
        ),
      );
    },
  };
  return net;
}

const privateHost = (url: URL): string =>
  `${url.host} is at a private address: --allow-private ${url.host} lets it be read.`;
