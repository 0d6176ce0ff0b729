import type { Budget } from '../entities/budget.ts';
import { statusOf, VirtualKey } from '../entities/virtual-key.ts';
import type { VirtualKeyStatus } from '../entities/virtual-key.ts';
import { newId } from '../lib/ids.ts';
import type { KeyHasher } from '../lib/key-hasher.ts';
import { keyHint, mintVirtualKey } from '../lib/virtual-key-format.ts';
import { Secret } from '../lib/secret.ts';
import type { Actor } from './actor.ts';
import { assignGiven, nothing } from './fields.ts';
import { connectionsOf, newConnectionsOf } from './key-connections.ts';
import { keyFacts } from './key-facts.ts';
import { keyInput, rotateInput } from './key-input.ts';
import type { CreateKeyInput, RotateKeyInput, UpdateKeyInput } from './key-input.ts';
import { keysAsked, pageInput } from './key-page.ts';
import type { PageKeysInput } from './key-page.ts';
import { assertDecides } from './key-rights.ts';
import { bury, unbury } from './key-tombstone.ts';
import { pageOf, placesOf } from './keyset.ts';
import { budgetFacts, newBudget } from './new-budget.ts';
import { perform, validated } from './operation.ts';
import type { ServiceParts } from './operation.ts';
import { ownedBy } from './own.ts';
import type { Page } from './page.ts';
import { permit } from './policy.ts';
import type { Reader } from './reader/reader.ts';
import { keyNamed, keyOnRecord } from './subject-named.ts';
import { namesOf } from './subject-names.ts';

const DAY_MS = 86_400_000;

export interface KeyParts {
  hasher: KeyHasher;
  reader: Reader;
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

/**
 * Virtual keys: made, listed, changed, rotated, deleted, restored. Keys are named by id or the start of
 * one. Users see and change their own.
 */
export class KeyService {
  readonly #parts: ServiceParts;
  readonly #hasher: KeyHasher;
  readonly #reader: Reader;
  readonly #defaults: KeyParts['defaults'];
  readonly #input: ReturnType<typeof keyInput>;

  constructor(parts: ServiceParts, { hasher, reader, endpointIds, defaults }: KeyParts) {
    this.#parts = parts;
    this.#hasher = hasher;
    this.#reader = reader;
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
      const connections = await newConnectionsOf(tx, actor, wanted);
      const now = new Date(this.#parts.clock.now());
      const row = tx.create(VirtualKey, {
        id: newId(),
        ...connections,
        name: wanted.name,
        hash: this.#hasher.hash(key),
        hint: keyHint(key),
        isActive: true,
        expiresAt: this.#expiry(wanted.expiresInDays ?? null),
        rpmLimit: rpm,
        tpmLimit: tpm,
        concurrencyLimit: wanted.concurrencyLimit ?? null,
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
      note({ type: 'virtual_key.created', subject: row.id, after: keyFacts(row) });
      return { key: new Secret(key), virtualKey: row, budget };
    });
    return shown(made);
  }

  /** Deleted ones as well. */
  async get(actor: Actor, idOrPrefix: string): Promise<VirtualKey> {
    permit(actor, 'key');
    return await keyOnRecord(this.#parts.em.fork(), idOrPrefix, ownedBy(actor));
  }

  /** Newest first, deleted ones among them. */
  async list(actor: Actor): Promise<VirtualKey[]> {
    permit(actor, 'keys');
    return await this.#parts.em
      .fork()
      .find(VirtualKey, ownedBy(actor), { orderBy: { createdAt: 'desc', id: 'desc' } });
  }

  /** Newest first. */
  async page(actor: Actor, input: PageKeysInput = {}): Promise<Page<VirtualKey>> {
    permit(actor, 'keys');
    const wanted = validated(pageInput, input);
    const em = this.#parts.em.fork();
    const where = await keysAsked(em, actor, wanted, this.#parts.clock.now());
    const { first, after } = wanted;
    const order = { column: 'created_at', isDescending: true } as const;
    const listing = { table: 'virtual_keys', where, order, first, after } as const;
    const found = await placesOf(this.#reader, listing);
    const ids = found.places.map(({ id }) => id);
    return pageOf(found, await em.find(VirtualKey, { id: { $in: ids } }));
  }

  /** Whether it may be used now, by itself. */
  statusOf(key: VirtualKey): VirtualKeyStatus {
    return statusOf(key, this.#parts.clock.now());
  }

  /** What the pools of keys are called, by id; those of proofs that are over are gone. */
  async poolNames(actor: Actor, ids: readonly string[]): Promise<Map<string, string>> {
    permit(actor, 'keys');
    return await namesOf(this.#parts.em.fork(), 'pool', ids);
  }

  async update(actor: Actor, idOrPrefix: string, input: UpdateKeyInput): Promise<VirtualKey> {
    const schema = this.#input.update;
    const asked = { actor, operation: 'updateKey', schema, input, of: idOrPrefix } as const;
    return await perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const { user, team, expiresInDays, ...given } = wanted;
      const row = await keyNamed(tx, idOrPrefix, ownedBy(actor));
      await assertDecides(tx, actor, row.poolId, wanted);
      const { userId, teamId } = await connectionsOf(tx, { user, team });
      const before = keyFacts(row);
      assignGiven(row, {
        ...given,
        userId,
        teamId,
        expiresAt: expiresInDays === undefined ? undefined : this.#expiry(expiresInDays),
        updatedAt: new Date(this.#parts.clock.now()),
      });
      note({ type: 'virtual_key.updated', subject: row.id, before, after: keyFacts(row) });
      return row;
    });
  }

  /** Refused from now on, until it is enabled again. */
  async disable(actor: Actor, idOrPrefix: string): Promise<VirtualKey> {
    return await this.#switch(actor, 'disableKey', idOrPrefix, { isActive: false });
  }

  async enable(actor: Actor, idOrPrefix: string): Promise<VirtualKey> {
    return await this.#switch(actor, 'enableKey', idOrPrefix, { isActive: true });
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
      const row = await keyNamed(tx, idOrPrefix, ownedBy(actor));
      const nowMs = this.#parts.clock.now();
      const before = keyFacts(row);
      row.previousHash = overlapMs === undefined ? null : row.hash;
      row.previousUntil = overlapMs === undefined ? null : new Date(nowMs + overlapMs);
      row.hash = this.#hasher.hash(key);
      row.hint = keyHint(key);
      row.updatedAt = new Date(nowMs);
      note({ type: 'virtual_key.rotated', subject: row.id, before, after: keyFacts(row) });
      return { key: new Secret(key), virtualKey: row };
    });
    return shown(made);
  }

  /** Leaves a tombstone, so that what the key did keeps its name, and it can be restored. */
  async remove(actor: Actor, idOrPrefix: string): Promise<VirtualKey> {
    const asked = { actor, operation: 'deleteKey', ...alone(idOrPrefix) } as const;
    return await perform(this.#parts, asked, async ({ tx, note }) => {
      const row = await keyNamed(tx, idOrPrefix, ownedBy(actor));
      const before = keyFacts(row);
      bury(row, new Date(this.#parts.clock.now()));
      note({ type: 'virtual_key.deleted', subject: row.id, before, after: keyFacts(row) });
      return row;
    });
  }

  /** Makes a deleted key what it was: the secret it had opens it again. */
  async restore(actor: Actor, idOrPrefix: string): Promise<VirtualKey> {
    const asked = { actor, operation: 'restoreKey', ...alone(idOrPrefix) } as const;
    return await perform(this.#parts, asked, async ({ tx, note }) => {
      const row = await keyOnRecord(tx, idOrPrefix, ownedBy(actor));
      const before = keyFacts(row);
      await unbury(tx, row, new Date(this.#parts.clock.now()));
      note({ type: 'virtual_key.restored', subject: row.id, before, after: keyFacts(row) });
      return row;
    });
  }

  async #switch(
    actor: Actor,
    operation: 'disableKey' | 'enableKey',
    idOrPrefix: string,
    wanted: { isActive: boolean },
  ): Promise<VirtualKey> {
    const asked = { actor, operation, ...alone(idOrPrefix) };
    return await perform(this.#parts, asked, async ({ tx, note }) => {
      const row = await keyNamed(tx, idOrPrefix, ownedBy(actor));
      await assertDecides(tx, actor, row.poolId, wanted);
      const before = keyFacts(row);
      assignGiven(row, { ...wanted, updatedAt: new Date(this.#parts.clock.now()) });
      note({ type: 'virtual_key.updated', subject: row.id, before, after: keyFacts(row) });
      return row;
    });
  }

  #expiry(days: number | null): Date | null {
    return days === null ? null : new Date(this.#parts.clock.now() + days * DAY_MS);
  }
}

/** Asks for something that says all by the key it is about. */
const alone = (of: string) => ({ schema: nothing, input: {}, of });

/** What is kept for a repetition has no secrets. */
const shown = <T extends { key: Secret | null }>(made: T): Omit<T, 'key'> & { key: string } => ({
  ...made,
  key: made.key?.reveal() ?? '',
});

const wholeLife = (keyId: string, capNano: bigint) =>
  ({ scope: 'key', subjectId: keyId, capNano, period: 'none' }) as const;
