import { isIP } from 'node:net';
import { z } from 'zod';
import { ModelPattern } from '../pool/model-pattern.ts';

const ENTRIES_MAX = 1000;
const PATTERN_CHARS_MAX = 256;
const PREFIX = /^(?:0|[1-9]\d{0,2})$/;

const pattern = z.string().trim().min(1).max(PATTERN_CHARS_MAX);

/** A key that may do nothing is switched off, not left with an empty list. */
const listOf = (entry: z.ZodType<string>) => z.array(entry).min(1).max(ENTRIES_MAX).nullable();

export const allowedModels = listOf(pattern);

/** A pattern that no endpoint has would forbid in silence what it was meant to allow. */
export const allowedEndpoints = (ids: readonly string[]) =>
  listOf(
    pattern.refine((text) => ids.some((id) => new ModelPattern(text).match(id) !== null), {
      error: ({ input }) =>
        `no endpoint is called ${String(input)}; known: ${[...new Set(ids)].join(', ')}`,
    }),
  );

export const sourceNetworks = listOf(
  z
    .string()
    .trim()
    .refine((text) => isNetwork(text), {
      error: ({ input }) => `${JSON.stringify(input)} is neither an address nor a network in CIDR`,
    }),
);

/**
 * IPv4 addresses that arrive as IPv6 are judged as IPv4, so networks of such addresses would match
 * nobody; an address with a zone belongs to one link of one machine.
 */
function isNetwork(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0 || address.includes('%')) return false;
  if (family === 6 && new URL(`http://[${address}]`).hostname.startsWith('[::ffff:')) return false;
  if (prefix === undefined) return true;
  return PREFIX.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32);
}
