import type { Random } from '../lib/random.ts';

/** A draw tells so many outcomes apart with no bias worth the name, even one of 32 bits. */
const OUTCOMES_PER_DRAW = 2 ** 20;

/**
 * Fisher–Yates in place, over all of the list or `from` to before `to`. Every order is as likely.
 * What a draw leaves over once it has settled a place settles the next one, so that nine
 * candidates cost one draw; fewer than two cost none.
 */
export function shuffle(list: unknown[], random: Random, from = 0, to = list.length): void {
  let drawn = 0;
  let outcomes = 0;
  for (let count = to - from; count > 1; count -= 1) {
    if (outcomes < count) {
      drawn = random();
      outcomes = OUTCOMES_PER_DRAW;
    }
    const scaled = drawn * count;
    const picked = Math.floor(scaled);
    drawn = scaled - picked;
    outcomes /= count;
    swap(list, from + count - 1, from + picked);
  }
}

export function swap(list: unknown[], one: number, other: number): void {
  const kept = list[one];
  list[one] = list[other];
  list[other] = kept;
}
