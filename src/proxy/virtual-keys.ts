import type { EntityManager } from '@mikro-orm/sqlite';
import type { LimitSubject } from '../accounting/limits.ts';
import { Team } from '../entities/team.ts';
import { User } from '../entities/user.ts';
import { VirtualKey, statusOf } from '../entities/virtual-key.ts';
import type { KeyHasher } from '../lib/key-hasher.ts';
import { isWellFormed } from '../lib/virtual-key-format.ts';
import { KeyScope } from './key-scope.ts';

/** What the data plane needs to know of a virtual key. */
export interface KeyEntry {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly poolId: string;
  readonly isActive: boolean;
  readonly expiresAt: Date | null;
  readonly deletedAt: Date | null;
  /** Empty when it has none. */
  readonly userId: string;
  readonly teamId: string;
  /** The key, and its team. */
  readonly limits: readonly LimitSubject[];
  /** Where, for what and from where it may be used. */
  readonly scope: KeyScope;
  /** Of the key before the last rotation, and how long that works. */
  readonly previousHash: string | null;
  readonly previousUntilMs: number;
}

/**
 * Every virtual key in memory, by keyed hash, with its owner and team; kept current by `virtual_key.`,
 * `user.` and `team.` events.
 */
export class VirtualKeys {
  readonly #em: EntityManager;
  readonly #hasher: KeyHasher;
  readonly #byHash = new Map<string, KeyEntry>();
  readonly #byId = new Map<string, KeyEntry>();
  /** Users and teams by id: whether they are enabled, and what a team is limited to. */
  #owners = new Map<string, { isEnabled: boolean; limits: LimitSubject | null }>();

  constructor(em: EntityManager, hasher: KeyHasher) {
    this.#em = em;
    this.#hasher = hasher;
  }

  /** Undefined for unknown and malformed keys alike. */
  find(token: string, nowMs: number): KeyEntry | undefined {
    // Junk with our prefix is told by its checksum, before any hashing.
    if (!isWellFormed(token)) return undefined;
    const hash = this.#hasher.hash(token);
    const entry = this.#byHash.get(hash);
    const isOld = entry !== undefined && entry.hash !== hash;
    return isOld && entry.previousUntilMs <= nowMs ? undefined : entry;
  }

  get(id: string): KeyEntry | undefined {
    return this.#byId.get(id);
  }

  /** Whether it may be used now: its own state, and that of its owner and team. */
  isActive(entry: KeyEntry, nowMs: number): boolean {
    return (
      statusOf(entry, nowMs) === 'active' &&
      this.#isEnabled(entry.userId) &&
      this.#isEnabled(entry.teamId)
    );
  }

  async load(): Promise<void> {
    await this.#loadOwners();
    for (const row of await this.#em.fork().find(VirtualKey, {})) this.#put(row);
  }

  /** Reads one key again; a key that is gone is forgotten. */
  async reload(id: string): Promise<void> {
    const row = await this.#em.fork().findOne(VirtualKey, { id });
    this.#forget(id);
    if (row !== null) this.#put(row);
  }

  /** A user or team has changed: their keys are read again, too. */
  async reloadOwner(id: string): Promise<void> {
    await this.#loadOwners();
    const rows = await this.#em.fork().find(VirtualKey, { $or: [{ userId: id }, { teamId: id }] });
    for (const row of rows) {
      this.#forget(row.id);
      this.#put(row);
    }
  }

  #isEnabled(ownerId: string): boolean {
    return ownerId === '' || this.#owners.get(ownerId)?.isEnabled === true;
  }

  async #loadOwners(): Promise<void> {
    const em = this.#em.fork();
    const [users, teams] = await Promise.all([em.find(User, {}), em.find(Team, {})]);
    this.#owners = new Map();
    for (const { id, isEnabled } of users) this.#owners.set(id, { isEnabled, limits: null });
    for (const team of teams) {
      this.#owners.set(team.id, { isEnabled: team.isEnabled, limits: limitsOf('team', team) });
    }
  }

  #forget(id: string): void {
    const before = this.#byId.get(id);
    if (before === undefined) return;
    this.#byId.delete(id);
    this.#byHash.delete(before.hash);
    if (before.previousHash !== null) this.#byHash.delete(before.previousHash);
  }

  #put(row: VirtualKey): void {
    const team = row.teamId === null ? null : (this.#owners.get(row.teamId)?.limits ?? null);
    const own = limitsOf('key', row);
    const entry: KeyEntry = {
      id: row.id,
      name: row.name,
      hash: row.hash,
      poolId: row.poolId,
      isActive: row.isActive,
      expiresAt: row.expiresAt,
      deletedAt: row.deletedAt,
      userId: row.userId ?? '',
      teamId: row.teamId ?? '',
      limits: team === null ? [own] : [own, team],
      scope: new KeyScope(row),
      previousHash: row.previousHash,
      previousUntilMs: row.previousUntil?.getTime() ?? 0,
    };
    this.#byId.set(row.id, entry);
    this.#byHash.set(row.hash, entry);
    if (row.previousHash !== null) this.#byHash.set(row.previousHash, entry);
  }
}

function limitsOf(
  scope: LimitSubject['scope'],
  { id, rpmLimit, tpmLimit, concurrencyLimit }: VirtualKey | Team,
): LimitSubject {
  return { scope, id, rpm: rpmLimit, tpm: tpmLimit, concurrency: concurrencyLimit };
}
