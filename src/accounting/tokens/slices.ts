/**
 * Tokenizers take a word, or a run of signs, at a time, and time that grows with the square of its length:
 * none is longer than a slice. A multiple of three, as digits are taken by threes.
 */
const SLICE_CHARS_MAX = 255;
/** A slice is cut between words if there is such a place behind so much of it. */
const SLICE_CHARS_MIN = 127;

/**
 * As far as the last place where every tokenizer cuts anyway: before a blank, and behind a word or a
 * number that no mark, apostrophe or further letter continues.
 */
const TO_LAST_CUT = /^[^]*(?:[\p{L}\p{N}](?=[^\p{L}\p{N}\p{M}'])|\S(?= ))/u;

/**
 * A text in pieces that can be tokenized one by one. They have together the tokens of the whole, but for
 * one or two more where a piece ends within a run of letters or signs that is longer than itself.
 */
export function* slicesOf(text: string): Generator<string, void, undefined> {
  let start = 0;
  while (text.length - start > SLICE_CHARS_MAX) {
    const end = endAfter(text, start);
    yield text.slice(start, end);
    start = end;
  }
  if (start < text.length) yield text.slice(start);
}

function endAfter(text: string, start: number): number {
  const from = start + SLICE_CHARS_MIN;
  // One more, since a cut depends on what follows it.
  const found = TO_LAST_CUT.exec(text.slice(from, start + SLICE_CHARS_MAX + 1));
  if (found !== null) return from + found[0].length;
  const end = start + SLICE_CHARS_MAX;
  return isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end;
}

/** The first half of a character: a slice must not end with it. */
const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
