import type { Random } from '../../lib/random.ts';

/** Some texts, or parts of them that stand for all. */
export interface Sample {
  readonly texts: readonly string[];
  readonly chars: number;
  /** What a count of it is to be multiplied with. */
  readonly scale: number;
}

/** So many that the whole is known to a few percent, however different its parts are. */
const PARTS = 64;

/**
 * At most so much of some texts: all, or parts spread evenly over them. Each is at a random place of its
 * own stretch, so that nobody can tell what is not looked at.
 */
export function sampleOf(texts: readonly string[], charsMax: number, random: Random): Sample {
  const total = lengthOf(texts);
  if (total <= charsMax) return { texts, chars: total, scale: 1 };
  const stretch = total / PARTS;
  const size = charsMax / PARTS;
  const parts = Array.from({ length: PARTS }, (_each, part) => {
    const start = Math.floor(part * stretch + random() * (stretch - size));
    return { start, end: start + Math.floor(size) };
  });
  const picked = pick(texts, parts);
  const chars = lengthOf(picked);
  return { texts: picked, chars, scale: total / chars };
}

interface Part {
  readonly start: number;
  readonly end: number;
}

/** What of the texts, one behind the other, is in these parts, which are in order. */
function pick(texts: readonly string[], parts: readonly Part[]): string[] {
  const picked: string[] = [];
  let offset = 0;
  let next = 0;
  for (const text of texts) {
    const end = offset + text.length;
    for (; (parts[next]?.start ?? Infinity) < end; next += 1) {
      const part = parts[next];
      if (part === undefined) break;
      picked.push(text.slice(Math.max(0, part.start - offset), part.end - offset));
      if (part.end > end) break;
    }
    offset = end;
  }
  return picked;
}

const lengthOf = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + text.length, 0);
