import type { EntityManager } from '@mikro-orm/sqlite';
import { z } from 'zod';
import { Pool } from '../entities/pool.ts';
import { VirtualKey } from '../entities/virtual-key.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { newId } from '../lib/ids.ts';
import type { KeyHasher } from '../lib/key-hasher.ts';
import { keyHint, mintVirtualKey } from '../lib/virtual-key-format.ts';
import { change, validated } from './operation.ts';
import type { Actor, ServiceParts } from './operation.ts';

const DAY_MS = 86_400_000;

const name = z.string().trim().min(1).max(255);
const rpmLimit = z.number().int().min(1).max(1_000_000).nullable();
const expiresInDays = z.number().int().min(1).max(36_500).nullable();

const createInput = z.strictObject({
  name,
  /** Name of the pool; the oldest one unless given. */
  pool: z.string().optional(),
  rpmLimit: rpmLimit.default(null),
  expiresInDays: expiresInDays.default(null),
});

/** Absent fields stay as they are; null lifts a limit or an expiry. */
const updateInput = z.strictObject({
  name: name.optional(),
  rpmLimit: rpmLimit.optional(),
  expiresInDays: expiresInDays.optional(),
  isActive: z.boolean().optional(),
});

export type CreateKeyInput = z.input<typeof createInput>;
export type UpdateKeyInput = z.input<typeof updateInput>;

/** Virtual keys: made, listed, changed. */
export class KeyService {
  readonly #parts: ServiceParts;
  readonly #hasher: KeyHasher;

  constructor(parts: ServiceParts, hasher: KeyHasher) {
    this.#parts = parts;
    this.#hasher = hasher;
  }

  /** The only time the key itself is seen. */
  async create(
    actor: Actor,
    input: CreateKeyInput,
  ): Promise<{ key: string; virtualKey: VirtualKey }> {
    const wanted = validated(createInput, input);
    const key = mintVirtualKey();
    const virtualKey = await change(this.#parts, actor, async (tx, note) => {
      const now = new Date(this.#parts.clock.now());
      const row = tx.create(VirtualKey, {
        id: newId(),
        poolId: (await poolNamed(tx, wanted.pool)).id,
        name: wanted.name,
        hash: this.#hasher.hash(key),
        hint: keyHint(key),
        isActive: true,
        expiresAt: this.#expiry(wanted.expiresInDays),
        rpmLimit: wanted.rpmLimit,
        createdAt: now,
        updatedAt: now,
      });
      tx.persist(row);
      note({ type: 'virtual_key.created', subject: row.id, after: facts(row) });
      return row;
    });
    return { key, virtualKey };
  }

  /** Newest first. */
  list(): Promise<VirtualKey[]> {
    return this.#parts.em
      .fork()
      .find(VirtualKey, {}, { orderBy: { createdAt: 'desc', id: 'desc' } });
  }

  /** `idOrPrefix` may be the start of an id, as long as it names one key. */
  async update(actor: Actor, idOrPrefix: string, input: UpdateKeyInput): Promise<VirtualKey> {
    const wanted = validated(updateInput, input);
    return await change(this.#parts, actor, async (tx, note) => {
      const row = await keyNamed(tx, idOrPrefix);
      const before = facts(row);
      if (wanted.name !== undefined) row.name = wanted.name;
      if (wanted.rpmLimit !== undefined) row.rpmLimit = wanted.rpmLimit;
      if (wanted.expiresInDays !== undefined) row.expiresAt = this.#expiry(wanted.expiresInDays);
      if (wanted.isActive !== undefined) row.isActive = wanted.isActive;
      row.updatedAt = new Date(this.#parts.clock.now());
      note({ type: 'virtual_key.updated', subject: row.id, before, after: facts(row) });
      return row;
    });
  }

  #expiry(days: number | null): Date | null {
    return days === null ? null : new Date(this.#parts.clock.now() + days * DAY_MS);
  }
}

/** What an event may say of a key: all but its hash. */
function facts({ name: label, poolId, isActive, expiresAt, rpmLimit: rpm }: VirtualKey) {
  return {
    name: label,
    poolId,
    isActive,
    expiresAt: expiresAt?.toISOString() ?? null,
    rpmLimit: rpm,
  };
}

async function poolNamed(tx: EntityManager, wanted: string | undefined): Promise<Pool> {
  const where = wanted === undefined ? {} : { name: wanted };
  const [pool] = await tx.find(Pool, where, { orderBy: { createdAt: 'asc', id: 'asc' }, limit: 1 });
  if (pool !== undefined) return pool;
  throw new GatewayError(
    'not_found',
    wanted === undefined
      ? 'There is no pool yet: `tollgate serve` makes it at its first start.'
      : `There is no pool called ${wanted}.`,
    {
      param: 'pool',
    },
  );
}

async function keyNamed(tx: EntityManager, idOrPrefix: string): Promise<VirtualKey> {
  const isPlain = /^[0-9a-f-]{4,36}$/.test(idOrPrefix);
  const found = isPlain
    ? await tx.find(VirtualKey, { id: { $like: `${idOrPrefix}%` } }, { limit: 2 })
    : [];
  const [row, second] = found;
  if (row !== undefined && second === undefined) return row;
  const text =
    second === undefined
      ? `Key not found: ${idOrPrefix}`
      : `${idOrPrefix} names more than one key.`;
  throw new GatewayError('not_found', text, { param: 'id' });
}
