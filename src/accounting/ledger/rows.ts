import type { CallRecord, HoldDraft } from '../../entities/call-record.ts';
import type { RemoteCall } from '../../entities/remote-call.ts';
import { USAGE_CLASSES } from '../../entities/usage.ts';

/**
 * What a batch carries between threads: plain rows, one value for each column, money as text (the
 * column makes it an integer). Sent as JSON: one string to copy instead of many small values.
 */
export type Cell = string | number | null;

export interface Batch {
  holds: Cell[][];
  settlements: Cell[][];
  /** Of other services; absent where there is nothing of theirs, as mostly. */
  remote?: RemoteWrite[];
}

/**
 * What a commit does for one call that another service makes: all of it, or nothing. The claim is the
 * call's own row; where its name is another call's already, nothing is written either.
 */
export interface RemoteWrite {
  /** The request id. */
  id: string;
  claim?: Cell[];
  /** What is held from now on, and until when. */
  hold?: Cell[];
  /** Takes the place of the hold; that of a call which is over when it is claimed needs none. */
  settlement?: Cell[];
  end?: RemoteEnd;
  event?: Cell[];
}

/** How its service ended a call. */
export interface RemoteEnd {
  /** Of what was asked for. */
  fingerprint: string;
  /** Whether there was a price for all of it. */
  isPriced: boolean;
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export const USAGE_COLUMNS: readonly string[] = USAGE_CLASSES.map(snake);

export const HOLD_COLUMNS = [
  'id',
  'owner',
  'key_id',
  'pool_id',
  'user_id',
  'team_id',
  'endpoint',
  'model',
  'amount_nano',
  'created_at_ms',
  'expires_at_ms',
] as const;

const FACT_COLUMNS = [
  'id',
  'key_id',
  'pool_id',
  'user_id',
  'team_id',
  'credential_id',
  'endpoint',
  'model',
  'is_stream',
  'started_at_ms',
  'duration_ms',
  'first_byte_ms',
  'status',
  'outcome',
  'reason',
  'attempts',
  'route',
  'usage_source',
  'cost_nano',
  'price_id',
  'is_priced',
  'hold_nano',
] as const;

export const RECORD_COLUMNS: readonly string[] = [...FACT_COLUMNS, ...USAGE_COLUMNS];

export const REMOTE_COLUMNS = [
  'id',
  'key_id',
  'idempotency_id',
  'kind',
  'fingerprint',
  'settle_fingerprint',
  'is_priced',
  'provider',
  'price_id',
  'on_expiry',
  'actor',
  'created_at_ms',
  'expires_at_ms',
] as const;

export const EVENT_COLUMNS = ['at', 'type', 'subject', 'actor', 'request_id', 'after'] as const;

/** Position of a record's column in its row. */
export const recordColumn = (name: string): number => RECORD_COLUMNS.indexOf(name);

export function holdRow(hold: HoldDraft, owner: string): Cell[] {
  return [
    hold.id,
    owner,
    hold.keyId,
    hold.poolId,
    hold.userId,
    hold.teamId,
    hold.endpoint,
    hold.model,
    String(hold.amountNano),
    hold.createdAtMs,
    hold.expiresAtMs,
  ];
}

export function recordRow(record: CallRecord): Cell[] {
  const row: Cell[] = [
    record.id,
    record.keyId,
    record.poolId,
    record.userId,
    record.teamId,
    record.credentialId,
    record.endpoint,
    record.model,
    record.isStream ? 1 : 0,
    record.startedAtMs,
    record.durationMs,
    record.firstByteMs,
    record.status,
    record.outcome,
    record.reason,
    JSON.stringify(record.attempts),
    record.route === null ? null : JSON.stringify(record.route),
    record.usageSource,
    String(record.costNano),
    record.priceId,
    record.isPriced ? 1 : 0,
    String(record.holdNano),
  ];
  for (const name of USAGE_CLASSES) row.push(record.usage[name]);
  return row;
}

export const remoteRow = (call: RemoteCall): Cell[] => [
  call.id,
  call.keyId,
  call.idempotencyId,
  call.kind,
  call.fingerprint,
  call.settleFingerprint,
  call.isPriced ? 1 : 0,
  call.provider,
  call.priceId,
  call.onExpiry,
  call.actor,
  call.createdAtMs,
  call.expiresAtMs,
];
