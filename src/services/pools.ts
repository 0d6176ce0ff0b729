import type { EntityManager } from '@mikro-orm/sqlite';
import type { PoolTerms } from '../config/pool-schema.ts';
import { Budget } from '../entities/budget.ts';
import { Credential } from '../entities/credential.ts';
import { Pool } from '../entities/pool.ts';
import type { PoolPolicy } from '../entities/pool-policy.ts';
import { VirtualKey } from '../entities/virtual-key.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { newId } from '../lib/ids.ts';
import type { Actor } from './actor.ts';
import { poolMistakes } from './configured-pools.ts';
import type { Registries } from './configured-pools.ts';
import { nothing } from './fields.ts';
import { budgetFacts } from './new-budget.ts';
import { perform } from './operation.ts';
import type { ServiceParts } from './operation.ts';
import { ownedBy } from './own.ts';
import { permit } from './policy.ts';
import { createInput, policyWith, termsOf, updateInput } from './pool-input.ts';
import type { CreatePoolInput, UpdatePoolInput } from './pool-input.ts';
import { policyOf } from './pool-policy-of.ts';
import { removeCredential } from './removed-credential.ts';
import { poolNamed } from './subject-named.ts';
import { claimingName } from './unique-name.ts';

const OLDEST_FIRST = { orderBy: { createdAt: 'asc', id: 'asc' } } as const;

/** Pools: made, listed, changed, deleted. They are named by id or name. */
export class PoolService {
  readonly #parts: ServiceParts;
  readonly #registries: Registries;

  constructor(parts: ServiceParts, registries: Registries) {
    this.#parts = parts;
    this.#registries = registries;
  }

  /** Oldest first; for a user their own. */
  async list(actor: Actor): Promise<Pool[]> {
    permit(actor, 'pools');
    return await this.#parts.em.fork().find(Pool, ownedBy(actor), OLDEST_FIRST);
  }

  async get(actor: Actor, idOrName: string): Promise<Pool> {
    permit(actor, 'pool');
    return await poolFor(this.#parts.em.fork(), actor, idOrName);
  }

  async byIds(ids: readonly string[]): Promise<Pool[]> {
    return await this.#parts.em.fork().find(Pool, { id: { $in: [...ids] } });
  }

  async create(actor: Actor, input: CreatePoolInput): Promise<Pool> {
    const asked = { actor, operation: 'createPool', schema: createInput, input } as const;
    const made = perform(this.#parts, asked, ({ wanted, tx, note }) => {
      const terms = termsOf(wanted);
      const row = newPool(tx, { ...terms, name: wanted.name }, new Date(this.#parts.clock.now()));
      this.#assertSound(row, []);
      note({ type: 'pool.created', subject: row.id, after: poolFacts(row) });
      return Promise.resolve(row);
    });
    return await claimingName('pool', made);
  }

  /** Each field of the policy that is given replaces the one there was, whole. */
  async update(actor: Actor, idOrName: string, input: UpdatePoolInput): Promise<Pool> {
    const schema = updateInput;
    const asked = { actor, operation: 'updatePool', schema, input, of: idOrName } as const;
    const changed = perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const row = await poolFor(tx, actor, idOrName);
      assertOperators(row);
      const before = poolFacts(row);
      const { name = row.name, preset, strategy } = wanted;
      row.policy = policyWith(row.policy, wanted);
      row.strategy = preset === undefined ? (strategy ?? row.strategy) : termsOf(wanted).strategy;
      row.name = name;
      row.updatedAt = new Date(this.#parts.clock.now());
      this.#assertSound(row, await tx.find(Credential, { poolId: row.id, deletedAt: null }));
      note({ type: 'pool.updated', subject: row.id, before, after: poolFacts(row) });
      return row;
    });
    return await claimingName('pool', changed);
  }

  /** With its credentials and its budget. Not while keys could still call it. */
  async remove(actor: Actor, idOrName: string): Promise<Pool> {
    const asked = {
      actor,
      operation: 'deletePool',
      schema: nothing,
      input: {},
      of: idOrName,
    } as const;
    return await perform(this.#parts, asked, async ({ tx, note }) => {
      const pool = await poolFor(tx, actor, idOrName);
      assertOperators(pool);
      const { id: poolId } = pool;
      const keys = await tx.count(VirtualKey, { poolId, deletedAt: null });
      if (keys > 0) throw inUse(pool, keys);
      const now = new Date(this.#parts.clock.now());
      const credentials = await tx.find(Credential, { poolId, deletedAt: null }, OLDEST_FIRST);
      for (const credential of credentials) {
        await removeCredential(tx, { credential, pool, now, by: actor.name }, note);
      }
      for (const budget of await tx.find(Budget, { scope: 'pool', subjectId: poolId })) {
        note({ type: 'budget.removed', subject: budget.id, before: budgetFacts(budget) });
        tx.remove(budget);
      }
      note({ type: 'pool.removed', subject: poolId, before: poolFacts(pool) });
      tx.remove(pool);
      return pool;
    });
  }

  #assertSound({ strategy, policy }: Pool, credentials: readonly Credential[]): void {
    const judged = {
      strategy,
      models: policy.models.map(ruleOf),
      credentials: credentials.map(({ name, provider, baseUrl }) => ({
        name,
        provider,
        base_url: baseUrl,
      })),
    };
    const mistakes = poolMistakes([judged], this.#registries).map((text) =>
      text.replace('pools[0].', '').replace(/^models/, 'policy.models'),
    );
    const [first] = mistakes;
    if (first === undefined) return;
    const param = first.slice(0, first.indexOf(':'));
    throw new GatewayError('invalid_request', mistakes.join('; '), { param });
  }
}

/** By id or name; a user's own alone. */
export async function poolFor(tx: EntityManager, actor: Actor, text: string): Promise<Pool> {
  const pool = await poolNamed(tx, text);
  if (actor.userId === null || pool.userId === actor.userId) return pool;
  throw new GatewayError('not_found', `There is no pool called ${text}.`, { param: 'pool' });
}

/** A pool of an operator's, or of a user's own. */
export function newPool(
  tx: EntityManager,
  terms: PoolTerms,
  now: Date,
  userId: string | null = null,
): Pool {
  const row = tx.create(Pool, {
    id: newId(),
    name: terms.name,
    strategy: terms.strategy,
    policy: policyOf(terms),
    selectedCredentialId: null,
    source: 'operator',
    userId,
    createdAt: now,
    updatedAt: now,
  });
  tx.persist(row);
  return row;
}

/** What an event says of a pool. */
export const poolFacts = ({ name, strategy, policy, userId }: Pool) => ({
  name,
  strategy,
  policy,
  userId,
});

const ruleOf = ({ name, upstream, provider, credentials }: PoolPolicy['models'][number]) => ({
  name,
  upstream: upstream ?? undefined,
  provider: provider ?? undefined,
  credentials: credentials ?? undefined,
});

function assertOperators({ name, source }: Pool): void {
  if (source === 'operator') return;
  throw new GatewayError(
    'conflict',
    `The pool ${name} follows the configuration: change tollgate.yaml and start the server again.`,
    { param: 'id' },
  );
}

const inUse = ({ name }: Pool, keys: number): GatewayError =>
  new GatewayError(
    'conflict',
    `${keys} virtual key(s) still call the pool ${name}: delete them first.`,
    { param: 'id' },
  );
