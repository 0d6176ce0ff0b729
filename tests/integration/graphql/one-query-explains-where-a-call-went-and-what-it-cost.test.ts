import { expect, test } from '@jest/globals';
import { nanoFromUsd } from '../../../src/lib/money.ts';
import { CLI } from '../../../src/services/actor.ts';
import { startGateway } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';
import { idOf, toldCost } from './told.ts';

const EXPLAIN = `query ($id: ID!) {
  explainRequest(id: $id) {
    whatHappened fault isRetryable
    record {
      id teamId userId status reason outcome model cost hold totalCost
      key { name } pool { name } credential { name }
      route { strategy order { name } excluded { credential { name } reason why until } isPanic draws }
      attempts { credential { name } status verdict ms model anomalies }
      adjustments { delta reason note actor }
      price { source model }
    }
  }
}`;

const ADJUST = `mutation ($input: AdjustLedgerInput!, $once: String) {
  adjustLedger(input: $input, clientMutationId: $once) {
    before after isAdjusted request { id totalCost adjustments { note actor reason } }
  }
}`;

test('a fail-over past a banned credential, its price, and an adjustment of it', async () => {
  const gateway = await startGateway();
  const { ask } = graphqlClient(gateway);
  await gateway.space.bans.ban(CLI, { credential: 'default/cred-1', note: 'a trial' });
  gateway.sandbox.faults.set('cred-2', 'status;code=500');
  const id = await idOf(await gateway.chat({ model: 'gpt-4o' }));
  await gateway.records();
  const cost = toldCost(gateway).get(id) ?? 0n;

  const { data, errors } = await ask(EXPLAIN, { id });
  expect(errors).toEqual([]);
  const { record, ...words } = data.explainRequest;
  expect(words).toEqual({ whatHappened: 'complete', fault: null, isRetryable: false });
  expect(record).toMatchObject({
    id,
    status: 200,
    reason: 'ok',
    outcome: 'SETTLED',
    key: { name: 'test' },
    pool: { name: 'default' },
    credential: { name: 'default/cred-3' },
    price: { source: 'CATALOGUE', model: 'gpt-4o' },
    teamId: null,
    userId: null,
    adjustments: [],
  });
  expect(nanoFromUsd(record.cost)).toBe(cost);
  expect(nanoFromUsd(record.hold)).toBeGreaterThan(0n);
  const { route, attempts } = record;
  expect(route.strategy).toBe('round_robin');
  expect(route.order.map(({ name }: { name: string }) => name).toSorted()).toEqual([
    'default/cred-2',
    'default/cred-3',
  ]);
  expect(route.excluded).toEqual([
    { credential: { name: 'default/cred-1' }, reason: 'BANNED', why: 'banned', until: null },
  ]);
  expect(attempts).toMatchObject([
    { credential: { name: 'default/cred-2' }, status: 500, verdict: 'server_error' },
    {
      credential: { name: 'default/cred-3' },
      status: 200,
      verdict: 'served',
      model: 'gpt-4o',
      anomalies: [],
    },
  ]);

  const input = { requestId: id, cost: '0.5', note: 'as the invoice says' };
  const adjusted = await ask(ADJUST, { input, once: 'adjust-1' });
  expect(adjusted.errors).toEqual([]);
  expect(adjusted.data.adjustLedger).toMatchObject({
    after: '0.50',
    isAdjusted: true,
    request: {
      id,
      totalCost: '0.50',
      adjustments: [{ note: 'as the invoice says', actor: 'admin', reason: 'operator' }],
    },
  });
  const again = await ask(ADJUST, { input, once: 'adjust-1' });
  expect(again.data.adjustLedger).toEqual(adjusted.data.adjustLedger);
  expect(await gateway.events('ledger.adjusted')).toHaveLength(1);
  const both = await ask(ADJUST, { input: { ...input, delta: '0.1' } });
  expect(both.errors[0]?.extensions).toMatchObject({ code: 'INVALID_REQUEST', param: 'cost' });
});

test('why nobody could serve it, and until when', async () => {
  const gateway = await startGateway();
  const { ask } = graphqlClient(gateway);
  const { sandbox } = gateway;
  for (const name of ['cred-1', 'cred-2', 'cred-3'])
    sandbox.faults.set(name, 'status;code=429;retry-after=120');
  await idOf(await gateway.chat());
  const refused = await gateway.chat();
  expect(refused.status).toBe(429);
  const id = await idOf(refused);
  await gateway.records();
  const { data } = await ask(EXPLAIN, { id });
  const { record, ...words } = data.explainRequest;
  expect(words).toEqual({
    whatHappened: 'nothing was produced, nothing is charged',
    fault: 'CAPACITY',
    isRetryable: true,
  });
  expect(record).toMatchObject({ status: 429, credential: null, totalCost: '0.00', attempts: [] });
  const { excluded } = record.route;
  expect(excluded).toHaveLength(3);
  for (const { reason, why, until } of excluded) {
    expect([reason, why]).toEqual(['COOLING', 'rate limited by its provider']);
    expect(Date.parse(until)).toBeGreaterThan(gateway.clock.now());
  }
  const { errors } = await ask(EXPLAIN, { id: '019b2c1e-0000-7000-8000-000000000000' });
  expect(errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', param: 'id' });
});
