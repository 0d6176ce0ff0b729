import { hash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../lib/secret.ts';
import { ADMIN } from './actor.ts';
import type { Actor } from './actor.ts';

const BEARER = 'Bearer ';

export interface AuthenticatorParts {
  adminSecret: Secret;
}

/** Tells who shows a secret to the control plane. */
export class Authenticator {
  readonly #adminSecret: Secret;

  constructor({ adminSecret }: AuthenticatorParts) {
    this.#adminSecret = adminSecret;
  }

  /** Who shows the value of an `authorization` header; null: nobody we know. */
  async actorOf(authorization: string | undefined): Promise<Actor | null> {
    const shown = authorization?.startsWith(BEARER) ? authorization.slice(BEARER.length) : null;
    return await Promise.resolve(shown !== null && this.#isAdmin(shown) ? ADMIN : null);
  }

  /** Compares digests, so that neither length nor content of the secret shows in the time taken. */
  #isAdmin(shown: string): boolean {
    const given = hash('sha256', shown, 'buffer');
    return timingSafeEqual(given, hash('sha256', this.#adminSecret.reveal(), 'buffer'));
  }
}
