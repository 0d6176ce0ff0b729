import type { Random } from '../lib/random.ts';
import { shuffle } from './shuffle.ts';
import type { Candidate } from './strategy.ts';

/** Lowest rank first, equal ranks in random order. Each rank is asked for once. */
export function ascending<C extends Candidate>(
  usable: readonly C[],
  rankOf: (candidate: C) => number | bigint,
  random: Random,
): C[] {
  if (usable.length < 2) return [...usable];
  const ranked = usable.map((candidate) => ({ candidate, rank: rankOf(candidate) }));
  ranked.sort((one, other) => (one.rank < other.rank ? -1 : Number(one.rank > other.rank)));
  let from = 0;
  for (let to = 1; to <= ranked.length; to += 1) {
    if (ranked[to]?.rank === ranked[from]?.rank) continue;
    shuffle(ranked, random, from, to);
    from = to;
  }
  return ranked.map(({ candidate }) => candidate);
}
