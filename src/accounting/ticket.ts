import type {
  AttemptNote,
  CallRecord,
  HoldDraft,
  Outcome,
  RouteNote,
} from '../entities/call-record.ts';
import type { Usage, UsageSource } from '../entities/usage.ts';
import { noUsage, tokensIn } from '../entities/usage.ts';
import type { Ledger } from './ledger/ledger.ts';
import { costOf } from './prices/cost.ts';
import type { PriceRow } from './prices/price-row.ts';

/** `usage` is priced, `free` costs nothing, `unpriced` may cost what nobody tells. */
export type MeterKind = 'usage' | 'free' | 'unpriced';

/** How a call ended, as far as money is concerned. */
export interface Settlement {
  outcome: Outcome;
  /** `ok` or an error code. */
  reason: string;
  status: number;
  credentialId: string;
  isStream: boolean;
  /** Null when nothing is to be charged. */
  usage: Usage | null;
  usageSource: UsageSource;
  /** Of the model at the credential that served; undefined when nobody knows it. */
  price: PriceRow | undefined;
  /** The client's own account at the provider pays: it costs nothing here. */
  isPaidElsewhere: boolean;
  durationMs: number;
}

/** What an admitted call has taken, besides the hold on disk. */
export interface Taken {
  limits: Disposable & { settle(tokens: number): void };
  money: { settle(record: CallRecord): void; release(): void };
}

export interface TicketParts {
  hold: HoldDraft;
  meter: MeterKind;
  ledger: Ledger;
  /** Called once the ledger has the hold. */
  take(): Taken;
  onSettled: (record: CallRecord) => void;
}

/**
 * The permission to spend that an admitted call carries. It becomes exactly one ledger record,
 * however often it is settled.
 */
export class Ticket {
  /** Resolves when the hold is on disk: no byte may reach the client before. */
  readonly durable: Promise<void>;
  readonly attempts: AttemptNote[] = [];
  route: RouteNote | null = null;
  firstByteMs: number | null = null;
  readonly #hold: HoldDraft;
  readonly #meter: MeterKind;
  readonly #ledger: Ledger;
  readonly #taken: Taken;
  readonly #onSettled: (record: CallRecord) => void;
  #isSettled = false;

  /** @throws GatewayError when the ledger cannot take a hold now; nothing is taken then. */
  constructor(parts: TicketParts) {
    this.#hold = parts.hold;
    this.#meter = parts.meter;
    this.#ledger = parts.ledger;
    this.#onSettled = parts.onSettled;
    this.durable = parts.ledger.hold(parts.hold);
    this.#taken = parts.take();
    // Whoever answers the client awaits it; until then a refusal must not count as unhandled.
    this.durable.catch(() => undefined);
  }

  settle(settlement: Settlement): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    const record = this.#record(settlement);
    this.#taken.limits.settle(tokensIn(record.usage));
    // Behind the hold, so that the settlement always finds it. Without a hold the call was refused.
    void this.durable.then(
      () => {
        this.#ledger.settle(record);
        this.#taken.money.settle(record);
        this.#onSettled(record);
      },
      () => this.#taken.money.release(),
    );
  }

  /** The call is over: its place among those at once is free again. */
  [Symbol.dispose](): void {
    this.#taken.limits[Symbol.dispose]();
  }

  #record(settlement: Settlement): CallRecord {
    const usage = settlement.usage ?? noUsage();
    const { costNano, isPriced } = this.#charge(settlement);
    return {
      id: this.#hold.id,
      keyId: this.#hold.keyId,
      poolId: this.#hold.poolId,
      userId: this.#hold.userId,
      teamId: this.#hold.teamId,
      credentialId: settlement.credentialId,
      endpoint: this.#hold.endpoint,
      model: this.#hold.model,
      isStream: settlement.isStream,
      startedAtMs: this.#hold.createdAtMs,
      durationMs: Math.round(settlement.durationMs),
      firstByteMs: this.firstByteMs === null ? null : Math.round(this.firstByteMs),
      status: settlement.status,
      outcome: settlement.outcome,
      reason: settlement.reason,
      attempts: this.attempts,
      route: this.route,
      usage,
      usageSource: settlement.usage === null ? 'none' : settlement.usageSource,
      costNano,
      priceId: settlement.usage === null ? '' : (settlement.price?.id ?? ''),
      isPriced,
      holdNano: this.#hold.amountNano,
    };
  }

  #charge({ outcome, usage, price, isPaidElsewhere }: Settlement): {
    costNano: bigint;
    isPriced: boolean;
  } {
    if (isPaidElsewhere) return { costNano: 0n, isPriced: true };
    if (this.#meter === 'unpriced') return { costNano: 0n, isPriced: outcome === 'voided' };
    if (usage === null) return { costNano: 0n, isPriced: true };
    if (price === undefined) return { costNano: 0n, isPriced: false };
    const cost = costOf(usage, price);
    return { costNano: cost.costNano, isPriced: cost.unpriced.length === 0 };
  }
}
