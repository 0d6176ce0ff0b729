import { expect, test } from '@jest/globals';
import { Adjustment } from '../../../src/entities/adjustment.ts';
import type { CallRecord } from '../../../src/entities/call-record.ts';
import { UsageRecord } from '../../../src/entities/usage-record.ts';
import { aHold, aRecord } from '../../support/ledger-books.ts';
import { aCredential, openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

async function record({ space }: Office, fields: Partial<CallRecord>): Promise<string> {
  const { usage, ...facts } = aRecord(aHold(), { route: null, ...fields });
  const em = space.orm.em.fork();
  em.persist(em.create(UsageRecord, { ...facts, ...usage }));
  await em.flush();
  return facts.id;
}

test('a call is told with names for ids, wherever they stand', async () => {
  const office = await openOffice();
  await office.configure([
    { name: 'main', credentials: ['a', 'b', 'c'].map((n) => aCredential(n)) },
  ]);
  const { virtualKey } = await office.space.keys.create(CLI, { name: 'phone' });
  const [a, b, c] = (await office.space.credentials.list(CLI)).map(
    ({ credential }) => credential.id,
  );
  const attempts = [
    { credential: a ?? '', status: 429, verdict: 'rate_limited', ms: 8 },
    { credential: 'caller', status: 200, verdict: 'served', ms: 20, model: 'm' },
  ];
  const route = {
    strategy: 'random',
    order: [a ?? '', b ?? ''],
    excluded: [{ credential: c ?? '', reason: 'cooling' as const, untilMs: 5 }],
    draws: [0.5],
  };
  const id = await record(office, {
    keyId: virtualKey.id,
    poolId: virtualKey.poolId,
    credentialId: b ?? '',
    attempts,
    route,
  });
  const told = await office.space.requests.explain(CLI, id);
  expect(told).toMatchObject({
    key: 'phone',
    pool: 'main',
    credential: 'main/b',
    route: {
      ...route,
      order: ['main/a', 'main/b'],
      excluded: [{ credential: 'main/c', reason: 'cooling', untilMs: 5 }],
    },
    attempts: [{ ...attempts[0], credential: 'main/a' }, attempts[1]],
  });
  expect(told.record).toMatchObject({ id, costNano: 4500n, input: 10, output: 5, status: 200 });
});

test('corrections of a call’s cost are told in their order, those of others are not', async () => {
  const office = await openOffice();
  const [id, other] = [await record(office, {}), await record(office, {})];
  const em = office.space.orm.em.fork();
  const entry = (entryId: string, requestId: string, atMs: number) =>
    em.create(Adjustment, {
      id: entryId,
      requestId,
      atMs,
      deltaNano: 1n,
      reason: 'reprice',
      actor: 'cli',
      priceId: 'p',
      note: null,
    });
  em.persist([entry('a', id, 9), entry('b', id, 5), entry('c', other, 5), entry('d', id, 9)]);
  await em.flush();
  const { adjustments } = await office.space.requests.explain(CLI, id);
  expect(adjustments.map((one) => one.id)).toEqual(['b', 'a', 'd']);
});

test('what has no name any more keeps its id, and what was never routed has no route', async () => {
  const office = await openOffice();
  const id = await record(office, { credentialId: 'gone', attempts: [] });
  expect(await office.space.requests.explain(CLI, id)).toMatchObject({
    key: 'key-1',
    pool: 'pool-1',
    credential: 'gone',
    route: null,
    attempts: [],
  });
});

test('a call that is not on record is not found', async () => {
  const { space } = await openOffice();
  await expect(space.requests.explain(CLI, 'nonsense')).rejects.toMatchObject({
    code: 'not_found',
    message: 'No call nonsense is on record. Accepted calls are, once they have ended.',
  });
});

test('users are told of their own calls; those of others are not found', async () => {
  const office = await openOffice();
  const [mine, others] = [
    await record(office, { userId: 'ann' }),
    await record(office, { userId: 'bob' }),
  ];
  const ann = { name: 'user:ann', role: 'user', userId: 'ann' } as const;
  const { requests } = office.space;
  expect(await requests.explain(ann, mine)).toMatchObject({ record: { id: mine } });
  await expect(requests.explain(ann, others)).rejects.toMatchObject({
    code: 'not_found',
    message: `No call ${others} is on record. Accepted calls are, once they have ended.`,
  });
});
