import { Entity, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { CountColumn } from './column-types.ts';

/** `usage`: told when it was over · `reservation`: money was held for it first. */
export type RemoteCallKind = 'usage' | 'reservation';

/** What becomes of a reservation that nobody settles; of a recorded usage nothing. */
export type ExpiryAction = 'charge' | 'release' | 'none';

/**
 * A call that another service made, under that service's own name for it: sent again it is found, and
 * changes nothing. Its money is in the hold or the record of the same id, which every row has.
 */
@Entity({ tableName: 'remote_calls' })
@Unique({ properties: ['keyId', 'idempotencyId'] })
export class RemoteCall {
  /** The request id; of its hold and of its record, too. */
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Property({ type: 'string' })
  keyId!: string;

  /** The service's own name for it. */
  @Property({ type: 'string' })
  idempotencyId!: string;

  @Property({ type: 'string' })
  kind!: RemoteCallKind;

  /** SHA-256 of what was asked for. */
  @Property({ type: 'string' })
  fingerprint!: string;

  /** The same of what ended a reservation; null as long as its service has not. */
  @Property({ type: 'string', nullable: true })
  settleFingerprint!: string | null;

  /** False where some of what ended it had no price. */
  @Property({ type: 'boolean' })
  isPriced!: boolean;

  /** Who was called; empty where that was not said. */
  @Property({ type: 'string' })
  provider!: string;

  /** The price that a reservation is settled by; empty where none was known. */
  @Property({ type: 'string' })
  priceId!: string;

  @Property({ type: 'string' })
  onExpiry!: ExpiryAction;

  /** The service, as it showed itself. */
  @Property({ type: 'string' })
  actor!: string;

  @Property({ type: CountColumn })
  createdAtMs!: number;

  /** Until then a reservation is held; of a recorded usage as `createdAtMs`. */
  @Property({ type: CountColumn })
  expiresAtMs!: number;
}
