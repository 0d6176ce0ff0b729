import { tokensOf } from '../accounting/estimate.ts';
import { withFee } from '../accounting/prices/fee.ts';
import type { PriceRow } from '../accounting/prices/price-row.ts';
import type { Ticket } from '../accounting/ticket.ts';
import type { Anomaly, Outcome } from '../entities/call-record.ts';
import type { Usage, UsageSource } from '../entities/usage.ts';
import type { Clock } from '../lib/clock.ts';
import type { Effect } from '../pool/effect.ts';
import type { RunningCost } from './running-cost.ts';
import type { Call } from './call.ts';
import type { Asked, Endpoint } from './endpoints/endpoint.ts';
import type { Exchange } from './exchange.ts';
import type { Spoken } from './spoken.ts';

/** What a delivery needs. */
export interface Delivery {
  call: Call;
  exchange: Exchange;
  endpoint: Endpoint;
  asked: Asked;
  ticket: Ticket;
  /** Of the model at the credential that serves it; undefined when nobody knows it. */
  price: PriceRow | undefined;
  /** The model's name as the upstream was told; empty where there is none. */
  sentModel: string;
  hidesUsage: boolean;
  /** What authorized the call, and what that came of: an upstream's error may not quote it. */
  secrets: readonly string[];
  clock: Clock;
  /** What the call is charged if its answer is whole. */
  chargeFor(usage: Usage | null): ReturnType<Ticket['chargeFor']>;
  /** Of its answer, as it streams. */
  spend: RunningCost;
  /** A comment is sent into a stream that was silent for so long; null: never. */
  heartbeatMs: number | null;
}

/** What became of a delivery; the ledger's settlement is made from it. */
export interface Delivered extends Charged {
  status: number;
  outcome: Outcome;
  reason: string;
  isStream: boolean;
  /** What the way it ended says of the upstream. */
  effect: Effect;
  /** Status that an error in the middle would have had in the answer's place. */
  errorStatus?: number;
  anomalies: readonly Anomaly[];
}

export interface Charged {
  /** Null when nothing is to be charged. */
  usage: Usage | null;
  usageSource: UsageSource;
  /** Where nobody told the usage: the text that was produced, to be counted; null if there is none. */
  said?: Spoken | null;
}

export const SERVED: Effect = { kind: 'served' };
/** The client ended it. */
export const NO_EFFECT: Effect = { kind: 'none' };
/** The upstream broke off what it had begun. */
export const BROKEN: Effect = { kind: 'origin', isWhole: false, ms: null };

export const NOT_CHARGED: Charged = Object.freeze({ usage: null, usageSource: 'none' });

/**
 * The usage to charge: what was told, else the endpoint's estimate with the text that was really
 * produced, or its size in bytes, in place of the assumed one.
 */
export function chargeable(
  { endpoint: { meter }, asked, price }: Pick<Delivery, 'endpoint' | 'asked' | 'price'>,
  told: Usage | null,
  produced: Spoken | number,
): Charged {
  if (meter.kind !== 'usage') return NOT_CHARGED;
  if (told !== null) {
    return { usage: meter.hasFee === true ? withFee(told, price) : told, usageSource: 'reported' };
  }
  const estimate = meter.estimate(asked, price);
  const untold = { usageSource: 'estimated', said: null } as const;
  if (meter.saysText !== true || estimate.output === 0) return { usage: estimate, ...untold };
  const said = typeof produced === 'number' ? null : produced;
  const output = tokensOf(typeof produced === 'number' ? produced : produced.bytes);
  return { usage: { ...estimate, output }, ...untold, said };
}
