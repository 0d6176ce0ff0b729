/** What an answer may be, in the order of our own preference where a caller has none. */
const ANSWERS = ['application/json', 'application/graphql-response+json'] as const;

export type MediaType = (typeof ANSWERS)[number];

/** What is meant by those that do not say: the specification's own, since 2025. */
const UNASKED: MediaType = 'application/graphql-response+json';

/** Lower is better where the weight is the same: a type that is named, then its kind, then anything. */
const RANGES: Readonly<Record<string, number>> = { 'application/*': 1, '*/*': 2 };

interface Range {
  type: string;
  weight: number;
}

/** The type that a caller likes best; null: none that we have (RFC 9110 §12.5.1). */
export function mediaTypeFor(accept: string | undefined): MediaType | null {
  if (accept === undefined || accept.trim() === '') return UNASKED;
  const ranges = accept.split(',').flatMap(rangeOf);
  const liked = ANSWERS.map((type) => ({ type, weight: weightOf(type, ranges) }))
    .filter(({ weight }) => weight > 0)
    .toSorted((left, right) => right.weight - left.weight);
  const [best, second] = liked;
  if (best === undefined) return null;
  // Of two that are liked the same, the one that is named first.
  if (second === undefined || second.weight < best.weight) return best.type;
  const named = ranges.find(({ type }) => type === best.type || type === second.type);
  return named === undefined ? best.type : (named.type as MediaType);
}

/** The most specific range decides. */
function weightOf(type: MediaType, ranges: readonly Range[]): number {
  const fitting = ranges
    .filter((range) => range.type === type || RANGES[range.type] !== undefined)
    .toSorted((left, right) => (RANGES[left.type] ?? 0) - (RANGES[right.type] ?? 0));
  return fitting[0]?.weight ?? 0;
}

/** Nothing for a range that could not be meant: another charset than ours, a weight that is none. */
function rangeOf(text: string): Range[] {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  let weight = 1;
  for (const parameter of parameters) {
    const [name, value = ''] = parameter.split('=');
    if (name === 'q') weight = Number(value);
    if (name === 'charset' && !isUtf8(value)) return [];
  }
  return weight >= 0 && weight <= 1 ? [{ type, weight }] : [];
}

export const isUtf8 = (charset: string): boolean =>
  /^"?utf-?8"?$/.test(charset.trim().toLowerCase());
