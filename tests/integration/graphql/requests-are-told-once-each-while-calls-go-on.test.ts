import { expect, test } from '@jest/globals';
import { CLI } from '../../../src/services/actor.ts';
import { gatewayOfFile } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';
import { idOf } from './told.ts';
import { statementsOf } from './statements.ts';

const running = gatewayOfFile();

const PAGE = `query ($first: Int!, $after: String, $filter: RequestFilter) {
  requests(first: $first, after: $after, filter: $filter) {
    nodes {
      id status outcome reason totalCost
      key { name } pool { name } credential { name } price { source }
      usage { input output } adjustments { delta } attempts { verdict credential { name } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

interface Shown {
  id: string;
  status: number;
}

async function page(variables: Record<string, unknown>) {
  const { data, errors } = await graphqlClient(running()).ask(PAGE, variables);
  expect(errors).toEqual([]);
  const { nodes, pageInfo } = data.requests;
  return { nodes: nodes as Shown[], ...pageInfo } as {
    nodes: Shown[];
    hasNextPage: boolean;
    endCursor: string | null;
  };
}

const call = async (extra: Record<string, unknown> = {}): Promise<string> =>
  idOf(await running().chat(extra));

test('page by page, whatever comes meanwhile; each filter tells what it says', async () => {
  const gateway = running();
  const made: string[] = [];
  for (let times = 0; times < 12; times += 1) made.push(await call());
  await gateway.records();
  const seen: string[] = [];
  for (let after: string | null = null, isThrough = false; !isThrough;) {
    const { nodes, hasNextPage, endCursor } = await page({ first: 5, after });
    seen.push(...nodes.map(({ id }) => id));
    [after, isThrough] = [endCursor, !hasNextPage];
    // Calls go on: what is older stays where it is.
    await call();
    await gateway.records();
  }
  expect(seen).toEqual(made.toReversed());

  gateway.sandbox.faults.set('cred-1', 'status;code=500');
  gateway.sandbox.faults.set('cred-2', 'status;code=500');
  gateway.sandbox.faults.set('cred-3', 'status;code=500');
  const failed = await call();
  gateway.sandbox.faults.clear();
  await gateway.records();
  const { nodes } = await page({ first: 10, filter: { isFailed: true } });
  expect(nodes).toMatchObject([{ id: failed, outcome: 'VOIDED', totalCost: '0.00' }]);
  const none = await page({ first: 10, filter: { model: ['gpt-4o'] } });
  expect(none).toMatchObject({ nodes: [], hasNextPage: false });
  const voided = await page({ first: 10, filter: { outcome: ['VOIDED'], isStream: false } });
  expect(voided.nodes.map(({ id }) => id)).toEqual([failed]);
  const { errors } = await graphqlClient(gateway).ask(PAGE, { first: 5, after: 'nowhere' });
  expect(errors[0]?.extensions).toMatchObject({ code: 'INVALID_REQUEST', param: 'after' });
});

test('a long page takes as many statements as a short one', async () => {
  const gateway = running();
  const counts: number[] = [];
  for (const first of [2, 12]) {
    const statements = await statementsOf(gateway, async () => {
      expect((await page({ first })).nodes).toHaveLength(first);
    });
    counts.push(statements.length);
  }
  expect(counts[0]).toBeGreaterThan(0);
  expect(counts[1]).toBe(counts[0]);
});

test('so are events, newest first', async () => {
  const gateway = running();
  const { ask } = graphqlClient(gateway);
  const all = (await gateway.events()).map(({ seq }) => seq).toReversed();
  expect(all.length).toBeGreaterThan(3);
  const seen: number[] = [];
  for (let after: string | null = null, isThrough = false; !isThrough;) {
    const { data, errors } = await ask(
      'query ($after: String) { events(first: 2, after: $after) { nodes { seq } pageInfo { hasNextPage endCursor } } }',
      { after },
    );
    expect(errors).toEqual([]);
    seen.push(...(data.events.nodes as { seq: number }[]).map(({ seq }) => seq));
    [after, isThrough] = [data.events.pageInfo.endCursor, !data.events.pageInfo.hasNextPage];
    // What happens meanwhile is newer than any page to come.
    await gateway.space.users.create(CLI, { name: `user-${seen.length}` });
  }
  expect(seen).toEqual(all);
  const only = '{ events(filter: { types: ["user.*"], actor: "cli" }) { nodes { type actor } } }';
  const { data } = await ask(only);
  expect(data.events.nodes.length).toBeGreaterThan(0);
  for (const event of data.events.nodes)
    expect(event).toEqual({ type: 'user.created', actor: 'cli' });
});
