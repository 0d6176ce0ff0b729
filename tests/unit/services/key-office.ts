import { BudgetBook } from '../../../src/accounting/budgets/budget-book.ts';
import type { BudgetState } from '../../../src/accounting/budgets/terms.ts';
import { Limits } from '../../../src/accounting/limits.ts';
import { EventFeed } from '../../../src/events/feed.ts';
import { VirtualKeys } from '../../../src/proxy/virtual-keys.ts';
import { CLI } from '../../../src/services/actor.ts';
import type { Actor } from '../../../src/services/actor.ts';
import type { CreateKeyInput } from '../../../src/services/key-input.ts';
import { KeyChanges } from '../../../src/services/key-changes.ts';
import { KeyChecks } from '../../../src/services/key-check.ts';
import { LimitLeases } from '../../../src/services/limit-leases.ts';
import { aBudget } from '../accounting/budgets/fixture.ts';
import { aCredential, openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';

export const VIEWER: Actor = { name: 'token:looker', role: 'viewer', userId: null };
export const OPERATOR: Actor = { name: 'token:runner', role: 'operator', userId: null };

/** The control plane with the keys, limits and budgets that a data plane has in memory. */
export interface KeyOffice extends Office {
  keys: VirtualKeys;
  limits: Limits;
  budgets: BudgetBook;
  checks: KeyChecks;
  changes: KeyChanges;
  /** At most `max` may be open. */
  leases(max?: number): LimitLeases;
  make(input?: Partial<CreateKeyInput>): Promise<{ secret: string; id: string }>;
  put(budget: Partial<BudgetState>): string;
}

export async function openKeyOffice(): Promise<KeyOffice> {
  const office = await openOffice();
  const { space, clock } = office;
  await office.configure([{ name: 'main', credentials: [aCredential('one')] }]);
  const { events, orm } = space;
  const keys = new VirtualKeys(orm.em, space.hasher);
  const limits = new Limits();
  const budgets = new BudgetBook(() => undefined);
  events.subscribe('virtual_key.', ({ subject }) => keys.reload(subject));
  for (const owner of ['user.', 'team.']) {
    events.subscribe(owner, ({ subject }) => keys.reloadOwner(subject));
  }
  await keys.load();
  const feed = new EventFeed({ em: orm.em, events });
  const parts = { clock, keys, limits, budgets };
  return {
    ...office,
    keys,
    limits,
    budgets,
    checks: new KeyChecks({ ...parts, unpricedEndpoints: new Set(['batches.create']) }),
    changes: new KeyChanges({ clock, keys, events, feed }),
    leases: (max) => new LimitLeases(parts, max),
    async make(input = {}) {
      const { key, virtualKey } = await space.keys.create(CLI, { name: 'one', ...input });
      return { secret: key, id: virtualKey.id };
    },
    put(fields) {
      const budget = aBudget({ period: 'none', ...fields });
      budgets.put(budget, clock.now());
      return budget.id;
    },
  };
}
