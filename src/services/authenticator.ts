import { hash, timingSafeEqual } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/sqlite';
import { GatewayError } from '../errors/gateway-error.ts';
import type { EventLog } from '../events/log.ts';
import type { Clock } from '../lib/clock.ts';
import type { KeyHasher } from '../lib/key-hasher.ts';
import type { Secret } from '../lib/secret.ts';
import { ADMIN } from './actor.ts';
import type { Actor } from './actor.ts';
import { LiveTokens } from './live-tokens.ts';
import { LiveUsers } from './live-users.ts';
import type { UserTokens } from './user-tokens.ts';

const BEARER = /^Bearer /i;

export interface AuthenticatorParts {
  em: EntityManager;
  events: EventLog;
  clock: Clock;
  hasher: KeyHasher;
  adminSecret: Secret;
  userTokens: UserTokens;
}

/**
 * Tells who shows a secret to the control plane: the administrator, an admin token, or a user by a
 * token that somebody else signed. Tokens and users are in memory, kept current by events.
 */
export class Authenticator {
  readonly #parts: AuthenticatorParts;
  readonly #tokens: LiveTokens;
  readonly #users: LiveUsers;
  readonly #listeners = new Set<() => void>();

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts;
    this.#tokens = new LiveTokens(parts.em, parts.hasher);
    this.#users = new LiveUsers(parts.em);
  }

  /** Reads who there is, and follows what changes of it; before that it knows the admin secret only. */
  async load(): Promise<void> {
    // Subscribed before anything is read: what changes meanwhile is applied after it.
    const loaded = Promise.withResolvers<void>();
    const follow = (prefix: string, kept: { reload(id: string): Promise<void> }) =>
      this.#parts.events.subscribe(prefix, async ({ subject }) => {
        await loaded.promise;
        await kept.reload(subject);
        for (const listener of this.#listeners) listener();
      });
    follow('admin_token.', this.#tokens);
    follow('user.', this.#users);
    await Promise.all([this.#tokens.load(), this.#users.load()]);
    loaded.resolve();
  }

  /**
   * Who shows the value of an `authorization` header; null: nobody we know.
   * @throws GatewayError `permission_denied` for a user that is switched off
   */
  async actorOf(authorization: string | undefined): Promise<Actor | null> {
    if (authorization === undefined || !BEARER.test(authorization)) return null;
    const shown = authorization.slice('Bearer '.length);
    if (this.#isAdmin(shown)) return ADMIN;
    return this.#tokens.actorOf(shown, this.#parts.clock.now()) ?? (await this.#userOf(shown));
  }

  /**
   * Whether an actor that was let in before would be let in now, and as the same. Looks into memory
   * alone. Expiry is by the clock, so nobody is told of it: who keeps a socket open asks now and then.
   */
  isValid({ role, userId, tokenId, expiresAtMs }: Actor): boolean {
    if (expiresAtMs !== undefined && expiresAtMs <= this.#parts.clock.now()) return false;
    if (tokenId !== undefined && !this.#tokens.gives(tokenId, role)) return false;
    return userId === null || this.#users.isEnabled(userId);
  }

  /** Told whenever somebody may have become invalid, except by expiry. Returns how to stop it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async #userOf(shown: string): Promise<Actor | null> {
    const claims = await this.#parts.userTokens.read(shown);
    const user = claims === null ? undefined : this.#users.named(claims.subject);
    if (claims === null || user === undefined) return null;
    if (!user.isEnabled) throw new GatewayError('permission_denied', 'This user is switched off.');
    const { id } = user;
    const { expiresAtMs } = claims;
    return { name: `user:${id}`, role: 'user', userId: id, expiresAtMs };
  }

  /** Compares digests, so that neither length nor content of the secret shows in the time taken. */
  #isAdmin(shown: string): boolean {
    const given = hash('sha256', shown, 'buffer');
    const wanted = hash('sha256', this.#parts.adminSecret.reveal(), 'buffer');
    return timingSafeEqual(given, wanted);
  }
}
