import type { EntityManager } from '@mikro-orm/sqlite';
import { Pool } from '../entities/pool.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Actor } from './actor.ts';
import { deny } from './key-rights.ts';
import { poolNamed, teamNamed, userNamed } from './subject-named.ts';

interface Connections {
  pool?: string | undefined;
  user?: string | null | undefined;
  team?: string | null | undefined;
}

/** What a key is tied to, by names; an error that tells of all that is not there. */
export async function connectionsOf(tx: EntityManager, { pool, user, team }: Connections) {
  const missing: GatewayError[] = [];
  const found = async <T>(text: string | null | undefined, find: (name: string) => Promise<T>) => {
    if (text === undefined || text === null) return text;
    try {
      return await find(text);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      missing.push(error);
      return undefined;
    }
  };
  const connections = {
    pool: await found(pool, (text) => poolNamed(tx, text)),
    userId: await found(user, async (text) => (await userNamed(tx, text)).id),
    teamId: await found(team, async (text) => (await teamNamed(tx, text)).id),
  };
  const [first] = missing;
  if (first === undefined) return connections;
  const text = missing.map(({ message }) => message).join(' ');
  throw new GatewayError('not_found', text, { param: first.param ?? '' });
}

/** What a new key is tied to. Users make keys for themselves, of pools of their own, without budgets. */
export async function newConnectionsOf(
  tx: EntityManager,
  { userId }: Actor,
  given: Connections & { budget?: bigint | null | undefined },
): Promise<{ poolId: string; userId: string | null; teamId: string | null }> {
  if (userId === null) {
    const { pool, userId: owner, teamId } = await connectionsOf(tx, given);
    const { id: poolId } = pool ?? (await oldestPool(tx));
    return { poolId, userId: owner ?? null, teamId: teamId ?? null };
  }
  const { id, name } = await userNamed(tx, userId);
  const { user = id, team = null, budget } = given;
  deny([
    ...(user === id || user === name ? [] : ['user']),
    ...(team === null ? [] : ['team']),
    ...(budget === undefined ? [] : ['budget']),
  ]);
  const { id: poolId } = await ownPool(tx, userId, given.pool);
  return { poolId, userId, teamId: null };
}

/** By id or name; the oldest one unless given. */
async function ownPool(tx: EntityManager, userId: string, text?: string): Promise<Pool> {
  const named = text === undefined ? {} : { $or: [{ id: text }, { name: text }] };
  const [pool] = await tx.find(Pool, { userId, ...named }, OLDEST);
  if (pool !== undefined) return pool;
  const isAny = text !== undefined && (await tx.findOne(Pool, { userId })) !== null;
  const message = isAny
    ? `There is no pool called ${text}.`
    : 'You have no pool yet: add a credential first.';
  throw new GatewayError('not_found', message, { param: 'pool' });
}

/** Of the operators' own: what users have made serves them alone unless it is named. */
async function oldestPool(tx: EntityManager): Promise<Pool> {
  const [pool] = await tx.find(Pool, { userId: null }, OLDEST);
  if (pool !== undefined) return pool;
  throw new GatewayError(
    'not_found',
    'There is no pool yet: `tollgate serve` makes it at its first start.',
    { param: 'pool' },
  );
}

const OLDEST = { orderBy: { createdAt: 'asc', id: 'asc' }, limit: 1 } as const;
