import type { EntityManager } from '@mikro-orm/sqlite';
import { Ban } from '../entities/ban.ts';
import { Credential } from '../entities/credential.ts';
import { Pool } from '../entities/pool.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { secretBinding } from '../pool/directory.ts';
import type { Actor } from './actor.ts';
import { assertMayPlace } from './base-url.ts';
import { inForce, OLDEST_BAN_FIRST } from './ban-facts.ts';
import { addInput, selectInput, updateInput } from './credential-input.ts';
import type { AddCredentialInput, UpdateCredentialInput } from './credential-input.ts';
import { credentialNamed, credentialOnRecord, nameOf } from './credential-named.ts';
import type { NamedCredential } from './credential-named.ts';
import { endEarnedBans } from './earned-bans.ts';
import { assignGiven, nothing } from './fields.ts';
import {
  assertSound,
  credentialFacts,
  newCredential,
  sealed,
  shown,
  UNKNOWN_BALANCE,
} from './new-credential.ts';
import type { CredentialParts, ShownCredential } from './new-credential.ts';
import { perform } from './operation.ts';
import type { Note, ServiceParts } from './operation.ts';
import { ownPool } from './own-pool.ts';
import { ownedBy } from './own.ts';
import { permit } from './policy.ts';
import { poolFor } from './pools.ts';
import { removeCredential } from './removed-credential.ts';
import { claimingName } from './unique-name.ts';

const OLDEST_FIRST = { orderBy: { createdAt: 'asc', id: 'asc' } } as const;

export interface ListedCredential {
  credential: Credential;
  pool: Pool;
  isSelected: boolean;
  /** In force now, oldest first. */
  bans: Ban[];
}

/** Credentials: listed, added, changed, selected, switched off and on, deleted. */
export class CredentialService {
  readonly #parts: ServiceParts;
  readonly #own: CredentialParts;

  constructor(parts: ServiceParts, own: CredentialParts) {
    this.#parts = parts;
    this.#own = own;
  }

  /** By pool and credential, oldest first, as calls see them; of one pool, if it is named. */
  async list(actor: Actor, { pool: wanted }: { pool?: string } = {}): Promise<ListedCredential[]> {
    permit(actor, 'credentials');
    const em = this.#parts.em.fork();
    const pools =
      wanted === undefined
        ? await em.find(Pool, ownedBy(actor), OLDEST_FIRST)
        : [await poolFor(em, actor, wanted)];
    const poolId = { $in: pools.map(({ id }) => id) };
    const credentials = await em.find(Credential, { poolId, deletedAt: null }, OLDEST_FIRST);
    const bans = await em.find(Ban, inForce(this.#parts.clock.now()), OLDEST_BAN_FIRST);
    const bansOf = Map.groupBy(bans, ({ credentialId }) => credentialId);
    const ofPool = Map.groupBy(credentials, (one) => one.poolId);
    return pools.flatMap((pool) =>
      (ofPool.get(pool.id) ?? []).map((credential) => ({
        credential,
        pool,
        isSelected: pool.selectedCredentialId === credential.id,
        bans: bansOf.get(credential.id) ?? [],
      })),
    );
  }

  /** Deleted ones as well. */
  async get(actor: Actor, text: string): Promise<Credential> {
    permit(actor, 'credential');
    const { credential } = await credentialOnRecord(this.#parts.em.fork(), text, ownedBy(actor));
    return credential;
  }

  /** Deleted ones as well, in no order. */
  async byIds(ids: readonly string[]): Promise<Credential[]> {
    return await this.#parts.em.fork().find(Credential, { id: { $in: [...ids] } });
  }

  /** Of these pools, oldest first. */
  async ofPools(poolIds: readonly string[]): Promise<Credential[]> {
    const where = { poolId: { $in: [...poolIds] }, deletedAt: null };
    return await this.#parts.em.fork().find(Credential, where, OLDEST_FIRST);
  }

  /** In the pool that is named, or the user's own, which is made for the first one. */
  async add(actor: Actor, input: AddCredentialInput): Promise<ShownCredential> {
    const asked = { actor, operation: 'addCredential', schema: addInput, input } as const;
    const made = perform(
      this.#parts,
      asked,
      async ({ wanted: { pool: named, ...wanted }, tx, note }) => {
        assertMayPlace(actor, wanted.baseUrl);
        const now = new Date(this.#parts.clock.now());
        const pool =
          named === undefined
            ? await ownPool(tx, actor, { now, note })
            : await poolFor(tx, actor, named);
        const row = newCredential(tx, { pool, wanted, now }, this.#own);
        note({ type: 'credential.created', subject: row.id, after: credentialFacts(row, pool) });
        return shown(row);
      },
    );
    return await claimingName('credential of the pool', made);
  }

  /**
   * Another secret is another account: what the one before had earned and was known to have is
   * forgotten.
   */
  async update(actor: Actor, text: string, input: UpdateCredentialInput): Promise<ShownCredential> {
    const schema = updateInput;
    const asked = { actor, operation: 'updateCredential', schema, input, of: text } as const;
    const changed = perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      assertMayPlace(actor, wanted.baseUrl);
      const { credential: row, pool } = await this.#named(tx, actor, text);
      assertOperators({ credential: row, pool });
      const { secret, ...given } = wanted;
      const before = credentialFacts(row, pool);
      assignGiven(row, { ...given, updatedAt: new Date(this.#parts.clock.now()) });
      assertSound(row, pool.strategy, this.#own.registries);
      if (secret !== undefined) await this.#replaceSecret(tx, { row, secret }, note);
      note({
        type: 'credential.updated',
        subject: row.id,
        before,
        after: credentialFacts(row, pool),
      });
      return shown(row);
    });
    return await claimingName('credential of the pool', changed);
  }

  /** Whom the pool's calls go to first under `selected_then_rotate`. */
  async select(actor: Actor, input: { credential: string }): Promise<NamedCredential> {
    const asked = { actor, operation: 'selectCredential', schema: selectInput, input } as const;
    return await perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const named = await this.#named(tx, actor, wanted.credential);
      const { credential: chosen, pool } = named;
      if (!chosen.isEnabled) {
        throw new GatewayError('invalid_request', `${nameOf(named)} is disabled.`, {
          param: 'credential',
        });
      }
      const before = { credential: pool.selectedCredentialId };
      pool.selectedCredentialId = chosen.id;
      pool.updatedAt = new Date(this.#parts.clock.now());
      note({
        type: 'pool.credential_selected',
        subject: pool.id,
        before,
        after: { credential: chosen.id, name: chosen.name },
      });
      return named;
    });
  }

  /** No new call goes there; those under way finish. */
  async disable(actor: Actor, text: string): Promise<ShownCredential> {
    return await this.#switch(actor, text, false);
  }

  async enable(actor: Actor, text: string): Promise<ShownCredential> {
    return await this.#switch(actor, text, true);
  }

  /** Leaves a tombstone without a secret, so that what it did keeps its name. There is no way back. */
  async remove(actor: Actor, text: string): Promise<ShownCredential> {
    const asked = {
      actor,
      operation: 'deleteCredential',
      schema: nothing,
      input: {},
      of: text,
    } as const;
    return await perform(this.#parts, asked, async ({ tx, note }) => {
      const named = await this.#named(tx, actor, text);
      assertOperators(named);
      const now = new Date(this.#parts.clock.now());
      await removeCredential(tx, { ...named, now, by: actor.name }, note);
      return shown(named.credential);
    });
  }

  async #switch(actor: Actor, text: string, isEnabled: boolean): Promise<ShownCredential> {
    const operation = isEnabled ? 'enableCredential' : 'disableCredential';
    const asked = { actor, operation, schema: nothing, input: {}, of: text } as const;
    return await perform(this.#parts, asked, async ({ tx, note }) => {
      const { credential: row, pool } = await this.#named(tx, actor, text);
      if (row.isEnabled === isEnabled) return shown(row);
      row.isEnabled = isEnabled;
      row.updatedAt = new Date(this.#parts.clock.now());
      const type = isEnabled ? 'credential.enabled' : 'credential.disabled';
      note({ type, subject: row.id, after: { pool: pool.name, name: row.name, isEnabled } });
      return shown(row);
    });
  }

  async #replaceSecret(
    tx: EntityManager,
    { row, secret }: { row: Credential; secret: string },
    note: Note,
  ): Promise<void> {
    const { id } = row;
    const { sealer } = this.#own;
    const stored = await tx.findOneOrFail(Credential, { id }, { populate: ['secretSealed'] });
    if (sealer.open(stored.secretSealed, secretBinding(id)) === secret) return;
    Object.assign(row, { ...sealed(id, secret, sealer), ...UNKNOWN_BALANCE });
    for (const ban of await endEarnedBans(tx, id, this.#parts.clock.now())) {
      const { id: banId, model, reason } = ban;
      const after = { cause: 'another secret was given' };
      note({
        type: 'credential_ban.ended',
        subject: id,
        before: { ban: banId, model, reason },
        after,
      });
    }
  }

  #named(tx: EntityManager, actor: Actor, text: string): Promise<NamedCredential> {
    return credentialNamed(tx, text, ownedBy(actor));
  }
}

function assertOperators(named: NamedCredential): void {
  if (named.credential.source === 'operator') return;
  throw new GatewayError(
    'conflict',
    `${nameOf(named)} follows the configuration: change tollgate.yaml and start the server again.`,
    { param: 'id' },
  );
}
