import type { Random } from '../lib/random.ts';
import { swap } from './shuffle.ts';
import type { Candidate } from './strategy.ts';

/** Nobody tries more candidates than this: the others keep their places undrawn. */
const PLACES_MAX = 16;

/**
 * Draws in proportion to weight, without putting back: r uniform in [0, sum), the first candidate
 * whose cumulative weight passes r (contracts A4), then the same among the rest. Sorts `candidates`
 * itself; whoever is left alone is not drawn for. Weights are above 0.
 */
export function draw<C extends Candidate>(
  candidates: C[],
  weightOf: (candidate: C) => number,
  random: Random,
): C[] {
  const weights = Float64Array.from(candidates, weightOf);
  const places = Math.min(candidates.length - 1, PLACES_MAX);
  for (let place = 0; place < places; place += 1) {
    const drawn = drawnFrom(weights, place, random());
    swap(candidates, place, drawn);
    weights[drawn] = weights[place] ?? 0;
  }
  return candidates;
}

/** The sum is taken anew each time: beside a great weight, subtracting would lose the small ones. */
function drawnFrom(weights: Float64Array, start: number, random: number): number {
  let sum = 0;
  for (let index = start; index < weights.length; index += 1) sum += weights[index] ?? 0;
  const target = random * sum;
  let cumulative = 0;
  for (let index = start; index < weights.length; index += 1) {
    cumulative += weights[index] ?? 0;
    if (cumulative > target) return index;
  }
  return weights.length - 1;
}
