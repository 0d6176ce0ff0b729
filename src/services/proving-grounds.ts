import type { PoolConfig } from '../config/file-schema.ts';
import { poolSchema } from '../config/pool-schema.ts';
import { Ban } from '../entities/ban.ts';
import { Budget } from '../entities/budget.ts';
import { Credential } from '../entities/credential.ts';
import { Pool } from '../entities/pool.ts';
import { VirtualKey } from '../entities/virtual-key.ts';
import { isId, newId } from '../lib/ids.ts';
import { usdFromNano } from '../lib/money.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Actor } from './actor.ts';
import type { BudgetService } from './budgets.ts';
import { upsertCredential } from './configured-credential.ts';
import type { KeyService, ShownKey } from './keys.ts';
import { change } from './operation.ts';
import type { ServiceParts } from './operation.ts';
import { policyOf } from './pool-policy-of.ts';

export interface GroundParts {
  keys: KeyService;
  budgets: BudgetService;
  sealer: Sealer;
}

/** The upstream of a proof, and the most that its key may spend. */
export interface GroundInput {
  /** As `tollgate.yaml` spells it. */
  credential: { provider: string; api_key: string; base_url: string; models: string[] };
  capNano: bigint;
}

export interface Ground extends ShownKey {
  budget: Budget;
}

const PREFIX = 'prove-';
/** Should nobody be left to remove it, the key ends by itself. */
const KEY_DAYS = 1;

/**
 * Where a proof is made: a pool with one credential, and in it one key with a hard budget and no other
 * limit. They are known by the pool's name, an id behind a prefix, which nobody chooses by chance; who
 * makes one clears all, so that what a killed process left goes with the next.
 */
export class ProvingGrounds {
  readonly #parts: ServiceParts;
  readonly #own: GroundParts;

  constructor(parts: ServiceParts, own: GroundParts) {
    this.#parts = parts;
    this.#own = own;
  }

  /** Servers hear of the pool and the budget before they hear of the key. */
  async make(actor: Actor, { credential, capNano }: GroundInput): Promise<Ground> {
    const name = `${PREFIX}${newId()}`;
    const pool = await this.#makePool(actor, configOf(name, credential));
    const { budget, ...shown } = await this.#own.keys.create(actor, {
      name,
      pool: pool.id,
      budget: usdFromNano(capNano),
      rpmLimit: null,
      tpmLimit: null,
      expiresInDays: KEY_DAYS,
    });
    if (budget === null) throw new Error('a key that is made with a budget has one');
    return { ...shown, budget };
  }

  /** Removes all there are. The keys stay as tombstones, so that what they did keeps its name. */
  async clear(actor: Actor): Promise<void> {
    const em = this.#parts.em.fork();
    const pools = await em.find(Pool, { name: { $like: `${PREFIX}%` } });
    for (const { id, name } of pools) {
      if (!isId(name.slice(PREFIX.length))) continue;
      const keys = await em.find(VirtualKey, { poolId: id });
      // Keys first: one without its budget could spend.
      for (const key of keys)
        if (key.deletedAt === null) await this.#own.keys.remove(actor, key.id);
      const subjects = { scope: 'key' as const, subjectId: { $in: keys.map((key) => key.id) } };
      for (const budget of await em.find(Budget, subjects)) {
        await this.#own.budgets.remove(actor, budget.id);
      }
      await this.#removePool(actor, id);
    }
  }

  async #makePool(actor: Actor, config: PoolConfig): Promise<Pool> {
    const createdAt = new Date(this.#parts.clock.now());
    return await change(this.#parts, actor, async (tx, note) => {
      const { name, strategy } = config;
      const stamps = { createdAt, updatedAt: createdAt };
      const row = tx.create(Pool, {
        id: newId(),
        name,
        strategy,
        policy: policyOf(config),
        selectedCredentialId: null,
        // No operator's: the next start of a server need not keep it.
        source: 'config',
        ...stamps,
      });
      tx.persist(row);
      note({ type: 'pool.created', subject: row.id, after: { name, strategy } });
      for (const wanted of config.credentials) {
        const facts = { poolId: row.id, config: wanted, providerUrl: '', createdAt };
        const { row: made } = await upsertCredential(tx, facts, this.#own.sealer);
        const after = { pool: name, name: wanted.name, provider: wanted.provider };
        note({ type: 'credential.created', subject: made.id, after });
      }
      return row;
    });
  }

  async #removePool(actor: Actor, poolId: string): Promise<void> {
    await change(this.#parts, actor, async (tx, note) => {
      for (const row of await tx.find(Credential, { poolId })) {
        await tx.nativeDelete(Ban, { credentialId: row.id });
        tx.remove(row);
        note({ type: 'credential.removed', subject: row.id, before: { name: row.name } });
      }
      for (const row of await tx.find(Pool, { id: poolId })) {
        tx.remove(row);
        note({ type: 'pool.removed', subject: row.id, before: { name: row.name } });
      }
    });
  }
}

/** Every call is sent once, and nothing but the budget stands in its way. */
const configOf = (name: string, credential: GroundInput['credential']): PoolConfig =>
  poolSchema.parse({
    name,
    attempts_max: 1,
    discover_models: false,
    unpriced: 'refuse',
    unauthorized: 'ignore',
    bans: null,
    credentials: [{ name: 'sandbox', ...credential }],
  });
