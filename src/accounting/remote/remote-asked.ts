import { hash } from 'node:crypto';
import { GatewayError } from '../../errors/gateway-error.ts';
import type { BudgetSubjects } from '../budgets/terms.ts';

/** Whose money a call takes; owner and team are empty where the key has none. */
export interface Payer {
  readonly keyId: string;
  readonly poolId: string;
  readonly userId: string;
  readonly teamId: string;
}

/** A call that another service makes, as it was asked for. */
export interface RemoteAsked extends Payer {
  /** The service's own name for it, among those of the key. */
  readonly idempotencyId: string;
  /** Of all that was asked for: under the same name it has to be the same. */
  readonly fingerprint: string;
  /** Who is called; empty where that was not said. */
  readonly provider: string;
  readonly model: string;
  readonly endpoint: string;
  /** The service, as it showed itself. */
  readonly actor: string;
}

export const subjectsOf = ({ keyId, poolId, userId, teamId }: Payer): BudgetSubjects => ({
  key: keyId,
  team: teamId || null,
  user: userId || null,
  pool: poolId,
});

/** No two calls have the same; ids of keys have no spaces. */
export const nameOf = ({ keyId, idempotencyId }: RemoteAsked): string =>
  `${keyId} ${idempotencyId}`;

/** The same for what is the same, in whatever form it was sent. */
export const fingerprintOf = (...content: readonly unknown[]): string =>
  hash('sha256', JSON.stringify(content, spelled), 'base64url');

const spelled = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value;

/** @throws GatewayError `conflict` unless both ask for the same */
export function assertSame(known: { fingerprint: string }, asked: { fingerprint: string }): void {
  if (known.fingerprint === asked.fingerprint) return;
  throw new GatewayError(
    'conflict',
    'Another call of this key has this id, and it is not the same.',
    {
      param: 'idempotency_id',
    },
  );
}
