// Which addresses belong to the public internet. A page, a redirect or a name server can lead a reader to the machine it runs
// on or into its network (SSRF), so all others are closed unless a person names them.
import { BlockList, isIP } from "node:net";

const CLOSED_V4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];
/** Within what is global: documentation, and the forms that wrap an IPv4 address of anybody's choice. */
const CLOSED_V6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const closed = new BlockList();
for (const [net, bits] of CLOSED_V4) closed.addSubnet(net, bits, "ipv4");
for (const [net, bits] of CLOSED_V6) closed.addSubnet(net, bits, "ipv6");
const global = new BlockList();
global.addSubnet("2000::", 3, "ipv6");

export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !closed.check(address, "ipv4");
    case 6:
      return global.check(address, "ipv6") && !closed.check(address, "ipv6");
    default:
      return false;
  }
}

/** The name or address of a URL, without brackets and the dot that DNS allows at the end. */
export const hostNameOf = (url: URL): string =>
  url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");

/** Whether a person named this host, with its port or without. */
export const isNamed = (url: URL, named: readonly string[]): boolean =>
  named.includes(url.host) || named.includes(hostNameOf(url));
