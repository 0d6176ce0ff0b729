import DataLoader from 'dataloader';
import type { Budget } from '../entities/budget.ts';
import type { Price } from '../entities/price.ts';
import type { Team } from '../entities/team.ts';
import type { User } from '../entities/user.ts';
import type { Actor } from '../services/actor.ts';
import type { BudgetStanding } from '../services/budget-standing.ts';
import type { ControlPlane } from '../services/control-plane.ts';
import type { SubjectId } from '../services/subject-names.ts';
import { createPoolLoaders } from './pool-loaders.ts';
import type { PoolLoaders } from './pool-loaders.ts';
import { createUsageLoaders } from './usage-loaders.ts';
import type { UsageLoaders } from './usage-loaders.ts';

/** Looked up again when it is asked for again: a change may lie between, or a subscription go on for long. */
const FRESH = { cache: false } as const;

/** Batched lookups of one operation, so that a list of n things takes one statement and not n. */
export interface Loaders extends UsageLoaders, PoolLoaders {
  user: DataLoader<string, User | null>;
  team: DataLoader<string, Team | null>;
  poolName: DataLoader<string, string | null>;
  /** Null when it was removed. */
  budget: DataLoader<string, Budget | null>;
  budgetsOf: DataLoader<SubjectId, Budget[]>;
  /** Of a budget's subject. */
  subjectName: DataLoader<SubjectId, string>;
  standing: DataLoader<Budget, BudgetStanding>;
  price: DataLoader<string, Price | null>;
}

/** What is looked up here belongs to things that the actor was shown. */
export function createLoaders(services: ControlPlane, actor: Actor): Loaders {
  const { users, teams, keys, budgets, prices } = services;
  return {
    ...createUsageLoaders(services),
    ...createPoolLoaders(services),
    user: new DataLoader(async (ids) => inOrder(ids, await users.byIds(ids)), FRESH),
    team: new DataLoader(async (ids) => inOrder(ids, await teams.byIds(ids)), FRESH),
    poolName: new DataLoader(async (ids) => {
      const names = await keys.poolNames(actor, ids);
      return ids.map((id) => names.get(id) ?? null);
    }),
    budget: new DataLoader(async (ids) => inOrder(ids, await budgets.byIds(actor, ids)), FRESH),
    budgetsOf: new DataLoader((subjects) => budgets.ofEach(actor, subjects), FRESH),
    subjectName: new DataLoader((subjects) => budgets.subjectNames(actor, subjects), FRESH),
    standing: new DataLoader((some) => budgets.standings(actor, some), FRESH),
    price: new DataLoader(async (ids) => inOrder(ids, await prices.byIds(ids)), FRESH),
  };
}

function inOrder<T extends { id: string }>(ids: readonly string[], rows: T[]): (T | null)[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}
