import { expect, test } from '@jest/globals';
import { Secret } from '../../../src/lib/secret.ts';
import { Member } from '../../../src/pool/member.ts';
import { Pool } from '../../../src/pool/pool.ts';
import { openai } from '../../../src/providers/openai.ts';

const NOW = 1_800_000_000_000;
const CAUSE = { model: 'm', nowMs: NOW, requestId: 'r1', verdict: 'v', status: 429 };

const policy = {
  attemptsMax: 3,
  passthrough: false,
  unpriced: 'record' as const,
  minCreditNano: '10000000',
  timeouts: { connectMs: 1, firstByteMs: 1, idleMs: 1, totalMs: 1 },
};

function aMember(id: string, balanceNano: bigint | null = null, before?: Member): Member {
  const secret = new Secret('sk');
  const place = { origin: 'http://127.0.0.1:1', prefix: '', poolName: 'p', kind: openai };
  const money = { balanceNano, balanceUsedNano: null, balanceCheckedAtMs: null };
  return new Member({ id, name: id, secret, ...place, ...money }, before);
}

function aPool(members = [aMember('a'), aMember('b')], before?: Pool) {
  const noted: unknown[] = [];
  const facts = { id: 'p1', name: 'p', strategy: 'round_robin', policy };
  const pool = new Pool(
    facts,
    members,
    (member, { state }, { requestId }) => noted.push([member.id, state, requestId]),
    before,
  );
  return { pool, noted, members };
}

test('who cools down for a model is not usable for it, and tells when it will be', () => {
  const { pool, noted, members } = aPool();
  const [first, second] = members as [Member, Member];
  expect(pool.coolingUntil('m', NOW)).toBeNull();
  pool.report(first, { kind: 'cooling', ms: 7000 }, CAUSE);
  pool.report(second, { kind: 'cooling', ms: 3000 }, CAUSE);
  expect(pool.usable('m', NOW)).toEqual([]);
  expect(pool.usable('other', NOW)).toEqual(members);
  expect(pool.coolingUntil('m', NOW)).toBe(NOW + 3000);
  expect(pool.usable('m', NOW + 3000)).toEqual([second]);
  expect(noted).toEqual([
    ['a', 'cooling', 'r1'],
    ['b', 'cooling', 'r1'],
  ]);
});

test('waiting helps as long as one of them only cools down', () => {
  const { pool, members } = aPool();
  const [first, second] = members as [Member, Member];
  pool.report(first, { kind: 'suspect' }, CAUSE);
  expect(pool.coolingUntil('m', NOW)).toBeNull();
  pool.report(second, { kind: 'cooling', ms: 3000 }, CAUSE);
  expect(pool.coolingUntil('m', NOW)).toBe(NOW + 3000);
});

test('what changes nothing is not told to anybody', () => {
  const { pool, noted, members } = aPool();
  const [first] = members as [Member, Member];
  for (const kind of ['served', 'none', 'origin'] as const) pool.report(first, { kind }, CAUSE);
  expect(noted).toEqual([]);
});

test('a rebuilt pool keeps its turn, and its members their health and their money', () => {
  const { pool, members } = aPool([aMember('a', 100n), aMember('b')]);
  const [first] = members as [Member, Member];
  pool.turn.cursor = 1;
  pool.report(first, { kind: 'exhausted' }, CAUSE);
  first.debit(40n);
  const again = aMember('a', 999n, first);
  const { pool: rebuilt } = aPool([again], pool);
  expect(rebuilt.turn).toBe(pool.turn);
  expect(again.balanceNano).toBe(60n);
  expect(rebuilt.usable('m', NOW)).toEqual([]);
});

test('a debit of an unknown balance leaves it unknown', () => {
  const member = aMember('a');
  member.debit(5n);
  expect(member.balanceNano).toBeNull();
});
