import { balanceWeighted } from './balance-weighted.ts';
import { cheapest } from './cheapest.ts';
import { leastInFlight } from './least-in-flight.ts';
import { leastLatency } from './least-latency.ts';
import { priority } from './priority.ts';
import { random } from './random.ts';
import { roundRobin } from './round-robin.ts';
import { selectedThenRotate } from './selected-then-rotate.ts';
import type { Strategy } from './strategy.ts';
import { weighted } from './weighted.ts';

/** Every strategy by name. Adding one is a file and its line here. */
export const strategies: ReadonlyMap<string, Strategy> = new Map(
  [
    balanceWeighted,
    cheapest,
    leastInFlight,
    leastLatency,
    priority,
    random,
    roundRobin,
    selectedThenRotate,
    weighted,
  ].map((strategy) => [strategy.name, strategy]),
);
