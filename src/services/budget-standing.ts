import type { EntityManager } from '@mikro-orm/sqlite';
import { periodOf } from '../accounting/budgets/period.ts';
import type { BudgetScope } from '../entities/budget-scope.ts';
import type { Budget } from '../entities/budget.ts';
import { Pool } from '../entities/pool.ts';
import { Team } from '../entities/team.ts';
import { User } from '../entities/user.ts';
import { VirtualKey } from '../entities/virtual-key.ts';
import { takenIn } from './spend.ts';
import type { SpendRange, Taken } from './spend.ts';

/** A budget with what its current period has taken, by the store. Nano-USD. */
export interface BudgetStanding {
  budget: Budget;
  /** Its id when it has no name any more. */
  subject: string;
  startMs: number;
  /** Null when it never resets. */
  resetsAtMs: number | null;
  settledNano: bigint;
  heldNano: bigint;
  /** Negative when more was spent than the cap. */
  remainingNano: bigint;
}

export interface HoldExplained {
  /** The request id. */
  id: string;
  key: string;
  model: string;
  amountNano: bigint;
  ageMs: number;
}

export interface BudgetExplained extends BudgetStanding {
  /** Oldest first. */
  holds: HoldExplained[];
  /** What was settled, added up anew from the records. */
  recordedNano: bigint;
  isEqual: boolean;
}

export async function standingOf(
  em: EntityManager,
  budget: Budget,
  nowMs: number,
): Promise<BudgetStanding> {
  const range = rangeOf(budget, nowMs);
  return await standing(em, budget, range, await takenIn(em, range, { isProved: false }));
}

export async function explained(
  em: EntityManager,
  budget: Budget,
  nowMs: number,
): Promise<BudgetExplained> {
  const range = rangeOf(budget, nowMs);
  const taken = await takenIn(em, range, { isProved: true });
  const { holds, recordedNano, settledNano } = taken;
  const keys = await em.find(VirtualKey, { id: { $in: holds.map(({ keyId }) => keyId) } });
  const names = new Map(keys.map(({ id, name }) => [id, name]));
  return {
    ...(await standing(em, budget, range, taken)),
    holds: holds.map(({ id, keyId, model, amountNano, createdAtMs }) => ({
      id,
      key: names.get(keyId) ?? keyId,
      model,
      amountNano,
      ageMs: Math.max(0, nowMs - createdAtMs),
    })),
    recordedNano,
    isEqual: recordedNano === settledNano,
  };
}

function rangeOf({ scope, subjectId, period, zone }: Budget, nowMs: number): SpendRange {
  return { scope, subjectId, ...periodOf(period, zone, nowMs) };
}

async function standing(
  em: EntityManager,
  budget: Budget,
  range: SpendRange,
  { settledNano, holds }: Taken,
): Promise<BudgetStanding> {
  const heldNano = holds.reduce((sum, { amountNano }) => sum + amountNano, 0n);
  return {
    budget,
    subject: await nameOf(em, range),
    startMs: range.startMs,
    resetsAtMs: Number.isFinite(range.endMs) ? range.endMs : null,
    settledNano,
    heldNano,
    remainingNano: budget.capNano - settledNano - heldNano,
  };
}

const NAMES: Record<BudgetScope, (em: EntityManager, id: string) => Promise<string | undefined>> = {
  key: async (em, id) => (await em.findOne(VirtualKey, { id }))?.name,
  team: async (em, id) => (await em.findOne(Team, { id }))?.name,
  user: async (em, id) => (await em.findOne(User, { id }))?.name,
  pool: async (em, id) => (await em.findOne(Pool, { id }))?.name,
};

const nameOf = async (em: EntityManager, { scope, subjectId }: SpendRange): Promise<string> =>
  (await NAMES[scope](em, subjectId)) ?? subjectId;
