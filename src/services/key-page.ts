import type { EntityManager } from '@mikro-orm/sqlite';
import { z } from 'zod';
import { Team } from '../entities/team.ts';
import { Pool } from '../entities/pool.ts';
import { User } from '../entities/user.ts';
import type { VirtualKeyStatus } from '../entities/virtual-key.ts';
import type { Actor } from './actor.ts';
import { reference } from './fields.ts';
import { connectionsOf } from './key-connections.ts';
import { contains, paging } from './keyset.ts';
import type { Condition } from './keyset.ts';
import { ownKeys } from './own.ts';

/** As `statusOf` judges a key. */
const STATUSES: Record<VirtualKeyStatus, string> = {
  active: 'deleted_at is null and is_active and (expires_at is null or expires_at > ?)',
  inactive: 'deleted_at is null and not is_active',
  expired: 'deleted_at is null and is_active and expires_at <= ?',
  deleted: 'deleted_at is not null',
};

const ALL = Object.keys(STATUSES) as VirtualKeyStatus[];
/** Keys that there are. */
const UNLESS_GIVEN: readonly VirtualKeyStatus[] = ALL.filter((status) => status !== 'deleted');

export const pageInput = z.strictObject({
  /** Part of the name or the hint, or the start of the id; in upper or lower case. */
  search: z.string().trim().max(255).optional(),
  /** All but deleted ones unless given. */
  status: z
    .array(z.enum(ALL))
    .min(1)
    .default([...UNLESS_GIVEN]),
  /** Each by id or name. */
  pool: reference.optional(),
  user: reference.optional(),
  team: reference.optional(),
  ...paging,
});

export type PageKeysInput = z.input<typeof pageInput>;

/** What the keys have that are asked for, as far as the actor may see them. */
export async function keysAsked(
  em: EntityManager,
  actor: Actor,
  { search = '', status, ...names }: z.output<typeof pageInput>,
  nowMs: number,
): Promise<Condition[]> {
  const where = ownKeys(actor);
  where.push({
    sql: `(${status.map((one) => STATUSES[one]).join(' or ')})`,
    values: status.flatMap((one) => (STATUSES[one].includes('?') ? [nowMs] : [])),
  });
  for (const [column, id] of Object.entries(await idsOf(em, actor, names))) {
    if (id !== undefined) where.push({ sql: `${column} = ?`, values: [id] });
  }
  if (search !== '') where.push(found(search));
  return where;
}

function found(search: string): Condition {
  const [name, hint] = [contains('name', search), contains('hint', search)];
  return {
    sql: `(${name.sql} or ${hint.sql} or instr(id, lower(?)) = 1)`,
    values: [...name.values, ...hint.values, search],
  };
}

interface Names {
  pool?: string | undefined;
  user?: string | undefined;
  team?: string | undefined;
}

interface Named {
  id: string;
  name: string;
}

/** A user is not told which pools, users and teams there are: keys of none of them are none of theirs. */
async function idsOf(em: EntityManager, { userId }: Actor, names: Names) {
  if (userId === null) {
    const { pool, userId: user, teamId } = await connectionsOf(em, names);
    return { pool_id: pool?.id, user_id: user, team_id: teamId };
  }
  const idOf = async (entity: new () => Named, text: string | undefined) => {
    if (text === undefined) return undefined;
    return (await em.findOne(entity, { $or: [{ id: text }, { name: text }] }))?.id ?? '';
  };
  return {
    pool_id: await idOf(Pool, names.pool),
    user_id: await idOf(User, names.user),
    team_id: await idOf(Team, names.team),
  };
}
