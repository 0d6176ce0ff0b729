import type { EntityManager } from '@mikro-orm/sqlite';
import type { LimitSubject } from '../accounting/limits.ts';
import { Team } from '../entities/team.ts';
import { User } from '../entities/user.ts';
import { VirtualKey, statusOf } from '../entities/virtual-key.ts';
import type { KeyHasher } from '../lib/key-hasher.ts';
import { isWellFormed } from '../lib/virtual-key-format.ts';
import { KeyScope } from './key-scope.ts';

/** What the data plane needs to know of a virtual key, by one of its secrets. */
export interface KeyEntry {
  readonly id: string;
  readonly name: string;
  /** Keyed hash of the secret; after a rotation the one before has an entry of its own for a while. */
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
  /** Which nothing is judged by; told to those who ask about the key. */
  readonly facts: KeyFacts;
}

type KeyFacts = Readonly<
  Pick<VirtualKey, 'hint' | 'createdAt' | 'allowedModels' | 'allowedEndpoints' | 'metadata'>
>;

type Switches = Pick<KeyEntry, 'isActive' | 'expiresAt' | 'deletedAt' | 'userId' | 'teamId'>;

/**
 * Every virtual key in memory, by keyed hash, with its owner and team; kept current by `virtual_key.`,
 * `user.` and `team.` events.
 */
export class VirtualKeys {
  readonly #em: EntityManager;
  readonly #hasher: KeyHasher;
  readonly #byHash = new Map<string, KeyEntry>();
  readonly #byId = new Map<string, readonly KeyEntry[]>();
  /** Users and teams by id: whether they are enabled, and what a team is limited to. */
  #owners = new Map<string, { isEnabled: boolean; limits: LimitSubject | null }>();

  constructor(em: EntityManager, hasher: KeyHasher) {
    this.#em = em;
    this.#hasher = hasher;
  }

  /** Undefined for unknown and malformed keys alike. */
  find(token: string): KeyEntry | undefined {
    // Junk with our prefix is told by its checksum, before any hashing.
    return isWellFormed(token) ? this.#byHash.get(this.#hasher.hash(token)) : undefined;
  }

  /** By the secret it has now, whichever it had before; deleted ones as well. */
  byId(id: string): KeyEntry | undefined {
    return this.#byId.get(id)?.[0];
  }

  /** Each once, deleted ones as well; oldest first where nothing was changed since the start. */
  *all(): Generator<KeyEntry, void> {
    for (const [entry] of this.#byId.values()) if (entry !== undefined) yield entry;
  }

  /** The key as it is now; undefined when the secret that was shown is none of it any more. */
  again({ hash }: KeyEntry): KeyEntry | undefined {
    return this.#byHash.get(hash);
  }

  /** Whether it may be used now: its own state, and that of its owner and team. */
  isActive(entry: Switches, nowMs: number): boolean {
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
    for (const { hash } of this.#byId.get(id) ?? []) this.#byHash.delete(hash);
    this.#byId.delete(id);
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
      facts: factsOf(row),
    };
    const entries = [entry, ...previousOf(row, entry)];
    this.#byId.set(row.id, entries);
    for (const each of entries) this.#byHash.set(each.hash, each);
  }
}

/** Not the row itself: it has its hashes, and what the ORM hangs on to. */
const factsOf = ({ hint, createdAt, allowedModels, allowedEndpoints, metadata }: VirtualKey) => ({
  hint,
  createdAt,
  allowedModels,
  allowedEndpoints,
  metadata,
});

/** The key by the secret before its rotation, which expires when the overlap ends, if not before. */
function previousOf({ previousHash, previousUntil }: VirtualKey, entry: KeyEntry): KeyEntry[] {
  if (previousHash === null || previousUntil === null) return [];
  const { expiresAt } = entry;
  const isEarlier = expiresAt === null || previousUntil < expiresAt;
  return [{ ...entry, hash: previousHash, expiresAt: isEarlier ? previousUntil : expiresAt }];
}

function limitsOf(
  scope: LimitSubject['scope'],
  { id, rpmLimit, tpmLimit, concurrencyLimit }: VirtualKey | Team,
): LimitSubject {
  return { scope, id, rpm: rpmLimit, tpm: tpmLimit, concurrency: concurrencyLimit };
}
