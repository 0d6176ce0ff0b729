import type { CallRecord } from '../../entities/call-record.ts';
import type { ExpiryAction, RemoteCall } from '../../entities/remote-call.ts';
import { noUsage } from '../../entities/usage.ts';
import type { Charge } from './charge.ts';
import type { RemoteAsked } from './remote-asked.ts';

/** A call that has its id and its time. */
export interface RemoteFacts extends RemoteAsked {
  readonly id: string;
  readonly createdAtMs: number;
}

/** How a call ended, as its record has it. */
export type RemoteEnding = Pick<
  CallRecord,
  | 'outcome'
  | 'reason'
  | 'status'
  | 'usage'
  | 'usageSource'
  | 'costNano'
  | 'priceId'
  | 'isPriced'
  | 'holdNano'
  | 'durationMs'
>;

/** Nobody saw an answer of what was not made, or not told. */
const UNSEEN = {
  status: 0,
  usage: noUsage(),
  usageSource: 'none',
  priceId: '',
  isPriced: true,
} as const;

/** Held for it so much, and so long. */
interface Held {
  holdNano: bigint;
  durationMs: number;
}

export const ENDINGS = {
  settled: ({ usage, costNano, priceId, isPriced }: Charge, held: Held): RemoteEnding => ({
    ...held,
    outcome: 'settled',
    reason: 'ok',
    status: 200,
    usage,
    usageSource: 'reported',
    costNano,
    priceId,
    isPriced,
  }),
  released: (held: Held): RemoteEnding => ({
    ...UNSEEN,
    ...held,
    outcome: 'voided',
    reason: 'released',
    costNano: 0n,
  }),
  /** Charged at the hold, as the call may have been made; or given back, as was asked for. */
  expired: (held: Held, onExpiry: ExpiryAction): RemoteEnding => ({
    ...UNSEEN,
    ...held,
    outcome: onExpiry === 'charge' ? 'unknown' : 'voided',
    reason: 'expired',
    costNano: onExpiry === 'charge' ? held.holdNano : 0n,
  }),
} as const;

/** No credential of ours served it, and nothing was routed. */
export const recordOf = (call: RemoteFacts, ending: RemoteEnding): CallRecord => ({
  id: call.id,
  keyId: call.keyId,
  poolId: call.poolId,
  userId: call.userId,
  teamId: call.teamId,
  credentialId: '',
  endpoint: call.endpoint,
  model: call.model,
  isStream: false,
  startedAtMs: call.createdAtMs,
  firstByteMs: null,
  attempts: [],
  route: null,
  ...ending,
});

export const callOf = (
  call: RemoteFacts,
  own: Pick<RemoteCall, 'kind' | 'isPriced' | 'priceId' | 'onExpiry' | 'expiresAtMs'>,
): RemoteCall => ({
  id: call.id,
  keyId: call.keyId,
  idempotencyId: call.idempotencyId,
  fingerprint: call.fingerprint,
  settleFingerprint: null,
  provider: call.provider,
  actor: call.actor,
  createdAtMs: call.createdAtMs,
  ...own,
});
