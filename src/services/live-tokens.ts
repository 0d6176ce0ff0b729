import type { EntityManager } from '@mikro-orm/sqlite';
import { AdminToken } from '../entities/admin-token.ts';
import { isAdminToken } from '../lib/admin-token-format.ts';
import type { KeyHasher } from '../lib/key-hasher.ts';
import type { Actor } from './actor.ts';

/** Every admin token that was not revoked, in memory by keyed hash. */
export class LiveTokens {
  readonly #em: EntityManager;
  readonly #hasher: KeyHasher;
  readonly #byHash = new Map<string, AdminToken>();
  readonly #byId = new Map<string, AdminToken>();

  constructor(em: EntityManager, hasher: KeyHasher) {
    this.#em = em;
    this.#hasher = hasher;
  }

  async load(): Promise<void> {
    const rows = await this.#em.fork().find(AdminToken, { revokedAt: null });
    for (const row of rows) this.#put(row);
  }

  /** Reads one token again. */
  async reload(id: string): Promise<void> {
    const row = await this.#em.fork().findOne(AdminToken, { id });
    const known = this.#byId.get(id);
    if (known !== undefined) this.#byHash.delete(known.hash);
    this.#byId.delete(id);
    if (row !== null && row.revokedAt === null) this.#put(row);
  }

  /** Who shows this; null: no token that opens anything now. */
  actorOf(shown: string, nowMs: number): Actor | null {
    // Junk is told by its checksum, before any hashing.
    const token = isAdminToken(shown) ? this.#byHash.get(this.#hasher.hash(shown)) : undefined;
    if (token === undefined || hasExpired(token, nowMs)) return null;
    const { id, name, role, expiresAt } = token;
    const until = expiresAt === null ? {} : { expiresAtMs: expiresAt.getTime() };
    return { name: `token:${name}`, role, userId: null, tokenId: id, ...until };
  }

  /** Whether the token of this id still gives this role. */
  gives(id: string, role: Actor['role']): boolean {
    return this.#byId.get(id)?.role === role;
  }

  #put(row: AdminToken): void {
    this.#byHash.set(row.hash, row);
    this.#byId.set(row.id, row);
  }
}

const hasExpired = ({ expiresAt }: AdminToken, nowMs: number): boolean =>
  expiresAt !== null && expiresAt.getTime() <= nowMs;
