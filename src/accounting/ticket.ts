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

/** What of it the charge depends on. */
export type Chargeable = Pick<Settlement, 'outcome' | 'usage' | 'price' | 'isPaidElsewhere'>;

/** What an admitted call has taken, besides the hold on disk. */
export interface Taken {
  limits: Disposable & { settle(tokens: number): void };
  money: {
    /** Holds so much more, or nothing; whether it does. */
    extend(amountNano: bigint): boolean;
    settle(costNano: bigint): void;
    release(): void;
  };
}

export interface TicketParts {
  hold: HoldDraft;
  /** The hold is the most that the call can cost: one that costs more is an overrun. */
  isStrict: boolean;
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
  readonly isStrict: boolean;
  #hold: HoldDraft;
  readonly #meter: MeterKind;
  readonly #ledger: Ledger;
  readonly #taken: Taken;
  readonly #onSettled: (record: CallRecord) => void;
  #isDurable = false;
  #isSettled = false;

  /** @throws GatewayError when the ledger cannot take a hold now; nothing is taken then. */
  constructor(parts: TicketParts) {
    this.isStrict = parts.isStrict;
    this.#hold = parts.hold;
    this.#meter = parts.meter;
    this.#ledger = parts.ledger;
    this.#onSettled = parts.onSettled;
    this.durable = parts.ledger.hold(parts.hold);
    this.#taken = parts.take();
    this.durable.then(
      () => (this.#isDurable = true),
      // Whoever answers the client awaits it; until then a refusal must not count as unhandled.
      () => undefined,
    );
  }

  /**
   * Whether so much money is held for the call. What is missing is held in addition, rather a whole
   * slice than little, as long as every budget has room.
   */
  holdsAtLeast(amountNano: bigint, sliceNano: bigint): boolean {
    const missing = amountNano - this.#hold.amountNano;
    if (missing <= 0n) return true;
    // One that the ledger may still refuse must not come again, and stay.
    if (this.#isSettled || !this.#isDurable) return false;
    return (missing < sliceNano && this.#extend(sliceNano)) || this.#extend(missing);
  }

  /** What the call would be charged if it ended like that. */
  chargeFor({ outcome, usage, price, isPaidElsewhere }: Chargeable): {
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

  settle(settlement: Settlement): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    const record = this.#record(settlement);
    this.#noteOverrun(record);
    this.#taken.limits.settle(tokensIn(record.usage));
    // Behind the hold, so that the settlement always finds it. Without a hold the call was refused.
    void this.durable.then(
      () => {
        this.#ledger.settle(record);
        this.#taken.money.settle(record.costNano);
        this.#onSettled(record);
      },
      () => this.#taken.money.release(),
    );
  }

  /** The call is over: its place among those at once is free again. */
  [Symbol.dispose](): void {
    this.#taken.limits[Symbol.dispose]();
  }

  #extend(amountNano: bigint): boolean {
    if (!this.#taken.money.extend(amountNano)) return false;
    this.#hold = { ...this.#hold, amountNano: this.#hold.amountNano + amountNano };
    try {
      // Nobody waits for it: should the process die first, the call is charged at what is on disk.
      this.#ledger.hold(this.#hold).catch(() => undefined);
    } catch {
      // The store is failing. The call was admitted, and is settled when the store is back.
    }
    return true;
  }

  /**
   * What nobody told is charged at its count or estimate; at the hold where a provider may bill what
   * nobody saw: an answer that goes on after the call, or under a strict budget one that broke off.
   * There a count of our own is never beyond what was held.
   */
  #charge(settlement: Settlement): { costNano: bigint; isPriced: boolean } {
    const charge = this.chargeFor(settlement);
    const { outcome, usageSource, isPaidElsewhere } = settlement;
    if (isPaidElsewhere || this.#meter !== 'usage' || usageSource === 'reported') return charge;
    const { amountNano } = this.#hold;
    const isUnfinished = this.attempts.at(-1)?.anomalies?.includes('unfinished') === true;
    const isOpen = isUnfinished || (this.isStrict && outcome === 'partial');
    const isBeyond = this.isStrict && charge.costNano > amountNano;
    return isOpen || isBeyond ? { ...charge, costNano: amountNano } : charge;
  }

  #noteOverrun({ costNano, holdNano, attempts }: CallRecord): void {
    const last = attempts.at(-1);
    if (!this.isStrict || costNano <= holdNano || last === undefined) return;
    last.anomalies = [...(last.anomalies ?? []), 'overrun'];
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
}
