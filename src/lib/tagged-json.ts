import { Secret } from './secret.ts';

const BIGINT = '$bigint';
const DATE = '$date';

/** JSON that dates and big integers survive; secrets become null. */
export const taggedJson = (value: unknown): string => JSON.stringify(tagged(value));

/** What `taggedJson` was given, as plain objects. */
export const fromTaggedJson = (text: string): unknown =>
  JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    const { [BIGINT]: digits, [DATE]: time } = value as Record<string, unknown>;
    if (typeof digits === 'string') return BigInt(digits);
    return typeof time === 'string' ? new Date(time) : value;
  });

/** Own properties, not what `toJSON` would say: entities tell more there than they hold, or less. */
function tagged(value: unknown): unknown {
  if (typeof value === 'bigint') return { [BIGINT]: String(value) };
  if (value instanceof Date) return { [DATE]: value.toISOString() };
  if (value instanceof Secret) return null;
  if (Array.isArray(value)) return value.map(tagged);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, tagged(one)]));
}
