import type { EntityManager } from '@mikro-orm/sqlite';
import { z } from 'zod';
import { ADMIN_ROLES } from '../entities/admin-role.ts';
import { AdminToken } from '../entities/admin-token.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { mintAdminToken } from '../lib/admin-token-format.ts';
import { newId } from '../lib/ids.ts';
import type { KeyHasher } from '../lib/key-hasher.ts';
import { Secret } from '../lib/secret.ts';
import { keyHint } from '../lib/virtual-key-format.ts';
import type { Actor } from './actor.ts';
import { nothing, uniqueName } from './fields.ts';
import { perform } from './operation.ts';
import type { ServiceParts } from './operation.ts';
import { permit } from './policy.ts';
import { claimingName } from './unique-name.ts';

const DAY_MS = 86_400_000;

export const tokenName = uniqueName;
export const tokenRole = z.enum(ADMIN_ROLES);

const createInput = z.strictObject({
  name: tokenName,
  role: tokenRole,
  /** Absent or null: it never expires. */
  expiresInDays: z.number().int().min(1).max(36_500).nullable().optional(),
});

export type CreateAdminTokenInput = z.input<typeof createInput>;

export interface MadeToken {
  /** The only time it is seen: empty where the very change was asked for before. */
  secret: string;
  token: AdminToken;
}

/**
 * Admin tokens: made, listed, revoked. They are named by id or name. A name is never free again, not
 * even that of a revoked one: events and mutation ids go by it.
 */
export class AdminTokenService {
  readonly #parts: ServiceParts;
  readonly #hasher: KeyHasher;

  constructor(parts: ServiceParts, hasher: KeyHasher) {
    this.#parts = parts;
    this.#hasher = hasher;
  }

  async create(actor: Actor, input: CreateAdminTokenInput): Promise<MadeToken> {
    const asked = { actor, operation: 'createAdminToken', schema: createInput, input } as const;
    const made = perform(this.#parts, asked, async ({ wanted, tx, note }): Promise<Minted> => {
      const nowMs = this.#parts.clock.now();
      const secret = mintAdminToken();
      const { name, role, expiresInDays: days = null } = wanted;
      const token = tx.create(AdminToken, {
        id: newId(),
        name,
        role,
        hash: this.#hasher.hash(secret),
        hint: keyHint(secret),
        createdBy: actor.name,
        expiresAt: days === null ? null : new Date(nowMs + days * DAY_MS),
        revokedAt: null,
        createdAt: new Date(nowMs),
      });
      tx.persist(token);
      note({ type: 'admin_token.created', subject: token.id, after: facts(token) });
      return { secret: new Secret(secret), token };
    });
    const { secret, token } = await claimingName('admin token', made);
    return { secret: secret?.reveal() ?? '', token };
  }

  /** By name, revoked ones among them. */
  async list(actor: Actor): Promise<AdminToken[]> {
    permit(actor, 'adminTokens');
    return await this.#parts.em.fork().find(AdminToken, {}, { orderBy: { name: 'asc' } });
  }

  /** From now on it opens nothing, and what it has open is closed. There is no way back. */
  async revoke(actor: Actor, idOrName: string): Promise<AdminToken> {
    const asked = {
      actor,
      operation: 'revokeAdminToken',
      schema: nothing,
      input: {},
      of: idOrName,
    } as const;
    return await perform(this.#parts, asked, async ({ tx, note }) => {
      const token = await tokenNamed(tx, idOrName);
      if (token.revokedAt !== null) return token;
      const before = facts(token);
      token.revokedAt = new Date(this.#parts.clock.now());
      note({ type: 'admin_token.revoked', subject: token.id, before, after: facts(token) });
      return token;
    });
  }
}

/** What is kept for a repetition has no secret. */
interface Minted {
  secret: Secret | null;
  token: AdminToken;
}

async function tokenNamed(tx: EntityManager, text: string): Promise<AdminToken> {
  const token = await tx.findOne(AdminToken, { $or: [{ id: text }, { name: text }] });
  if (token !== null) return token;
  throw new GatewayError('not_found', `There is no admin token called ${text}.`, { param: 'id' });
}

/** What an event may say of a token: all but its hash. */
const facts = ({ name, role, hint, expiresAt, revokedAt }: AdminToken) => ({
  name,
  role,
  hint,
  expiresAt: expiresAt?.toISOString() ?? null,
  revokedAt: revokedAt?.toISOString() ?? null,
});
