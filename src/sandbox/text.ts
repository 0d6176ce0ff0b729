const WORDS = (
  'amber anchor autumn basin beacon birch bridge calm canyon cedar circle cloud clover copper coral ' +
  'crystal dawn delta drift ember falcon fern field garden glacier granite harbor hazel horizon ' +
  'island ivory jasper juniper lantern lily maple meadow mist moss north ocean olive orchard pebble ' +
  'pine prairie quartz quiet rain raven reef ridge river rowan saffron sage shore silver spruce ' +
  'stone summit thistle tide timber valley velvet violet willow winter'
).split(' ');

/** FNV-1a over UTF-16 units, 32 bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** A repeatable stream of 32-bit numbers (xorshift32); the same seed gives the same stream. */
export function numbersFrom(seed: number): () => number {
  let state = seed === 0 ? 0x9e3779b9 : seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** A sentence in `count` pieces, one word each; joined they read as text. Pure ASCII. */
export function sentencePieces(seed: number, count: number): string[] {
  const next = numbersFrom(seed);
  const pieces: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const word = WORDS[next() % WORDS.length] ?? 'stone';
    const start = index === 0 ? word[0]?.toUpperCase() + word.slice(1) : ` ${word}`;
    pieces.push(index === count - 1 ? `${start}.` : start);
  }
  return pieces;
}

/** Cuts pieces so that together they have at most `bytesMax` bytes; they must be ASCII. */
export function cutPieces(pieces: readonly string[], bytesMax: number): string[] {
  const kept: string[] = [];
  let room = bytesMax;
  for (const piece of pieces) {
    if (room <= 0) break;
    kept.push(piece.slice(0, room));
    room -= piece.length;
  }
  return kept;
}

/** `text` in at most `count` pieces of equal length. */
export function splitText(text: string, count: number): string[] {
  const size = Math.max(1, Math.ceil(text.length / Math.max(1, count)));
  const pieces: string[] = [];
  for (let start = 0; start < text.length; start += size)
    pieces.push(text.slice(start, start + size));
  return pieces;
}
