import { tokensOf } from '../accounting/estimate.ts';
import type { Ticket } from '../accounting/ticket.ts';
import type { Anomaly, Outcome } from '../entities/call-record.ts';
import type { Usage, UsageSource } from '../entities/usage.ts';
import type { Clock } from '../lib/clock.ts';
import type { Effect } from '../pool/effect.ts';
import type { Call } from './call.ts';
import type { Asked, Endpoint } from './endpoints/endpoint.ts';
import type { Exchange } from './exchange.ts';

/** What a delivery needs. */
export interface Delivery {
  call: Call;
  exchange: Exchange;
  endpoint: Endpoint;
  asked: Asked;
  ticket: Ticket;
  /** The model's name as the upstream was told; empty where there is none. */
  sentModel: string;
  hidesUsage: boolean;
  /** What authorized the call, and what that came of: an upstream's error may not quote it. */
  secrets: readonly string[];
  clock: Clock;
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
}

export const SERVED: Effect = { kind: 'served' };
/** The client ended it. */
export const NO_EFFECT: Effect = { kind: 'none' };
/** The upstream broke off what it had begun. */
export const BROKEN: Effect = { kind: 'origin', isWhole: false, ms: null };

export const NOT_CHARGED: Charged = Object.freeze({ usage: null, usageSource: 'none' });

/**
 * The usage to charge: what was told, else the endpoint's estimate with the output that was really
 * produced in place of the assumed one.
 */
export function chargeable(
  { endpoint, asked }: Pick<Delivery, 'endpoint' | 'asked'>,
  told: Usage | null,
  producedBytes: number,
): Charged {
  if (endpoint.meter.kind !== 'usage') return NOT_CHARGED;
  if (told !== null) return { usage: told, usageSource: 'reported' };
  const estimate = endpoint.meter.estimate(asked);
  const output = estimate.output === 0 ? 0 : tokensOf(producedBytes);
  return { usage: { ...estimate, output }, usageSource: 'estimated' };
}
