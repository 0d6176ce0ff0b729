import type { Clock } from '../lib/clock.ts';
import { ApiError } from './api-error.ts';
import { Connections } from './connections.ts';
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
  connections: Connections;
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
    connections: new Connections(),
    defaults,
    nextCallId: () => (calls += 1),
  };
}

/** Throws ApiError 404. */
export function accountNamed(world: World, name: string): Account {
  const account = world.accountByName.get(name);
  if (account === undefined) throw new ApiError(404, `There is no credential '${name}'.`);
  return account;
}
