import type { EntityManager, FilterQuery } from '@mikro-orm/sqlite';
import { z } from 'zod';
import { Ban } from '../entities/ban.ts';
import { Credential } from '../entities/credential.ts';
import { Pool } from '../entities/pool.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { newId } from '../lib/ids.ts';
import { credentialNamed } from './credential-named.ts';
import type { NamedCredential } from './credential-named.ts';
import type { Actor } from './actor.ts';
import { perform } from './operation.ts';
import type { ServiceParts } from './operation.ts';
import { permit } from './policy.ts';

const credential = z.string().min(1);
const model = z.string().trim().min(1).max(256);

const banInput = z.strictObject({
  credential,
  /** Upstream model; the whole credential unless given. */
  model: model.optional(),
  /** Until it is lifted unless given. */
  durationMs: z.number().int().min(1).optional(),
  note: z.string().trim().min(1).max(500).optional(),
});

const liftInput = z.strictObject({
  credential,
  /** Only bans for this upstream model; all of the credential's unless given. */
  model: model.optional(),
});

const selectInput = z.strictObject({ credential });

export type BanInput = z.input<typeof banInput>;
export type LiftInput = z.input<typeof liftInput>;

export interface ListedCredential {
  credential: Credential;
  pool: Pool;
  isSelected: boolean;
  /** In force now, oldest first. */
  bans: Ban[];
}

/** Credentials: listed, banned, let free, selected. */
export class CredentialService {
  readonly #parts: ServiceParts;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  /** By pool and credential, oldest first, as calls see them. */
  async list(actor: Actor): Promise<ListedCredential[]> {
    permit(actor, 'credentials');
    const em = this.#parts.em.fork();
    const byOldest = { orderBy: { createdAt: 'asc', id: 'asc' } } as const;
    const pools = await em.find(Pool, {}, byOldest);
    const credentials = await em.find(Credential, {}, byOldest);
    const bans = await em.find(Ban, inForce(this.#parts.clock.now()), OLDEST_BAN_FIRST);
    return pools.flatMap((pool) =>
      credentials
        .filter(({ poolId }) => poolId === pool.id)
        .map((one) => ({
          credential: one,
          pool,
          isSelected: pool.selectedCredentialId === one.id,
          bans: bans.filter(({ credentialId }) => credentialId === one.id),
        })),
    );
  }

  /** No calls go to the credential, for the model or at all, until the ban ends. */
  async ban(actor: Actor, input: BanInput): Promise<NamedCredential & { ban: Ban }> {
    const asked = { actor, operation: 'banCredential', schema: banInput, input } as const;
    return await perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const named = await credentialNamed(tx, wanted.credential);
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
      note({ type: 'credential_ban.imposed', subject: ban.credentialId, after: facts(ban) });
      return { ...named, ban };
    });
  }

  /** Ends every ban in force; an error when there is none. */
  async liftBans(actor: Actor, input: LiftInput): Promise<NamedCredential & { bans: Ban[] }> {
    const asked = { actor, operation: 'liftBans', schema: liftInput, input } as const;
    return await perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const named = await credentialNamed(tx, wanted.credential);
      const nowMs = this.#parts.clock.now();
      const bans = await bansOf(tx, named, wanted.model, nowMs);
      for (const ban of bans) {
        ban.endedAtMs = nowMs;
        ban.endedBy = actor.name;
        note({ type: 'credential_ban.lifted', subject: ban.credentialId, before: facts(ban) });
      }
      return { ...named, bans };
    });
  }

  /** Whom the pool's calls go to first under `selected_then_rotate`. */
  async select(actor: Actor, input: z.input<typeof selectInput>): Promise<NamedCredential> {
    const asked = { actor, operation: 'selectCredential', schema: selectInput, input } as const;
    return await perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const named = await credentialNamed(tx, wanted.credential);
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
}

export const nameOf = ({ credential: { name }, pool }: NamedCredential): string =>
  `${pool.name}/${name}`;

const OLDEST_BAN_FIRST = { orderBy: { startedAtMs: 'asc', id: 'asc' } } as const;

const inForce = (nowMs: number): FilterQuery<Ban> => ({
  endedAtMs: null,
  $or: [{ untilMs: null }, { untilMs: { $gt: nowMs } }],
});

async function bansOf(
  tx: EntityManager,
  named: NamedCredential,
  wantedModel: string | undefined,
  nowMs: number,
): Promise<Ban[]> {
  const { id } = named.credential;
  const ofModel = wantedModel === undefined ? {} : { model: wantedModel };
  const bans = await tx.find(
    Ban,
    { $and: [{ credentialId: id, ...ofModel }, inForce(nowMs)] },
    OLDEST_BAN_FIRST,
  );
  if (bans.length > 0) return bans;
  const forModel = wantedModel === undefined ? '' : ` for ${wantedModel}`;
  throw new GatewayError('not_found', `No ban is in force on ${nameOf(named)}${forModel}.`, {
    param: 'credential',
  });
}

/** What an event says of a ban. */
const facts = ({ id, model: banned, untilMs, reason, evidence }: Ban) => ({
  ban: id,
  model: banned,
  until: untilMs === null ? null : new Date(untilMs).toISOString(),
  reason,
  note: evidence.note ?? null,
});
