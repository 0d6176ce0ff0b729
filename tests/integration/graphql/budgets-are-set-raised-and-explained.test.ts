import { beforeAll, expect, test } from '@jest/globals';
import { gatewayOfFile } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';
import type { GraphqlClient } from '../../support/graphql-client.ts';

const HOUR_MS = 3_600_000;

const gateway = gatewayOfFile();
let ask: GraphqlClient['ask'];

beforeAll(() => {
  ({ ask } = graphqlClient(gateway()));
});

async function told(document: string, variables: Record<string, unknown> = {}) {
  const { data, errors } = await ask(document, variables);
  expect(errors).toEqual([]);
  return data;
}

const FACTS = `id scope subjectId subject name cap raise raisedUntil period zone isHard isStrict
  alertPercents isEnabled
  standing { cap startsAt resetsAt settled held remaining }
  explain { recorded isEqual holds { requestId key model amount ageMs } }`;

const SET = `mutation Set($input: SetBudgetInput!) { setBudget(input: $input) { ${FACTS} } }`;
const UPDATE = `mutation Update($id: ID!, $input: UpdateBudgetInput!) {
  updateBudget(id: $id, input: $input) { ${FACTS} }
}`;
const RAISE = `mutation Raise($id: ID!, $by: USD!, $until: DateTime, $change: String) {
  raiseBudget(id: $id, by: $by, until: $until, clientMutationId: $change) { ${FACTS} }
}`;
const REMOVE = `mutation Remove($id: ID!) { removeBudget(id: $id) { id cap } }`;
const ONE = `query One($id: ID!) { budget(id: $id) { ${FACTS} } }`;
const LIST = `query List($filter: BudgetFilter) {
  budgets(filter: $filter) { nodes { id } pageInfo { hasNextPage } }
}`;

const inAnHour = () => new Date(gateway().clock.now() + HOUR_MS).toISOString();

test('a budget is set for a key, tells what a call has cost, is changed and removed', async () => {
  const { keyId } = gateway();
  const input = { scope: 'KEY', subject: keyId, cap: '25', period: 'DAILY', alertPercents: [80] };
  const { setBudget } = await told(SET, { input });
  expect(setBudget).toMatchObject({
    scope: 'KEY',
    subjectId: keyId,
    subject: 'test',
    cap: '25.00',
    raise: '0.00',
    raisedUntil: null,
    standing: { cap: '25.00', settled: '0.00', held: '0.00', remaining: '25.00' },
    explain: { recorded: '0.00', isEqual: true, holds: [] },
  });
  const { id } = setBudget;
  expect((await gateway().chat()).status).toBe(200);
  const [record] = await gateway().records();
  const { budget } = await told(ONE, { id });
  expect(budget.explain).toMatchObject({ recorded: budget.standing.settled, isEqual: true });
  expect(Number(budget.standing.settled) * 1e9).toBeCloseTo(Number(record?.costNano), 3);
  const daysMs = Date.parse(budget.standing.resetsAt) - Date.parse(budget.standing.startsAt);
  expect(daysMs).toBe(24 * HOUR_MS);

  const changed = await told(UPDATE, { id, input: { cap: '0', name: 'pocket' } });
  expect(changed.updateBudget).toMatchObject({ cap: '0.00', name: 'pocket', alertPercents: [80] });
  expect(changed.updateBudget.standing.remaining).toBe(`-${budget.standing.settled}`);
  expect((await gateway().chat()).status).toBe(402);
  const unnamed = await told(UPDATE, { id, input: { name: null } });
  expect(unnamed.updateBudget).toMatchObject({ cap: '0.00', name: null });
  const filter = { scope: 'KEY', subject: keyId };
  expect((await told(LIST, { filter })).budgets.nodes).toEqual([{ id }]);
  expect((await told(REMOVE, { id })).removeBudget).toEqual({ id, cap: '0.00' });
  expect((await told(LIST, { filter })).budgets.nodes).toEqual([]);
  expect((await gateway().chat()).status).toBe(200);
});

test('raised for a time, it tells both caps, lets calls pass until then, and ends by itself', async () => {
  const { keyId, clock } = gateway();
  const input = { scope: 'KEY', subject: keyId, cap: 0, period: 'NONE' };
  const { setBudget } = await told(SET, { input });
  const { id } = setBudget;
  expect(setBudget.standing).toMatchObject({ startsAt: null, resetsAt: null });
  expect((await gateway().chat()).status).toBe(402);
  const until = inAnHour();
  const raise = { id, by: '1.000000001', until, change: 'raise-1' };
  const { raiseBudget } = await told(RAISE, raise);
  expect(raiseBudget).toMatchObject({
    cap: '0.00',
    raise: '1.000000001',
    raisedUntil: until,
    standing: { cap: '1.000000001' },
  });
  // Asked for again after its time, it is still what was done.
  clock.advance(HOUR_MS - 1000);
  expect((await gateway().chat()).status).toBe(200);
  clock.advance(1000);
  const refused = await gateway().chat();
  expect(refused.status).toBe(402);
  const { error } = (await refused.json()) as { error: { message: string } };
  expect(error.message).toContain('The budget of this key is $0.00: ');
  expect((await told(RAISE, raise)).raiseBudget.raise).toBe('1.000000001');
  expect((await told(ONE, { id })).budget).toMatchObject({ standing: { cap: '0.00' } });
  expect(await gateway().events('budget.raised')).toHaveLength(1);

  const { errors } = await ask(RAISE, { id, by: '1', until: '2020-01-01T00:00:00Z' });
  expect(errors).toMatchObject([{ extensions: { code: 'INVALID_REQUEST', param: 'until' } }]);
  await told(RAISE, { id, by: '1', until: inAnHour() });
  expect((await told(RAISE, { id, by: '1', until: null })).raiseBudget).toMatchObject({
    raise: '0.00',
    raisedUntil: null,
  });
  await told(REMOVE, { id });
});

test('every mistake in a budget is named at once', async () => {
  const input = {
    scope: 'TEAM',
    subject: ' ',
    cap: '-1',
    zone: 'Europe/Nowhere',
    alertPercents: [0],
  };
  const { errors } = await ask(SET, { input });
  expect(errors).toMatchObject([{ extensions: { code: 'INVALID_REQUEST' } }]);
  for (const field of ['subject: ', 'cap: ', 'zone: ', 'alertPercents.0: ']) {
    expect(errors[0]?.message).toContain(field);
  }
  const nobody = await ask(SET, { input: { scope: 'TEAM', subject: 'nobody', cap: '1' } });
  expect(nobody.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND', param: 'subject' } }]);
});
