import type { CallRecord, HoldDraft } from '../../entities/call-record.ts';
import { USAGE_CLASSES } from '../../entities/usage.ts';

/**
 * What a batch carries between threads: plain rows, one value for each column, money as text (the
 * column makes it an integer). Sent as JSON: one string to copy instead of many small values.
 */
export type Cell = string | number | null;

export interface Batch {
  holds: Cell[][];
  settlements: Cell[][];
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
