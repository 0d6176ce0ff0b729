import { balanceWeighted } from './balance-weighted.ts';
import { roundRobin } from './round-robin.ts';
import type { Strategy } from './strategy.ts';

/** Every strategy by name. Adding one is a file and its line here. */
export const strategies: ReadonlyMap<string, Strategy> = new Map(
  [balanceWeighted, roundRobin].map((strategy) => [strategy.name, strategy]),
);
