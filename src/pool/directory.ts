import type { EntityManager } from '@mikro-orm/sqlite';
import { Credential } from '../entities/credential.ts';
import { Pool as PoolRow } from '../entities/pool.ts';
import type { Sealer } from '../lib/seal.ts';
import { Secret } from '../lib/secret.ts';
import type { Random } from '../lib/random.ts';
import { Member } from './member.ts';
import { OriginHealth } from './origin-health.ts';
import { Pool } from './pool.ts';
import type { HealthListener } from './pool.ts';
import type { UpstreamKind } from './upstream-kind.ts';

/** What a credential's secret is sealed to, so that ciphertexts cannot be swapped between rows. */
export const secretBinding = (credentialId: string) => `credentials|${credentialId}|secret`;

export interface DirectoryParts {
  em: EntityManager;
  sealer: Sealer;
  kinds: ReadonlyMap<string, UpstreamKind>;
  splitBaseUrl: (baseUrl: string) => { origin: string; prefix: string };
  listener: HealthListener;
  random: Random;
}

/** Every pool by id: the data plane's view of pools and credentials, rebuilt when an event says so. */
export class PoolDirectory {
  readonly #parts: DirectoryParts;
  #pools: ReadonlyMap<string, Pool> = new Map();
  #byCredential: ReadonlyMap<string, Member> = new Map();
  /** Shared by all credentials of an origin, whatever their pool. */
  readonly #origins = new Map<string, OriginHealth>();

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  get(poolId: string): Pool | undefined {
    return this.#pools.get(poolId);
  }

  all(): Pool[] {
    return [...this.#pools.values()];
  }

  members(): Member[] {
    return this.all().flatMap((pool) => pool.members);
  }

  member(credentialId: string): Member | undefined {
    return this.#byCredential.get(credentialId);
  }

  /** Of all credentials there are now. */
  origins(): OriginHealth[] {
    return [...this.#origins.values()];
  }

  /** The pool that a member belongs to now. */
  poolOf(member: Member): Pool | undefined {
    return this.all().find((pool) => pool.member(member.id) !== undefined);
  }

  /** An operator has chosen whom calls go to first. */
  select(poolId: string, credentialId: string): void {
    const pool = this.#pools.get(poolId);
    if (pool !== undefined) pool.turn.selectedId = credentialId;
  }

  /**
   * Reads all rows and swaps the whole view at once: a call sees the old pools or the new. What must
   * be true of the new before any call sees them is for `onSwap`, in the same step.
   */
  async reload(onSwap: () => void = () => undefined): Promise<void> {
    const em = this.#parts.em.fork();
    const byOldest = { orderBy: { createdAt: 'asc', id: 'asc' } } as const;
    const rows = await em.find(PoolRow, {}, byOldest);
    const credentials = await em.find(
      Credential,
      { isEnabled: true, deletedAt: null },
      { ...byOldest, populate: ['secretSealed'] },
    );
    const before = this.#pools;
    this.#pools = new Map(
      rows.map((row) => {
        const old = before.get(row.id);
        const members = credentials
          .filter((credential) => credential.poolId === row.id)
          .map((credential) => this.#member(credential, row.name, old));
        return [row.id, new Pool(row, members, this.#parts.listener, old)];
      }),
    );
    const members = this.members();
    this.#byCredential = new Map(members.map((member) => [member.id, member]));
    const origins = new Set(members.map(({ origin }) => origin));
    for (const origin of this.#origins.keys()) {
      if (!origins.has(origin)) this.#origins.delete(origin);
    }
    onSwap();
  }

  #member(credential: Credential, poolName: string, old: Pool | undefined): Member {
    const { kinds, sealer, splitBaseUrl } = this.#parts;
    const kind = kinds.get(credential.provider);
    if (kind === undefined) throw new Error(`no provider is called ${credential.provider}`);
    const secret = new Secret(sealer.open(credential.secretSealed, secretBinding(credential.id)));
    const address = splitBaseUrl(credential.baseUrl);
    const facts = {
      id: credential.id,
      name: credential.name,
      poolName,
      kind,
      ...address,
      originHealth: this.originHealth(address.origin),
      secret,
      weight: credential.weight,
      priority: credential.priority,
      limits: { rpm: credential.rpmLimit, tpm: credential.tpmLimit },
      models: credential.models,
      balanceNano: credential.balanceNano,
      balanceUsedNano: credential.balanceUsedNano,
      balanceCheckedAtMs: credential.balanceCheckedAt?.getTime() ?? null,
    };
    return new Member(
      facts,
      old?.members.find((member) => member.id === credential.id),
    );
  }

  originHealth(origin: string): OriginHealth {
    const known = this.#origins.get(origin);
    if (known !== undefined) return known;
    const made = new OriginHealth(origin, this.#parts.random);
    this.#origins.set(origin, made);
    return made;
  }
}
