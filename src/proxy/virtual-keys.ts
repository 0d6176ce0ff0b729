import type { EntityManager } from '@mikro-orm/sqlite';
import { VirtualKey } from '../entities/virtual-key.ts';
import type { KeyHasher } from '../lib/key-hasher.ts';
import { isWellFormed } from '../lib/virtual-key-format.ts';

/** What the data plane needs to know of a virtual key. */
export interface KeyEntry {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly poolId: string;
  readonly isActive: boolean;
  readonly expiresAt: Date | null;
  readonly rpmLimit: number | null;
}

/** Every virtual key in memory, by keyed hash; kept current by `virtual_key.` events. */
export class VirtualKeys {
  readonly #em: EntityManager;
  readonly #hasher: KeyHasher;
  readonly #byHash = new Map<string, KeyEntry>();
  readonly #byId = new Map<string, KeyEntry>();

  constructor(em: EntityManager, hasher: KeyHasher) {
    this.#em = em;
    this.#hasher = hasher;
  }

  /** Undefined for unknown and malformed keys alike. */
  find(token: string): KeyEntry | undefined {
    // Junk with our prefix is told by its checksum, before any hashing.
    if (!isWellFormed(token)) return undefined;
    return this.#byHash.get(this.#hasher.hash(token));
  }

  get(id: string): KeyEntry | undefined {
    return this.#byId.get(id);
  }

  async load(): Promise<void> {
    for (const row of await this.#em.fork().find(VirtualKey, {})) this.#put(row);
  }

  /** Reads one key again; a key that is gone is forgotten. */
  async reload(id: string): Promise<void> {
    const row = await this.#em.fork().findOne(VirtualKey, { id });
    const before = this.#byId.get(id);
    if (before !== undefined) {
      this.#byHash.delete(before.hash);
      this.#byId.delete(id);
    }
    if (row !== null) this.#put(row);
  }

  #put(row: VirtualKey): void {
    const { id, name, hash, poolId, isActive, expiresAt, rpmLimit } = row;
    const entry = { id, name, hash, poolId, isActive, expiresAt, rpmLimit };
    this.#byHash.set(hash, entry);
    this.#byId.set(id, entry);
  }
}
