import type { EntityManager, FilterQuery } from '@mikro-orm/sqlite';
import { Budget } from '../entities/budget.ts';
import type { BudgetScope } from '../entities/budget-scope.ts';
import { Pool } from '../entities/pool.ts';
import { Team } from '../entities/team.ts';
import { User } from '../entities/user.ts';
import { VirtualKey } from '../entities/virtual-key.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Actor } from './actor.ts';
import { ownedBy } from './own.ts';

/** Someone or something that money is spent for. */
export interface Subject {
  id: string;
  name: string;
}

const ID_START = /^[0-9a-f-]{4,36}$/;

/** Whose it has to be to be found; anybody's unless given. */
interface Owner {
  userId?: string;
}

/** By id, or the start of one as long as it names one key. Deleted ones are not found any more. */
export async function keyNamed(
  tx: EntityManager,
  text: string,
  owner: Owner = {},
): Promise<VirtualKey> {
  const found = await idsThatBegin(text, (id) =>
    tx.find(VirtualKey, { id, deletedAt: null, ...owner }, { limit: 2 }),
  );
  return onlyOne(found, text, { what: 'Key', plural: 'key', param: 'id' });
}

/** As `keyNamed`, deleted ones as well: what they did is still told. */
export async function keyOnRecord(
  em: EntityManager,
  text: string,
  owner: Owner = {},
): Promise<VirtualKey> {
  const found = await idsThatBegin(text, (id) =>
    em.find(VirtualKey, { id, ...owner }, { limit: 2 }),
  );
  return onlyOne(found, text, { what: 'Key', plural: 'key', param: 'id' });
}

/** By id, or the start of one as long as it names one budget; of those that meet a condition. */
export async function budgetNamed(
  tx: EntityManager,
  text: string,
  where: FilterQuery<Budget> = {},
): Promise<Budget> {
  const found = await idsThatBegin(text, (id) =>
    tx.find(Budget, { $and: [{ id }, where] }, { limit: 2 }),
  );
  return onlyOne(found, text, { what: 'Budget', plural: 'budget', param: 'id' });
}

export const userNamed = async (tx: EntityManager, text: string, param = 'user'): Promise<User> =>
  present(await tx.findOne(User, { $or: [{ id: text }, { name: text }] }), 'user', text, param);

export const teamNamed = async (tx: EntityManager, text: string, param = 'team'): Promise<Team> =>
  present(await tx.findOne(Team, { $or: [{ id: text }, { name: text }] }), 'team', text, param);

/** The id wins: pools of the configuration may be called anything. */
export async function poolNamed(tx: EntityManager, text: string, param = 'pool'): Promise<Pool> {
  const found = (await tx.findOne(Pool, { id: text })) ?? (await tx.findOne(Pool, { name: text }));
  return present(found, 'pool', text, param);
}

const SUBJECTS: Record<BudgetScope, (tx: EntityManager, text: string) => Promise<Subject>> = {
  key: keyNamed,
  team: (tx, text) => teamNamed(tx, text, 'subject'),
  user: (tx, text) => userNamed(tx, text, 'subject'),
  pool: (tx, text) => poolNamed(tx, text, 'subject'),
};

/** A budget's subject as people name it. */
export async function subjectNamed(
  tx: EntityManager,
  scope: BudgetScope,
  text: string,
): Promise<Subject> {
  const { id, name } = await SUBJECTS[scope](tx, text);
  return { id, name };
}

/** As `subjectNamed`, deleted keys as well; a user finds itself and its keys alone. */
export async function subjectOnRecord(
  em: EntityManager,
  { scope, text, actor }: { scope: BudgetScope; text: string; actor: Actor },
): Promise<Subject> {
  if (scope === 'key') return await keyOnRecord(em, text, ownedBy(actor));
  if (actor.userId === null) return await subjectNamed(em, scope, text);
  const self = await em.findOne(User, { id: actor.userId });
  const isSelf = scope === 'user' && (self?.id === text || self?.name === text);
  return present(isSelf ? self : null, scope, text, 'subject');
}

async function idsThatBegin<T>(
  text: string,
  find: (id: { $like: string }) => Promise<T[]>,
): Promise<T[]> {
  return ID_START.test(text) ? await find({ $like: `${text}%` }) : [];
}

function onlyOne<T>(
  [row, second]: readonly T[],
  text: string,
  { what, plural, param }: { what: string; plural: string; param: string },
): T {
  if (row !== undefined && second === undefined) return row;
  const message =
    row === undefined ? `${what} not found: ${text}` : `${text} names more than one ${plural}.`;
  throw new GatewayError('not_found', message, { param });
}

function present<T>(row: T | null, what: string, text: string, param: string): T {
  if (row !== null) return row;
  throw new GatewayError('not_found', `There is no ${what} called ${text}.`, { param });
}
