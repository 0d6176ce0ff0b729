import { describe, expect, test } from '@jest/globals';
import type { EventDraft } from '../../../src/events/log.ts';
import type { Balances } from '../../../src/pool/balances.ts';
import type { Bans } from '../../../src/pool/bans.ts';
import type { Block } from '../../../src/pool/block.ts';
import { healthListener } from '../../../src/pool/health-events.ts';
import type { Prober } from '../../../src/pool/prober.ts';
import { NOW, aJournal, aMember, anOrigin, theFacts } from './fixture.ts';

const block = (fields: Partial<Block>): Block => ({
  state: 'cooling',
  model: 'm',
  untilMs: NOW + 1000,
  strike: 1,
  hasTrial: false,
  banId: null,
  ...fields,
});

function desk() {
  const { journal, written } = aJournal();
  const passedOn: unknown[][] = [];
  const note =
    (what: string) =>
    (...args: unknown[]) =>
      void passedOn.push([what, ...args]);
  const listener = healthListener({
    journal,
    bans: () => ({ impose: note('impose') }) as unknown as Bans,
    prober: () => ({ suspect: note('suspect') }) as unknown as Prober,
    balances: () => ({ check: note('check') }) as unknown as Balances,
  });
  return { listener, written, passedOn, member: aMember('a') };
}

const facts = theFacts({ verdict: 'rate_limited', status: 429 });
const ISO = '2027-01-15T08:00:01.000Z';

const told = (state: string, model: string | null): EventDraft => ({
  type: 'credential_health.active',
  subject: 'a',
  actor: 'system',
  requestId: 'r1',
  before: { state, model },
  after: { model, cause: 'a call succeeded' },
});

describe('an event', () => {
  test.each<[string, Block, object]>([
    [
      'until when, why',
      block({}),
      { until: ISO, model: 'm', strike: 1, verdict: 'rate_limited', status: 429 },
    ],
    [
      'until nobody knows',
      block({ state: 'exhausted', model: null, untilMs: Infinity }),
      { until: null, model: null },
    ],
  ])('of a block says %s', (_name, given, after) => {
    const { listener, written, member } = desk();
    listener.blocked(member, given, facts);
    const type = `credential_health.${given.state}`;
    expect(written).toMatchObject([
      { type, subject: 'a', actor: 'system', requestId: 'r1', after },
    ]);
  });

  test('of recovery says from what, each', () => {
    const { listener, written, member } = desk();
    const blocks = [block({ state: 'exhausted', model: null }), block({ state: 'banned' })];
    listener.recovered(member, blocks, facts);
    expect(written).toEqual([told('exhausted', null), told('banned', 'm')]);
  });

  test('of an origin is about the origin', () => {
    const { listener, written } = desk();
    const member = aMember('a', { originHealth: anOrigin() });
    listener.ejected(member, NOW + 1000, facts);
    listener.ejected(member, null, facts);
    const subject = 'http://127.0.0.1:1';
    expect(written).toEqual([
      {
        type: 'origin_health.ejected',
        subject,
        actor: 'system',
        requestId: 'r1',
        after: { until: ISO, model: 'm', verdict: 'rate_limited', status: 429 },
      },
      {
        type: 'origin_health.active',
        subject,
        actor: 'system',
        requestId: 'r1',
        after: { cause: 'a call succeeded' },
      },
    ]);
  });

  test('names no call where there was none', () => {
    const { listener, written, member } = desk();
    listener.blocked(member, block({}), { ...facts, requestId: null });
    expect(written[0]).not.toHaveProperty('requestId');
  });

  test('of money spent has the balance, and the provider is asked', () => {
    const { listener, written, passedOn } = desk();
    const member = aMember('a', { balanceNano: 9_500_000n });
    listener.spent(member);
    expect(written).toEqual([
      {
        type: 'credential_health.exhausted',
        subject: 'a',
        actor: 'system',
        after: { cause: 'balance', balance: '0.0095' },
      },
    ]);
    expect(passedOn).toEqual([['check', member]]);
  });
});

const STATES = ['forbidden', 'cooling', 'exhausted', 'suspect'] as const;

describe.each(STATES)('%s, which clients can cause,', (state) => {
  const of = (model: string | null) => block({ state, model });

  test('is told of a credential once in ten seconds', () => {
    const { listener, written, member } = desk();
    const at = (name: string, ms: number) =>
      listener.blocked(member, of(name), { ...facts, nowMs: NOW + ms });
    at('m1', 0);
    at('also', 0);
    at('m2', 9999);
    at('m3', 10_000);
    at('m4', 10_001);
    const models = written.map(({ after }) => (after as { model: string }).model);
    expect(models).toEqual(['m1', 'm3']);
  });

  test('and that it is over, as seldom', () => {
    const { listener, written, member } = desk();
    for (const ms of [0, 1, 9999, 10_000, 10_001]) {
      listener.recovered(member, [of('m'), of('n')], { ...facts, nowMs: NOW + ms });
    }
    expect(written).toEqual([told(state, 'm'), told(state, 'm')]);
  });

  test('takes no word from the whole credential, other credentials, or other states', () => {
    const { listener, written, member } = desk();
    for (const model of ['m', null]) listener.blocked(member, of(model), facts);
    listener.recovered(member, [of('m')], facts);
    listener.blocked(aMember('b'), of('m'), facts);
    for (const other of STATES) listener.blocked(member, block({ state: other }), facts);
    expect(written).toHaveLength(7);
  });

  test('is told again when the wall clock was set back', () => {
    const { listener, written, member } = desk();
    listener.blocked(member, of('m1'), facts);
    listener.blocked(member, of('m2'), { ...facts, nowMs: NOW - 86_400_000 });
    expect(written).toHaveLength(2);
  });
});

test('the end of a ban, and what befalls an origin, is told each time', () => {
  const { listener, written, member } = desk();
  for (const model of ['m', 'n', null]) {
    listener.recovered(member, [block({ state: 'banned', model })], facts);
    listener.ejected(member, NOW + 1000, facts);
  }
  expect(written).toHaveLength(6);
});

test('bans, probes and balance checks are passed on', () => {
  const { listener, written, passedOn, member } = desk();
  const evidence = { statuses: [], requestIds: [] };
  const sentence = { model: 'm', reason: 'counted', evidence, untilMs: null, strike: 1 } as const;
  listener.sentenced(member, sentence, facts);
  listener.wantsProbe(member, facts);
  listener.wantsBalance(member);
  expect(passedOn).toEqual([
    ['impose', member, sentence, 'r1'],
    ['suspect', member, facts],
    ['check', member],
  ]);
  expect(written).toEqual([]);
});
