import { expect, test } from '@jest/globals';
import { graphqlClient } from '../../support/graphql-client.ts';
import { startFleet } from '../routing/fixture.ts';
import { statementsOf } from './statements.ts';

const MODELS = `query ($filter: ModelFilter, $first: Int!, $after: String) {
  models(filter: $filter, first: $first, after: $after) {
    nodes {
      id
      offers { pool { name } provider upstream credentials { name } price { source figures { input } } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

interface Shown {
  id: string;
  offers: { upstream: string; credentials: { name: string }[]; price: object | null }[];
}

test('the same names that /v1/models lists, page by page; a price that is set shows at once', async () => {
  const gateway = await startFleet({
    pool: {
      models: [
        { name: 'fast', upstream: 'gpt-4o-mini' },
        { name: 'odd', credentials: ['cred-2'] },
      ],
    },
    members: [{ offers: ['gpt-4o-mini', 'gpt-4o'] }, { offers: ['gpt-4o-mini'] }],
  });
  const { ask } = graphqlClient(gateway);
  const listed = await gateway.fetch('/v1/models', { method: 'GET' });
  const { data: names } = (await listed.json()) as { data: { id: string }[] };
  const found: Shown[] = [];
  for (let after: string | null = null, isThrough = false; !isThrough;) {
    const { data, errors } = await ask(MODELS, { first: 1, after });
    expect(errors).toEqual([]);
    found.push(...(data.models.nodes as Shown[]));
    [after, isThrough] = [data.models.pageInfo.endCursor, !data.models.pageInfo.hasNextPage];
  }
  expect(found.map(({ id }) => id)).toEqual(names.map(({ id }) => id));
  const byId = new Map(found.map((model) => [model.id, model.offers]));
  expect(byId.get('fast')).toEqual([
    {
      pool: { name: 'default' },
      provider: 'sandbox',
      upstream: 'gpt-4o-mini',
      credentials: [{ name: 'cred-1' }, { name: 'cred-2' }],
      price: { source: 'CATALOGUE', figures: { input: '0.15' } },
    },
  ]);
  expect(byId.get('gpt-4o')?.[0]?.credentials).toEqual([{ name: 'cred-1' }]);
  expect(byId.get('odd')).toMatchObject([{ credentials: [{ name: 'cred-2' }], price: null }]);

  const set = 'mutation { setPrice(input: { model: "odd", input: "2" }) { id } }';
  expect((await ask(set)).errors).toEqual([]);
  const { data } = await ask(MODELS, { first: 5, filter: { pool: 'default', search: 'OD' } });
  expect(data.models.nodes).toMatchObject([
    { id: 'odd', offers: [{ price: { source: 'OPERATOR', figures: { input: '2.00' } } }] },
  ]);
  const none = await ask(MODELS, { first: 5, filter: { pool: 'nowhere' } });
  expect(none.data.models.nodes).toEqual([]);

  const counts: number[] = [];
  for (const first of [1, found.length]) {
    const statements = await statementsOf(gateway, () => ask(MODELS, { first }));
    counts.push(statements.length);
  }
  expect(counts[1]).toBe(counts[0]);
});
