import type { EntityManager } from '@mikro-orm/sqlite';
import { Pool } from '../entities/pool.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Actor } from './actor.ts';
import type { Note } from './operation.ts';
import { termsOf } from './pool-input.ts';
import { newPool, poolFacts } from './pools.ts';

/** As the system that users' own credentials come from has it (contracts C). */
const PRESET = 'model-gateway';

/** The pool of a user's own credentials; made when it is first needed. */
export async function ownPool(
  tx: EntityManager,
  { userId }: Actor,
  { now, note }: { now: Date; note: Note },
): Promise<Pool> {
  if (userId === null) {
    const text = 'pool: say which; only users have one of their own.';
    throw new GatewayError('invalid_request', text, { param: 'pool' });
  }
  const [known] = await tx.find(
    Pool,
    { userId },
    { orderBy: { createdAt: 'asc', id: 'asc' }, limit: 1 },
  );
  if (known !== undefined) return known;
  const terms = { ...termsOf({ preset: PRESET }), name: `user-${userId}` };
  const made = newPool(tx, terms, now, userId);
  note({ type: 'pool.created', subject: made.id, after: poolFacts(made) });
  return made;
}
