import type { Member } from '../pool/member.ts';
import { strategies } from '../routing/index.ts';
import type { Admitted, DataPlane } from './handle.ts';

/** The credentials to try, in order: usable ones as the pool's strategy sorts them, so many at most. */
export function choose(
  { pool, request }: Pick<Admitted, 'pool' | 'request'>,
  { clock, random }: Pick<DataPlane, 'clock' | 'random'>,
): Member[] {
  const strategy = strategies.get(pool.strategy);
  if (strategy === undefined) throw new Error(`no strategy is called ${pool.strategy}`);
  const usable = pool.usable(request.asked.model, clock.now());
  const turn = { all: pool.members, state: pool.turn, random, minCreditNano: pool.minCreditNano };
  return strategy.order(usable, turn).slice(0, pool.policy.attemptsMax);
}
