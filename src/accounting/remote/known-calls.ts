import type { Database, Statement } from 'better-sqlite3';
import type { Outcome } from '../../entities/call-record.ts';
import type { ExpiryAction, RemoteCallKind } from '../../entities/remote-call.ts';
import { openSqlite } from '../../lib/sqlite.ts';
import { sheetFromJson } from '../prices/price-row.ts';
import type { ChargePrice } from './charge.ts';
import type { RemoteFacts } from './remote-record.ts';

/** A call of another service, as it is on disk. Nano-USD. */
export interface KnownCall extends RemoteFacts {
  readonly kind: RemoteCallKind;
  /** What its service ended it with; null as long as it has not. */
  readonly settleFingerprint: string | null;
  /** False where some of what it was ended with had no price. */
  readonly isPriced: boolean;
  readonly priceId: string;
  readonly onExpiry: ExpiryAction;
  readonly expiresAtMs: number;
  /** Null once nothing is held for it. */
  readonly heldNano: bigint | null;
  readonly record: KnownRecord | null;
}

export interface KnownRecord {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly costNano: bigint;
  /** What corrections have added since; negative: taken away. */
  readonly adjustedNano: bigint;
  readonly holdNano: bigint;
  readonly priceId: string;
  readonly isPriced: boolean;
}

type Row = Record<string, string | number | null>;

/** As text: the driver's numbers are exact only up to 2^53. */
const COLUMNS = `c.id, c.key_id, c.idempotency_id, c.kind, c.fingerprint, c.settle_fingerprint,
  c.is_priced, c.provider, c.price_id, c.on_expiry, c.actor, c.created_at_ms, c.expires_at_ms,
  coalesce(h.pool_id, r.pool_id) as pool_id, coalesce(h.user_id, r.user_id) as user_id,
  coalesce(h.team_id, r.team_id) as team_id, coalesce(h.endpoint, r.endpoint) as endpoint,
  coalesce(h.model, r.model) as model, cast(h.amount_nano as text) as held,
  r.outcome, r.reason, cast(r.cost_nano as text) as cost, cast(r.hold_nano as text) as hold,
  r.price_id as record_price_id, r.is_priced as is_record_priced,
  (select cast(coalesce(sum(delta_nano), 0) as text) from adjustments where request_id = c.id)
    as adjusted`;
const TABLES =
  'remote_calls c left join holds h on h.id = c.id left join usage_records r on r.id = c.id';

/**
 * Finds calls of other services on disk. Read in this thread, each by a key: a few microseconds for what
 * is asked every time, some more for what is asked twice or late.
 */
export class KnownCalls {
  readonly #database: Database;
  readonly #byId: Statement<[string], Row>;
  readonly #idOf: Statement<[string, string], string>;
  readonly #price: Statement<[string], { rates: string; tiers: string }>;

  constructor(file: string) {
    this.#database = openSqlite(file);
    this.#byId = this.#database.prepare(`select ${COLUMNS} from ${TABLES} where c.id = ?`);
    this.#idOf = this.#database
      .prepare<[string, string], string>(
        'select id from remote_calls where key_id = ? and idempotency_id = ?',
      )
      .pluck();
    this.#price = this.#database.prepare('select rates, tiers from prices where id = ?');
  }

  byId(id: string): KnownCall | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : knownCall(row);
  }

  /** Of the call that has this name. */
  idOf({ keyId, idempotencyId }: Pick<KnownCall, 'keyId' | 'idempotencyId'>): string | undefined {
    return this.#idOf.get(keyId, idempotencyId);
  }

  /** All that money is held for. */
  open(): KnownCall[] {
    const held =
      'holds h cross join remote_calls c on c.id = h.id left join usage_records r on r.id = h.id';
    return this.#database
      .prepare<[], Row>(
        `select ${COLUMNS} from ${held} where c.kind = 'reservation' and r.id is null order by h.id`,
      )
      .all()
      .map(knownCall);
  }

  /** A price that was in force once, whatever was set since. */
  price(id: string): ChargePrice | undefined {
    const row = id === '' ? undefined : this.#price.get(id);
    if (row === undefined) return undefined;
    return { id, ...sheetFromJson({ rates: JSON.parse(row.rates), tiers: JSON.parse(row.tiers) }) };
  }

  close(): void {
    this.#database.close();
  }
}

const text = (row: Row, name: string): string => String(row[name] ?? '');
const whole = (row: Row, name: string): number => Number(row[name] ?? 0);
const nano = (row: Row, name: string): bigint => BigInt(row[name] ?? 0);

const knownCall = (row: Row): KnownCall => ({
  id: text(row, 'id'),
  keyId: text(row, 'key_id'),
  poolId: text(row, 'pool_id'),
  userId: text(row, 'user_id'),
  teamId: text(row, 'team_id'),
  idempotencyId: text(row, 'idempotency_id'),
  kind: text(row, 'kind') as RemoteCallKind,
  fingerprint: text(row, 'fingerprint'),
  settleFingerprint: row['settle_fingerprint'] === null ? null : text(row, 'settle_fingerprint'),
  isPriced: row['is_priced'] === 1,
  provider: text(row, 'provider'),
  model: text(row, 'model'),
  endpoint: text(row, 'endpoint'),
  priceId: text(row, 'price_id'),
  onExpiry: text(row, 'on_expiry') as ExpiryAction,
  actor: text(row, 'actor'),
  createdAtMs: whole(row, 'created_at_ms'),
  expiresAtMs: whole(row, 'expires_at_ms'),
  heldNano: row['held'] === null ? null : nano(row, 'held'),
  record: row['outcome'] === null ? null : knownRecord(row),
});

const knownRecord = (row: Row): KnownRecord => ({
  outcome: text(row, 'outcome') as Outcome,
  reason: text(row, 'reason'),
  costNano: nano(row, 'cost'),
  adjustedNano: nano(row, 'adjusted'),
  holdNano: nano(row, 'hold'),
  priceId: text(row, 'record_price_id'),
  isPriced: row['is_record_priced'] === 1,
});
