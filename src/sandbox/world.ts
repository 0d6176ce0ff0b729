import type { Clock } from '../lib/clock.ts';
import { Account } from './credits.ts';
import { FaultPlan } from './faults/plan.ts';
import type { SandboxCredential } from './fleet.ts';
import { WitnessLog } from './witness.ts';

/** All state of one running sandbox. */
export interface World {
  clock: Clock;
  accounts: readonly Account[];
  accountByAuthorization: ReadonlyMap<string, Account>;
  accountByName: ReadonlyMap<string, Account>;
  witness: WitnessLog;
  faults: FaultPlan;
  defaults: { chunks: number; paceMs: number };
  /** Gives 1, 2, 3, … */
  nextCallId: () => number;
}

export function createWorld(
  credentials: readonly SandboxCredential[],
  clock: Clock,
  defaults: { chunks: number; paceMs: number },
): World {
  const accounts = credentials.map((credential) => new Account(credential));
  let calls = 0;
  return {
    clock,
    accounts,
    accountByAuthorization: new Map(accounts.map((each) => [`Bearer ${each.key}`, each])),
    accountByName: new Map(accounts.map((each) => [each.name, each])),
    witness: new WitnessLog(clock),
    faults: new FaultPlan(),
    defaults,
    nextCallId: () => (calls += 1),
  };
}
