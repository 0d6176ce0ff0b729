import type { EntityManager } from '@mikro-orm/sqlite';
import { BUDGET_SCOPES } from '../entities/budget-scope.ts';
import type { BudgetScope } from '../entities/budget-scope.ts';
import { Pool } from '../entities/pool.ts';
import { Team } from '../entities/team.ts';
import { User } from '../entities/user.ts';
import { VirtualKey } from '../entities/virtual-key.ts';

/** Whose money it is, by id. */
export interface SubjectId {
  scope: BudgetScope;
  subjectId: string;
}

type Find = (em: EntityManager, ids: string[]) => Promise<{ id: string; name: string }[]>;

const FINDERS: Record<BudgetScope, Find> = {
  key: (em, ids) => em.find(VirtualKey, { id: { $in: ids } }),
  team: (em, ids) => em.find(Team, { id: { $in: ids } }),
  user: (em, ids) => em.find(User, { id: { $in: ids } }),
  pool: (em, ids) => em.find(Pool, { id: { $in: ids } }),
};

/** What things are called, by id: one statement. Those that are gone have no name any more. */
export async function namesOf(
  em: EntityManager,
  scope: BudgetScope,
  ids: readonly string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await FINDERS[scope](em, [...new Set(ids)]);
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** What each of them is called, in order; its id when it has no name any more. */
export async function subjectNames(
  em: EntityManager,
  subjects: readonly SubjectId[],
): Promise<string[]> {
  const names = new Map<string, string>();
  for (const wanted of BUDGET_SCOPES) {
    const its = subjects.filter(({ scope }) => scope === wanted);
    const ids = its.map(({ subjectId }) => subjectId);
    for (const [id, name] of await namesOf(em, wanted, ids)) names.set(id, name);
  }
  return subjects.map(({ subjectId }) => names.get(subjectId) ?? subjectId);
}
