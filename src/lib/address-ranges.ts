import { BlockList, isIP, isIPv4 } from 'node:net';

type Range = readonly [network: string, prefix: number];

/** Where machines get their own credentials from: link-local, and clouds' metadata elsewhere. */
const linkLocal4: readonly Range[] = [
  ['169.254.0.0', 16],
  // Alibaba, Azure, Oracle.
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.192', 32],
];
const linkLocal6: readonly Range[] = [
  ['fe80::', 10],
  ['2002:a9fe::', 32],
  // AWS, Google, Oracle, Scaleway.
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
  ['fd00:c1::a9fe:a9fe', 128],
  ['fd00:42::42', 128],
];

/** What else is not on the public internet (IANA's special-purpose registries). */
const private4: readonly Range[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 3],
];
const private6: readonly Range[] = [
  // NAT64 of a site, 6to4 (deprecated), unique local, site-local (deprecated), multicast.
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['fc00::', 7],
  ['fec0::', 10],
  ['ff00::', 8],
];

/**
 * IPv6 addresses that end in an IPv4 one: compatible (`::` and `::1` among them), translated and
 * NAT64. The mapped ones, `::ffff:`, a BlockList knows by itself.
 */
const EMBEDDINGS = ['::', '::ffff:0:', '64:ff9b::'];

function listOf(ranges4: readonly Range[], ranges6: readonly Range[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges4) {
    list.addSubnet(network, prefix, 'ipv4');
    for (const start of EMBEDDINGS) list.addSubnet(start + network, 96 + prefix, 'ipv6');
  }
  for (const [network, prefix] of ranges6) list.addSubnet(network, prefix, 'ipv6');
  return list;
}

const linkLocal = listOf(linkLocal4, linkLocal6);
const notPublic = listOf([...linkLocal4, ...private4], [...linkLocal6, ...private6]);

const isIn = (list: BlockList, address: string): boolean =>
  list.check(address.replace(/%.*$/, ''), isIPv4(address) ? 'ipv4' : 'ipv6');

/** Link-local, or a cloud's metadata service. */
export const isLinkLocal = (address: string): boolean => isIn(linkLocal, address);

/** Anything but an address on the public internet; link-local ones too. */
export const isPrivate = (address: string): boolean => isIn(notPublic, address);

/**
 * Whether the host of a base URL is an address that no upstream has, however it is spelt: decimal,
 * octal, full-width and so on. Loopback and private ones are an operator's to name. Addresses in
 * URLs are connected to without a lookup, so that the resolver never sees them.
 */
export function isForbiddenLiteral(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0) return isLinkLocal(bare);
  const spelt = `http://${hostname}`;
  if (!URL.canParse(spelt)) return false;
  const normal = new URL(spelt).hostname;
  return isIPv4(normal) && isLinkLocal(normal);
}
