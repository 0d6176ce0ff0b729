import { Writable } from 'node:stream';
import type { HealthPolicy, PoolPolicy } from '../../../src/entities/pool-policy.ts';
import type { EventDraft } from '../../../src/events/log.ts';
import { createLogger } from '../../../src/lib/logger.ts';
import type { Logger } from '../../../src/lib/logger.ts';
import { Secret } from '../../../src/lib/secret.ts';
import type { PoolDirectory } from '../../../src/pool/directory.ts';
import type { EffectFacts } from '../../../src/pool/effect.ts';
import type { FetchText, TextAnswer, TextRequest } from '../../../src/pool/fetch-text.ts';
import type { Journal } from '../../../src/pool/journal.ts';
import type { Need } from '../../../src/pool/lease.ts';
import { Lease } from '../../../src/pool/lease.ts';
import { Member } from '../../../src/pool/member.ts';
import type { MemberFacts } from '../../../src/pool/member.ts';
import { OriginHealth } from '../../../src/pool/origin-health.ts';
import { Pool } from '../../../src/pool/pool.ts';
import type { Excluded, HealthListener, PoolFacts } from '../../../src/pool/pool.ts';
import type { Served } from '../../../src/pool/served.ts';
import type { UpstreamKind } from '../../../src/pool/upstream-kind.ts';

/** Wall clock of a test that does not care when it is. */
export const NOW = 1_800_000_000_000;

export const MINUTE_MS = 60_000;

export const aHealthPolicy = (fields: Partial<HealthPolicy> = {}): HealthPolicy => ({
  unauthorized: 'probe',
  banMs: MINUTE_MS,
  banMaxMs: 15 * MINUTE_MS,
  rateLimited: { scope: 'model', ms: null },
  counted: null,
  ejection: { failures: 5, ms: 30_000, maxMs: 5 * MINUTE_MS },
  ...fields,
});

export const aPolicy = (fields: Partial<PoolPolicy> = {}): PoolPolicy => ({
  attemptsMax: 3,
  passthrough: false,
  unpriced: 'record',
  minCreditNano: '10000000',
  timeouts: { connectMs: 1000, firstByteMs: 1000, idleMs: 1000, totalMs: 10_000 },
  models: [],
  discoversModels: true,
  health: aHealthPolicy(),
  callerCredentials: false,
  heartbeatMs: null,
  ...fields,
});

/** An answer for model `m`, now, to a call that began now. */
export const theFacts = (fields: Partial<EffectFacts> = {}): EffectFacts => {
  const { nowMs = NOW } = fields;
  const call = { model: 'm', status: 429, verdict: 'v', requestId: 'r1', startedAtMs: nowMs };
  return { ...call, nowMs, ...fields };
};

/** A provider with nothing special about it. */
export const aKind = (fields: Partial<UpstreamKind> = {}): UpstreamKind => ({
  id: 'plain',
  authorize: (secret) => ({ authorization: `Bearer ${secret}` }),
  priceKey: (model) => ({ provider: 'plain', model }),
  ...fields,
});

export const PLAIN = aKind();

/** One that tells balances. */
export const RICH = aKind({
  id: 'rich',
  balance: {
    path: '/v1/credits',
    read: (answer) => {
      const { nano } = answer as { nano: number };
      return { balanceNano: BigInt(nano), usedNano: 0n };
    },
  },
});

export const anOrigin = (random = () => 0.5) => new OriginHealth('http://127.0.0.1:1', random);

export function aMember(id: string, facts: Partial<MemberFacts> = {}, before?: Member): Member {
  const { originHealth = anOrigin() } = facts;
  const own = {
    id,
    name: `name of ${id}`,
    poolName: 'pool',
    kind: PLAIN,
    origin: originHealth.origin,
    prefix: '',
    secret: new Secret(`sk-canary-${id}`),
    weight: 1,
    priority: 1,
    limits: { rpm: null, tpm: null },
    models: null,
    originHealth,
    balanceNano: null,
    balanceUsedNano: null,
    balanceCheckedAtMs: null,
  };
  return new Member({ ...own, ...facts }, before);
}

export interface Told {
  what: keyof HealthListener;
  who: string;
  said: unknown;
  requestId?: string | null;
}

/** A listener that writes down what it is told. */
export function aListener(): { listener: HealthListener; told: Told[] } {
  const told: Told[] = [];
  const note =
    (what: keyof HealthListener) =>
    (member: Member, said: unknown, facts: EffectFacts): void => {
      told.push({ what, who: member.id, said, requestId: facts.requestId });
    };
  return {
    told,
    listener: {
      blocked: note('blocked'),
      recovered: note('recovered'),
      sentenced: note('sentenced'),
      ejected: note('ejected'),
      spent: (member) => void told.push({ what: 'spent', who: member.id, said: null }),
      wantsProbe: (member, facts) => note('wantsProbe')(member, null, facts),
      wantsBalance: (member) =>
        void told.push({ what: 'wantsBalance', who: member.id, said: null }),
    },
  };
}

export interface PoolParts extends Partial<Omit<PoolFacts, 'policy'>> {
  policy?: Partial<PoolPolicy>;
  before?: Pool;
}

export function aPool(
  members: readonly Member[],
  { policy, before, ...facts }: PoolParts = {},
): { pool: Pool; told: Told[]; listener: HealthListener } {
  const { listener, told } = aListener();
  const own = { id: 'p1', name: 'pool', strategy: 'round_robin', selectedCredentialId: null };
  const pool = new Pool({ ...own, ...facts, policy: aPolicy(policy) }, members, listener, before);
  return { pool, told, listener };
}

/** What of the directory the parts under test ask, over pools that may be swapped. */
export function aDirectory(...pools: Pool[]): PoolDirectory & { pools: Pool[] } {
  const directory = {
    pools,
    all: () => directory.pools,
    get: (id: string) => directory.pools.find((pool) => pool.id === id),
    members: () => directory.pools.flatMap(({ members }) => members),
    member: (id: string) => directory.members().find((member) => member.id === id),
    poolOf: ({ id }: Member) => directory.pools.find((pool) => pool.member(id) !== undefined),
  };
  return directory as unknown as PoolDirectory & { pools: Pool[] };
}

export const aService = (fields: Partial<Served> = {}): Served => ({
  upstream: 'm',
  set: null,
  rpm: null,
  tpm: null,
  ...fields,
});

export const aNeed = (fields: Partial<Need> = {}): Need => ({
  served: aService(),
  tokens: 0,
  nowMs: NOW,
  monotonicMs: 0,
  ...fields,
});

/** The lease itself, where the test is about what comes after. */
export function leased(taken: Lease | Excluded): Lease {
  if (taken instanceof Lease) return taken;
  throw new Error(`${taken.member.id} was not to be had: ${taken.reason}`);
}

/** Where the test knows that there is one. */
export function first<T>(list: readonly T[]): T {
  const [found] = list;
  if (found === undefined) throw new Error('there is none');
  return found;
}

/** Gives a lease back, as the end of the attempt's scope does. */
export const end = (lease: Lease): void => lease[Symbol.dispose]();

export function aLog(): { logger: Logger; logs: () => string } {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return { logger: createLogger({ level: 'trace', destination }), logs: () => lines.join('') };
}

/** Every promise that can settle without time passing has settled. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A journal that keeps what it is given, in the order of the decisions. */
export function aJournal(): { journal: Journal; written: EventDraft[] } {
  const written: EventDraft[] = [];
  const journal = { write: (drafts: readonly EventDraft[]) => void written.push(...drafts) };
  return { journal: journal as unknown as Journal, written };
}

/** What the far end does with the next request; `silent` until the asker gives up. */
export type Reply = number | 'silent' | 'broken' | TextAnswer;

export interface FarEnd {
  fetchText: FetchText;
  asked: TextRequest[];
  /** For all requests from now on. */
  reply: Reply | ((asked: TextRequest) => Reply | Promise<Reply>);
}

/** Stands where the network is. */
export function aFarEnd(reply: FarEnd['reply'] = 200): FarEnd {
  const far: FarEnd = {
    asked: [],
    reply,
    async fetchText(request, signal) {
      far.asked.push(request);
      const said = typeof far.reply === 'function' ? await far.reply(request) : far.reply;
      await Promise.resolve();
      signal.throwIfAborted();
      if (typeof said === 'object') return said;
      if (typeof said === 'number') return { status: said, text: '{}' };
      if (said === 'broken') throw new Error('other side closed');
      return await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    },
  };
  return far;
}

export const answering = (body: unknown, status = 200): TextAnswer => ({
  status,
  text: typeof body === 'string' ? body : JSON.stringify(body),
});
