import { tokensOf } from '../accounting/estimate.ts';
import type { Outcome } from '../entities/call-record.ts';
import type { Usage, UsageSource } from '../entities/usage.ts';
import type { Ticket } from '../accounting/ticket.ts';
import type { Clock } from '../lib/clock.ts';
import type { Call } from './call.ts';
import type { Asked, Endpoint } from './endpoints/endpoint.ts';
import type { Exchange } from './exchange.ts';
import { relayOpaque } from './relay-opaque.ts';
import { relayStream } from './relay-stream.ts';
import { relayWhole } from './relay-whole.ts';

/** What a delivery needs. */
export interface Delivery {
  call: Call;
  exchange: Exchange;
  endpoint: Endpoint;
  asked: Asked;
  ticket: Ticket;
  hidesUsage: boolean;
  clock: Clock;
}

/** What became of a delivery; the ledger's settlement is made from it. */
export interface Delivered {
  status: number;
  outcome: Outcome;
  reason: string;
  isStream: boolean;
  /** Null when nothing is to be charged. */
  usage: Usage | null;
  usageSource: UsageSource;
}

/**
 * Brings an answer to the client, by its form: event streams pass through with a listener on the
 * side, JSON is held back until it is whole (up to a limit), everything else passes through.
 * No byte is given out before the hold is durable.
 */
export function relay(delivery: Delivery): Promise<Delivered> {
  const type = String(delivery.exchange.headers['content-type'] ?? '').toLowerCase();
  if (type.startsWith('text/event-stream')) return relayStream(delivery);
  if (type.startsWith('application/json')) return relayWhole(delivery);
  return relayOpaque(delivery, []);
}

/**
 * The usage to charge: what was told, else the endpoint's estimate with the output that was really
 * produced in place of the assumed one.
 */
export function chargeable(
  { endpoint, asked }: Pick<Delivery, 'endpoint' | 'asked'>,
  told: Usage | null,
  producedBytes: number,
): { usage: Usage | null; usageSource: UsageSource } {
  if (endpoint.meter.kind !== 'usage') return { usage: null, usageSource: 'none' };
  if (told !== null) return { usage: told, usageSource: 'reported' };
  const estimate = endpoint.meter.estimate(asked);
  const output = estimate.output === 0 ? 0 : tokensOf(producedBytes);
  return { usage: { ...estimate, output }, usageSource: 'estimated' };
}
