import type { Candidate, StrategyState } from './strategy.ts';

/*
 * Turns are remembered by credential, not as one position in the pool: calls for another model, or
 * another tier, see other credentials, and where two such kinds of calls alternate, one position
 * would send each kind to the same credential for ever.
 */

/** In the order given, beginning behind the one of these who had the latest turn. */
export function rotated<C extends Candidate>(ring: readonly C[], { turns }: StrategyState): C[] {
  if (turns === undefined || ring.length < 2) return [...ring];
  let start = 0;
  let latest = 0;
  for (let index = 0; index < ring.length; index += 1) {
    const turn = turns.get(ring[index]?.id ?? '') ?? 0;
    if (turn <= latest) continue;
    latest = turn;
    start = index + 1;
  }
  return [...ring.slice(start), ...ring.slice(0, start)];
}

/** Notes that it is the turn of `first`. Credentials that have left the pool are forgotten. */
export function takeTurn(
  first: Candidate | undefined,
  { all, state }: { all: readonly Candidate[]; state: StrategyState },
): void {
  if (first === undefined) return;
  state.cursor += 1;
  state.turns ??= new Map();
  state.turns.set(first.id, state.cursor);
  if (state.turns.size <= all.length) return;
  const present = new Set(all.map(({ id }) => id));
  for (const id of state.turns.keys()) if (!present.has(id)) state.turns.delete(id);
}
