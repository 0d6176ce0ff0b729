import type { EntityManager } from '@mikro-orm/sqlite';
import type { Budget } from '../entities/budget.ts';
import { Pool } from '../entities/pool.ts';
import { VirtualKey } from '../entities/virtual-key.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { newId } from '../lib/ids.ts';
import type { KeyHasher } from '../lib/key-hasher.ts';
import { keyHint, mintVirtualKey } from '../lib/virtual-key-format.ts';
import { Secret } from '../lib/secret.ts';
import type { Actor } from './actor.ts';
import { assignGiven, nothing } from './fields.ts';
import { keyInput, rotateInput } from './key-input.ts';
import type { CreateKeyInput, RotateKeyInput, UpdateKeyInput } from './key-input.ts';
import { budgetFacts, newBudget } from './new-budget.ts';
import { perform } from './operation.ts';
import type { ServiceParts } from './operation.ts';
import { permit } from './policy.ts';
import { keyNamed, keyOnRecord, poolNamed, teamNamed, userNamed } from './subject-named.ts';

const DAY_MS = 86_400_000;

export interface KeyParts {
  hasher: KeyHasher;
  /** Of the endpoints there are; a key may be restricted to some. */
  endpointIds: readonly string[];
  /** What a key has that is made without; the budget is nano-USD in all. */
  defaults: { rpmLimit: number | null; tpmLimit: number | null; budgetNano: bigint | null };
}

/** The only time the key itself is seen: empty where the very change was asked for before. */
export interface ShownKey {
  key: string;
  virtualKey: VirtualKey;
}

export interface MadeKey extends ShownKey {
  /** Null when it has none of its own. */
  budget: Budget | null;
}

/** Virtual keys: made, listed, changed, rotated, deleted. Keys are named by id or the start of one. */
export class KeyService {
  readonly #parts: ServiceParts;
  readonly #hasher: KeyHasher;
  readonly #defaults: KeyParts['defaults'];
  readonly #input: ReturnType<typeof keyInput>;

  constructor(parts: ServiceParts, { hasher, endpointIds, defaults }: KeyParts) {
    this.#parts = parts;
    this.#hasher = hasher;
    this.#defaults = defaults;
    this.#input = keyInput(endpointIds);
  }

  /** What is absent is as the defaults say; null is none. */
  async create(actor: Actor, input: CreateKeyInput): Promise<MadeKey> {
    const { rpmLimit, tpmLimit, budgetNano } = this.#defaults;
    const asked = { actor, operation: 'createKey', schema: this.#input.create, input } as const;
    const made = await perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const { rpmLimit: rpm = rpmLimit, tpmLimit: tpm = tpmLimit } = wanted;
      const { budget: cap = budgetNano } = wanted;
      const key = mintVirtualKey();
      const { pool, userId, teamId } = await connectionsOf(tx, wanted);
      const now = new Date(this.#parts.clock.now());
      const row = tx.create(VirtualKey, {
        id: newId(),
        poolId: (pool ?? (await oldestPool(tx))).id,
        name: wanted.name,
        hash: this.#hasher.hash(key),
        hint: keyHint(key),
        isActive: true,
        expiresAt: this.#expiry(wanted.expiresInDays ?? null),
        rpmLimit: rpm,
        tpmLimit: tpm,
        concurrencyLimit: wanted.concurrencyLimit ?? null,
        userId: userId ?? null,
        teamId: teamId ?? null,
        allowedModels: wanted.allowedModels ?? null,
        allowedEndpoints: wanted.allowedEndpoints ?? null,
        sourceNetworks: wanted.sourceNetworks ?? null,
        metadata: wanted.metadata ?? {},
        previousHash: null,
        previousUntil: null,
        deletedAt: null,
        createdAt: now,
        updatedAt: now,
      });
      tx.persist(row);
      const budget = cap === null ? null : newBudget(tx, wholeLife(row.id, cap), now);
      // Told first, so that no server lets the key spend before it knows the cap.
      if (budget !== null)
        note({ type: 'budget.set', subject: budget.id, after: budgetFacts(budget) });
      note({ type: 'virtual_key.created', subject: row.id, after: facts(row) });
      return { key: new Secret(key), virtualKey: row, budget };
    });
    return shown(made);
  }

  /** Deleted ones as well. */
  async get(actor: Actor, idOrPrefix: string): Promise<VirtualKey> {
    permit(actor, 'key');
    return await keyOnRecord(this.#parts.em.fork(), idOrPrefix);
  }

  /** Newest first, deleted ones among them. */
  async list(actor: Actor): Promise<VirtualKey[]> {
    permit(actor, 'keys');
    return await this.#parts.em
      .fork()
      .find(VirtualKey, {}, { orderBy: { createdAt: 'desc', id: 'desc' } });
  }

  async update(actor: Actor, idOrPrefix: string, input: UpdateKeyInput): Promise<VirtualKey> {
    const schema = this.#input.update;
    const asked = { actor, operation: 'updateKey', schema, input, of: idOrPrefix } as const;
    return await perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const { user, team, expiresInDays, ...given } = wanted;
      const row = await keyNamed(tx, idOrPrefix);
      const { userId, teamId } = await connectionsOf(tx, { user, team });
      const before = facts(row);
      assignGiven(row, {
        ...given,
        userId,
        teamId,
        expiresAt: expiresInDays === undefined ? undefined : this.#expiry(expiresInDays),
        updatedAt: new Date(this.#parts.clock.now()),
      });
      note({ type: 'virtual_key.updated', subject: row.id, before, after: facts(row) });
      return row;
    });
  }

  /**
   * A new secret for the same key. The one before works until `previousUntil`; one that still did
   * from an earlier rotation ends now.
   */
  async rotate(actor: Actor, idOrPrefix: string, input: RotateKeyInput = {}): Promise<ShownKey> {
    const schema = rotateInput;
    const asked = { actor, operation: 'rotateKey', schema, input, of: idOrPrefix } as const;
    const made = await perform(this.#parts, asked, async ({ wanted: { overlapMs }, tx, note }) => {
      const key = mintVirtualKey();
      const row = await keyNamed(tx, idOrPrefix);
      const nowMs = this.#parts.clock.now();
      const before = facts(row);
      row.previousHash = overlapMs === undefined ? null : row.hash;
      row.previousUntil = overlapMs === undefined ? null : new Date(nowMs + overlapMs);
      row.hash = this.#hasher.hash(key);
      row.hint = keyHint(key);
      row.updatedAt = new Date(nowMs);
      note({ type: 'virtual_key.rotated', subject: row.id, before, after: facts(row) });
      return { key: new Secret(key), virtualKey: row };
    });
    return shown(made);
  }

  /** Leaves a tombstone, so that what the key did keeps its name. There is no way back. */
  async remove(actor: Actor, idOrPrefix: string): Promise<VirtualKey> {
    const asked = {
      actor,
      operation: 'deleteKey',
      schema: nothing,
      input: {},
      of: idOrPrefix,
    } as const;
    return await perform(this.#parts, asked, async ({ tx, note }) => {
      const row = await keyNamed(tx, idOrPrefix);
      const before = facts(row);
      const now = new Date(this.#parts.clock.now());
      Object.assign(row, {
        // No hash has a colon in it.
        hash: `deleted:${row.id}:${row.hash}`,
        previousHash: null,
        previousUntil: null,
        isActive: false,
        deletedAt: now,
        updatedAt: now,
      });
      note({ type: 'virtual_key.deleted', subject: row.id, before, after: facts(row) });
      return row;
    });
  }

  #expiry(days: number | null): Date | null {
    return days === null ? null : new Date(this.#parts.clock.now() + days * DAY_MS);
  }
}

/** What is kept for a repetition has no secrets. */
const shown = <T extends { key: Secret | null }>(made: T): Omit<T, 'key'> & { key: string } => ({
  ...made,
  key: made.key?.reveal() ?? '',
});

const wholeLife = (keyId: string, capNano: bigint) =>
  ({ scope: 'key', subjectId: keyId, capNano, period: 'none' }) as const;

/** What an event may say of a key: all but its hashes. */
const facts = (row: VirtualKey) => ({
  name: row.name,
  hint: row.hint,
  poolId: row.poolId,
  userId: row.userId,
  teamId: row.teamId,
  isActive: row.isActive,
  expiresAt: row.expiresAt?.toISOString() ?? null,
  rpmLimit: row.rpmLimit,
  tpmLimit: row.tpmLimit,
  concurrencyLimit: row.concurrencyLimit,
  allowedModels: row.allowedModels,
  allowedEndpoints: row.allowedEndpoints,
  sourceNetworks: row.sourceNetworks,
  metadata: row.metadata,
  previousUntil: row.previousUntil?.toISOString() ?? null,
  deletedAt: row.deletedAt?.toISOString() ?? null,
});

interface Connections {
  pool?: string | undefined;
  user?: string | null | undefined;
  team?: string | null | undefined;
}

/** What a key is tied to, by names; an error that tells of all that is not there. */
async function connectionsOf(tx: EntityManager, { pool, user, team }: Connections) {
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

async function oldestPool(tx: EntityManager): Promise<Pool> {
  const [pool] = await tx.find(Pool, {}, { orderBy: { createdAt: 'asc', id: 'asc' }, limit: 1 });
  if (pool !== undefined) return pool;
  throw new GatewayError(
    'not_found',
    'There is no pool yet: `tollgate serve` makes it at its first start.',
    { param: 'pool' },
  );
}
