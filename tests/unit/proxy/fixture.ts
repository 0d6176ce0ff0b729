import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Ticket } from '../../../src/accounting/ticket.ts';
import type { ModelRule, PoolPolicy } from '../../../src/entities/pool-policy.ts';
import { noUsage } from '../../../src/entities/usage.ts';
import type { Clock, Timer } from '../../../src/lib/clock.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { Member } from '../../../src/pool/member.ts';
import type { MemberFacts } from '../../../src/pool/member.ts';
import { OriginHealth } from '../../../src/pool/origin-health.ts';
import { Pool } from '../../../src/pool/pool.ts';
import type { HealthListener } from '../../../src/pool/pool.ts';
import type { Served } from '../../../src/pool/served.ts';
import { openai } from '../../../src/providers/openai.ts';
import type { Call, Sink } from '../../../src/proxy/call.ts';
import type { Delivery } from '../../../src/proxy/delivery.ts';
import { chatCompletions } from '../../../src/proxy/endpoints/chat-completions.ts';
import { Exchange } from '../../../src/proxy/exchange.ts';
import { KeyScope } from '../../../src/proxy/key-scope.ts';
import { RunningCost } from '../../../src/proxy/running-cost.ts';
import type { KeyEntry } from '../../../src/proxy/virtual-keys.ts';

export const NOW = Date.parse('2026-03-01T00:00:00Z');

export const TIMEOUTS = {
  connectMs: 5000,
  firstByteMs: 60_000,
  idleMs: 60_000,
  totalMs: 600_000,
};

interface Waiting {
  dueMs: number;
  run(): void;
}

/**
 * Stands still until it is moved. As of the real one, a timer that was cancelled never fires again,
 * one that has fired can be started anew.
 */
export class HandClock implements Clock {
  #elapsedMs = 0;
  readonly #waiting = new Set<Waiting>();

  readonly now = (): number => NOW + this.#elapsedMs;
  readonly monotonic = (): number => this.#elapsedMs;

  /** Timers that could still fire. */
  get waiting(): number {
    return this.#waiting.size;
  }

  after(ms: number, run: () => void): Timer {
    const timer = { dueMs: 0, run };
    let isCancelled = false;
    const start = () => {
      if (isCancelled) return;
      timer.dueMs = this.#elapsedMs + ms;
      this.#waiting.add(timer);
    };
    start();
    return {
      refresh: start,
      cancel: () => {
        isCancelled = true;
        this.#waiting.delete(timer);
      },
    };
  }

  advance(ms: number): void {
    this.#elapsedMs += ms;
    const due = [...this.#waiting].filter(({ dueMs }) => dueMs <= this.#elapsedMs);
    for (const timer of due.toSorted((one, other) => one.dueMs - other.dueMs)) {
      if (!this.#waiting.delete(timer)) continue;
      timer.run();
    }
  }
}

export const aPolicy = (facts: Partial<PoolPolicy> = {}): PoolPolicy => ({
  attemptsMax: 3,
  passthrough: false,
  unpriced: 'record',
  minCreditNano: '0',
  timeouts: TIMEOUTS,
  models: [],
  discoversModels: false,
  health: {
    unauthorized: 'probe',
    banMs: 300_000,
    banMaxMs: 3_600_000,
    rateLimited: { scope: 'model', ms: null },
    counted: null,
    ejection: { failures: 3, ms: 10_000, maxMs: 300_000 },
  },
  callerCredentials: false,
  heartbeatMs: null,
  ...facts,
});

export const aRule = (name: string, facts: Partial<ModelRule> = {}): ModelRule => ({
  name,
  upstream: null,
  set: null,
  credentials: null,
  provider: null,
  isListed: false,
  rpm: null,
  tpm: null,
  ...facts,
});

export const aServed = (upstream: string, facts: Partial<Served> = {}): Served => ({
  upstream,
  set: null,
  rpm: null,
  tpm: null,
  ...facts,
});

/** A credential with an origin of its own, that may do everything. */
export function aMember(id: string, facts: Partial<MemberFacts> = {}): Member {
  const origin = facts.origin ?? `http://${id}.test`;
  return new Member({
    id,
    name: id,
    poolName: 'default',
    kind: openai,
    origin,
    prefix: '',
    secret: new Secret(`sk-of-${id}`),
    weight: 1,
    priority: 1,
    limits: { rpm: null, tpm: null },
    models: null,
    originHealth: new OriginHealth(origin, () => 0.5),
    balanceNano: null,
    balanceUsedNano: null,
    balanceCheckedAtMs: null,
    ...facts,
  });
}

/** Members that are alike, one for each letter. */
export const alike = (letters: string, facts: Partial<MemberFacts> = {}): Member[] =>
  letters.split('').map((id) => aMember(id, facts));

const DEAF: HealthListener = {
  blocked: () => undefined,
  recovered: () => undefined,
  sentenced: () => undefined,
  ejected: () => undefined,
  spent: () => undefined,
  wantsProbe: () => undefined,
  wantsBalance: () => undefined,
};

export function aPool(
  members: readonly Member[],
  {
    strategy = 'round_robin',
    selectedCredentialId = null as string | null,
    ...policy
  }: Partial<PoolPolicy & { strategy: string; selectedCredentialId: string | null }> = {},
  listener: Partial<HealthListener> = {},
): Pool {
  const row = { id: 'pool-1', name: 'default', strategy, selectedCredentialId };
  return new Pool({ ...row, policy: aPolicy(policy) }, members, { ...DEAF, ...listener });
}

/** A virtual key of that pool which may do everything. */
export const aKey = (facts: Partial<KeyEntry> = {}): KeyEntry => ({
  id: 'key-1',
  name: 'one',
  hash: 'hash',
  poolId: 'pool-1',
  isActive: true,
  expiresAt: null,
  deletedAt: null,
  userId: '',
  teamId: '',
  limits: [],
  scope: new KeyScope({ allowedModels: null, allowedEndpoints: null, sourceNetworks: null }),
  facts: {
    hint: 'sk-tg-…Ab12',
    createdAt: new Date(NOW),
    allowedModels: null,
    allowedEndpoints: null,
    metadata: {},
  },
  ...facts,
});

/** A call that said something of a credential just now. */
export const facts = (model: string, more: { status?: number; nowMs?: number } = {}) => ({
  model,
  status: 500,
  verdict: 'v',
  requestId: 'r1',
  nowMs: NOW,
  startedAtMs: more.nowMs ?? NOW,
  ...more,
});

/** A client with its connection: notes what it is given, reads at will, leaves at will. */
export class Client implements Sink {
  status = 0;
  headers: Record<string, string> = {};
  body = '';
  /** `open`, then how it was over. */
  ending: 'open' | 'ended' | 'destroyed' = 'open';
  isFull = false;
  readonly call: Call;
  readonly #controller = new AbortController();
  #onDrain: (() => void) | undefined;

  constructor(asked: Partial<Call> = {}) {
    this.call = {
      id: 'request-1',
      method: 'POST',
      path: '/v1/chat/completions',
      address: '127.0.0.1',
      query: '',
      headers: {},
      body: Readable.from([]),
      hasBody: false,
      contentLength: null,
      sink: this,
      label: () => undefined,
      signal: this.#controller.signal,
      abort: (reason) => this.leave(reason),
      startedAtMs: NOW,
      startedMs: 0,
      ...asked,
    };
  }

  get isStarted(): boolean {
    return this.status !== 0;
  }

  head(status: number, headers: Record<string, string>): void {
    if (this.isStarted) throw new Error('a second head');
    this.status = status;
    this.headers = headers;
  }

  write(bytes: Buffer): boolean {
    if (this.ending !== 'open') throw new Error('a write behind the end');
    this.body += bytes.toString('latin1');
    return !this.isFull;
  }

  onDrain(run: () => void): void {
    this.#onDrain = run;
  }

  drain(): void {
    this.isFull = false;
    this.#onDrain?.();
  }

  end(bytes: Buffer = Buffer.alloc(0)): void {
    this.write(bytes);
    this.ending = 'ended';
  }

  destroy(): void {
    this.ending = 'destroyed';
  }

  leave(reason = 'client_gone'): void {
    this.#controller.abort(reason);
  }
}

/** An exchange whose upstream the test plays; notes what is asked of its connection. */
export function anUpstream(clock: Clock = new HandClock(), timeouts = TIMEOUTS) {
  const exchange = new Exchange(timeouts, clock);
  const asked: string[] = [];
  const controller = {
    pause: () => void asked.push('pause'),
    resume: () => void asked.push('resume'),
    abort: (reason: Error) => void asked.push(`abort ${reason.message}`),
  } as unknown as Dispatcher.DispatchController;
  const start = () => exchange.onRequestStart(controller);
  const answer = (status: number, headers: Record<string, string | string[]> = {}) =>
    exchange.onResponseStart(controller, status, headers);
  return {
    exchange,
    asked,
    start,
    answer,
    /** Sent, and answered. */
    head(status: number, headers: Record<string, string | string[]> = {}) {
      start();
      answer(status, headers);
    },
    data: (bytes: Buffer | string) =>
      exchange.onResponseData(
        controller,
        typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes,
      ),
    end: () => exchange.onResponseEnd(),
    /** The connection breaks. */
    lose: () => exchange.onResponseError(),
  };
}

/** A delivery of an answer to a client, by an upstream that the test plays. */
export function aDelivery(given: Partial<Delivery> & { headers?: Record<string, string> } = {}) {
  const { headers = {}, ...rest } = given;
  const clock = new HandClock();
  const upstream = anUpstream(clock);
  const client = new Client();
  upstream.head(200, headers);
  const ticket = { durable: Promise.resolve(), firstByteMs: null as number | null };
  const delivery: Delivery = {
    call: client.call,
    exchange: upstream.exchange,
    endpoint: chatCompletions,
    asked: { model: 'm', fields: {}, bytes: 400 },
    ticket: ticket as unknown as Ticket,
    sentModel: 'm',
    price: undefined,
    hidesUsage: false,
    secrets: ['sk-of-the-credential'],
    chargeFor: () => ({ costNano: 0n, isPriced: false }),
    spend: new RunningCost(ticket as unknown as Ticket, undefined, {
      estimate: noUsage(),
      isCapped: false,
    }),
    clock,
    heartbeatMs: null,
    ...rest,
  };
  return { ...upstream, clock, client, ticket, delivery };
}

/** Lets everything go on that waits for nothing but its turn. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The same bytes in pieces that end at these places. */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places, bytes.length];
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It was not rejected.');
}
