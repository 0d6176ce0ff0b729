import type { Candidate, Strategy } from './strategy.ts';

/**
 * Draws in proportion to the balance: r uniform in [0, sum), the first candidate whose cumulative
 * balance passes r (contracts A4). Credentials at or below the minimum credit are left out, as are
 * those whose balance is not known yet. Fail-over order is a further draw among the rest.
 */
export const balanceWeighted: Strategy = {
  name: 'balance_weighted',
  order(usable, { random, minCreditNano }) {
    const left = usable.filter(
      (candidate) => candidate.balanceNano !== null && candidate.balanceNano > minCreditNano,
    );
    const ordered: typeof left = [];
    while (left.length > 0) {
      const [drawn] = left.splice(draw(left, random()), 1);
      if (drawn !== undefined) ordered.push(drawn);
    }
    return ordered;
  },
};

function draw(candidates: readonly Candidate[], random: number): number {
  // Doubles are exact enough for a draw; money itself stays bigint.
  const weights = candidates.map((candidate) => Number(candidate.balanceNano ?? 0n));
  const target = random * weights.reduce((sum, weight) => sum + weight, 0);
  let cumulative = 0;
  for (const [index, weight] of weights.entries()) {
    cumulative += weight;
    if (cumulative > target) return index;
  }
  return candidates.length - 1;
}
