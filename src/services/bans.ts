import type { EntityManager, FilterQuery } from '@mikro-orm/sqlite';
import { Ban } from '../entities/ban.ts';
import { Credential } from '../entities/credential.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { newId } from '../lib/ids.ts';
import type { Actor } from './actor.ts';
import { banFacts, inForce, OLDEST_BAN_FIRST } from './ban-facts.ts';
import { banInput, bansInput, liftInput, resetInput } from './ban-input.ts';
import type { BanInput, BansInput, LiftInput, ResetInput } from './ban-input.ts';
import { credentialNamed, credentialOnRecord, nameOf } from './credential-named.ts';
import type { NamedCredential } from './credential-named.ts';
import { perform, validated } from './operation.ts';
import type { Note, ServiceParts } from './operation.ts';
import { ownedBy } from './own.ts';
import type { Page } from './page.ts';
import { permit } from './policy.ts';
import { poolFor } from './pools.ts';

/** Bans of credentials: told, imposed, lifted; and their health forgotten. */
export class BanService {
  readonly #parts: ServiceParts;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  /** Newest first; also those that are over. Ids go by time. */
  async page(actor: Actor, input: BansInput = {}): Promise<Page<Ban>> {
    permit(actor, 'bans');
    const { filter, first, after } = validated(bansInput, input);
    const em = this.#parts.em.fork();
    const where = await this.#where(em, actor, filter);
    if (after !== undefined) where.push({ id: { $lt: after } });
    const order = { orderBy: { id: 'desc' }, limit: first + 1 } as const;
    const found = await em.find(Ban, { $and: where }, order);
    const items = found.slice(0, first).map((node) => ({ cursor: node.id, node }));
    return { items, endCursor: items.at(-1)?.cursor ?? null, hasNextPage: found.length > first };
  }

  /** In force now on any of these, oldest first. */
  async inForceOn(credentialIds: readonly string[]): Promise<Ban[]> {
    const ofThese = { credentialId: { $in: [...credentialIds] } };
    return await this.#parts.em
      .fork()
      .find(Ban, { $and: [ofThese, inForce(this.#parts.clock.now())] }, OLDEST_BAN_FIRST);
  }

  /** No calls go to the credential, for the model or at all, until the ban ends. */
  async ban(actor: Actor, input: BanInput): Promise<NamedCredential & { ban: Ban }> {
    const asked = { actor, operation: 'banCredential', schema: banInput, input } as const;
    return await perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const named = await this.#named(tx, actor, wanted.credential);
      const nowMs = this.#parts.clock.now();
      const ban = tx.create(Ban, {
        id: newId(),
        credentialId: named.credential.id,
        model: wanted.model ?? null,
        reason: 'operator',
        evidence: {
          statuses: [],
          requestIds: [],
          ...(wanted.note === undefined ? {} : { note: wanted.note }),
        },
        actor: actor.name,
        strike: 1,
        startedAtMs: nowMs,
        untilMs: wanted.durationMs === undefined ? null : nowMs + wanted.durationMs,
        endedAtMs: null,
        endedBy: null,
      });
      tx.persist(ban);
      note({ type: 'credential_ban.imposed', subject: ban.credentialId, after: banFacts(ban) });
      return { ...named, ban };
    });
  }

  /** Ends every ban in force; an error when there is none. */
  async liftBans(actor: Actor, input: LiftInput): Promise<NamedCredential & { bans: Ban[] }> {
    const asked = { actor, operation: 'liftBans', schema: liftInput, input } as const;
    return await perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const named = await this.#named(tx, actor, wanted.credential);
      const { model } = wanted;
      const bans = await this.#bansOf(tx, named, model === undefined ? {} : { model });
      if (bans.length === 0) throw noBan(named, model);
      this.#end(bans, actor, note);
      return { ...named, bans };
    });
  }

  /**
   * Cooldowns, suspicions, exhaustion and counted failures are forgotten, and bans that the credential
   * has earned end; operators' own if that is asked for. Servers act on the event.
   */
  async resetHealth(actor: Actor, input: ResetInput): Promise<NamedCredential & { bans: Ban[] }> {
    const asked = { actor, operation: 'resetHealth', schema: resetInput, input } as const;
    return await perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const named = await this.#named(tx, actor, wanted.credential);
      const bans = await this.#bansOf(
        tx,
        named,
        wanted.isBanLifted ? {} : { reason: { $ne: 'operator' } },
      );
      this.#end(bans, actor, note);
      const after = { bansEnded: bans.map(({ id }) => id) };
      note({ type: 'credential_health.reset', subject: named.credential.id, after });
      return { ...named, bans };
    });
  }

  #end(bans: readonly Ban[], actor: Actor, note: Note): void {
    const endedAtMs = this.#parts.clock.now();
    for (const ban of bans) {
      Object.assign(ban, { endedAtMs, endedBy: actor.name });
      note({ type: 'credential_ban.lifted', subject: ban.credentialId, before: banFacts(ban) });
    }
  }

  #bansOf(tx: EntityManager, { credential: { id } }: NamedCredential, where: FilterQuery<Ban>) {
    const nowMs = this.#parts.clock.now();
    const all = { $and: [{ credentialId: id }, where, inForce(nowMs)] };
    return tx.find(Ban, all, OLDEST_BAN_FIRST);
  }

  async #where(
    em: EntityManager,
    actor: Actor,
    { credential, pool, isActive, reason }: NonNullable<BansInput['filter']>,
  ): Promise<FilterQuery<Ban>[]> {
    const where: FilterQuery<Ban>[] = reason === undefined ? [] : [{ reason }];
    if (credential !== undefined) {
      const named = await credentialOnRecord(em, credential, ownedBy(actor));
      where.push({ credentialId: named.credential.id });
    }
    if (pool !== undefined) {
      const { id } = await poolFor(em, actor, pool);
      const members = await em.find(Credential, { poolId: id }, { fields: ['id'] });
      where.push({ credentialId: { $in: members.map((member) => member.id) } });
    }
    const active = inForce(this.#parts.clock.now());
    if (isActive !== undefined) where.push(isActive ? active : { $not: active });
    return where;
  }

  #named(tx: EntityManager, actor: Actor, text: string): Promise<NamedCredential> {
    return credentialNamed(tx, text, ownedBy(actor));
  }
}

function noBan(named: NamedCredential, model: string | undefined): GatewayError {
  const forModel = model === undefined ? '' : ` for ${model}`;
  return new GatewayError('not_found', `No ban is in force on ${nameOf(named)}${forModel}.`, {
    param: 'credential',
  });
}
