import { beforeAll, expect, test } from '@jest/globals';
import { gatewayOfFile } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';
import type { GraphqlClient } from '../../support/graphql-client.ts';

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

const USER = `query One($id: ID!) {
  user(id: $id) {
    name isEnabled metadata
    keys(first: 1) { nodes { name } pageInfo { hasNextPage endCursor } }
    budgets { cap subject standing { remaining } }
  }
}`;

test('a user is made, owns keys and budgets, and takes all with them when switched off', async () => {
  const { createUser } = await told(
    'mutation { createUser(input: { name: "ann", metadata: { floor: 3 } }) { id metadata } }',
  );
  expect(createUser.metadata).toEqual({ floor: 3 });
  const secrets: string[] = [];
  for (const name of ['first', 'second']) {
    const { key } = await gateway().space.keys.create(
      { name: 'test', role: 'admin', userId: null },
      { name, user: 'ann' },
    );
    secrets.push(key);
  }
  await told('mutation { setBudget(input: { scope: USER, subject: "ann", cap: "3" }) { id } }');
  const { user } = await told(USER, { id: 'ann' });
  expect(user).toMatchObject({
    name: 'ann',
    isEnabled: true,
    keys: { nodes: [{ name: 'second' }], pageInfo: { hasNextPage: true } },
    budgets: [{ cap: '3.00', subject: 'ann', standing: { remaining: '3.00' } }],
  });
  const calls = () =>
    Promise.all(
      secrets.map(async (secret) => {
        const headers = { authorization: `Bearer ${secret}` };
        return (await gateway().chat({}, headers)).status;
      }),
    );
  expect(await calls()).toEqual([200, 200]);
  const { updateUser } = await told(
    'mutation($id: ID!) { updateUser(id: $id, input: { isEnabled: false }) { isEnabled name } }',
    { id: createUser.id },
  );
  expect(updateUser).toEqual({ isEnabled: false, name: 'ann' });
  expect(await calls()).toEqual([401, 401]);
});

test('a team is made, its limits are those of all its keys, and null lifts one', async () => {
  const { createTeam } = await told(
    `mutation { createTeam(input: { name: "crew", rpmLimit: 2, tpmLimit: 9000 }) {
      id rpmLimit concurrencyLimit limits { requests { limit used } concurrency { limit used } }
    } }`,
  );
  expect(createTeam).toMatchObject({
    rpmLimit: 2,
    concurrencyLimit: null,
    limits: { requests: { limit: 2, used: 0 }, concurrency: { limit: null, used: 0 } },
  });
  const { keyId } = gateway();
  await told('mutation($id: ID!) { updateKey(id: $id, input: { team: "crew" }) { id } }', {
    id: keyId,
  });
  expect([(await gateway().chat()).status, (await gateway().chat()).status]).toEqual([200, 200]);
  expect((await gateway().chat()).status).toBe(429);
  const { team } = await told(`{
    team(id: "crew") {
      keys { nodes { id team { name } } }
      limits { requests { used remaining resetsAt } tokens { used } }
    }
  }`);
  expect(team.keys.nodes).toEqual([{ id: keyId, team: { name: 'crew' } }]);
  expect(team.limits.requests).toMatchObject({ used: 2, remaining: 0 });
  expect(team.limits.tokens.used).toBeGreaterThan(0);
  const { updateTeam } = await told(
    `mutation { updateTeam(id: "crew", input: { rpmLimit: null, name: "band" }) {
      name rpmLimit tpmLimit
    } }`,
  );
  expect(updateTeam).toEqual({ name: 'band', rpmLimit: null, tpmLimit: 9000 });
  expect((await gateway().chat()).status).toBe(200);
});

test('owners are listed by name, and found by part of it', async () => {
  for (const name of ['zoe', 'Zack', 'bo']) {
    await told('mutation($name: String!) { createUser(input: { name: $name }) { id } }', { name });
  }
  const LIST = `query List($search: String, $after: String) {
    users(first: 1, search: $search, after: $after) {
      nodes { name } pageInfo { endCursor hasNextPage }
    }
  }`;
  const first = (await told(LIST, { search: 'Z', after: null })).users;
  expect(first).toMatchObject({ nodes: [{ name: 'Zack' }], pageInfo: { hasNextPage: true } });
  const { endCursor: after } = first.pageInfo;
  const second = (await told(LIST, { search: 'Z', after })).users;
  expect(second).toMatchObject({ nodes: [{ name: 'zoe' }], pageInfo: { hasNextPage: false } });
});

test('a name that is taken is a conflict, and whoever is not there is not found', async () => {
  const CREATE = 'mutation { createTeam(input: { name: "twice" }) { id } }';
  await told(CREATE);
  expect((await ask(CREATE)).errors).toMatchObject([
    { extensions: { code: 'CONFLICT', param: 'name' } },
  ]);
  const { data, errors } = await ask(USER, { id: 'nobody' });
  expect(data).toBeNull();
  expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND', param: 'id' } }]);
  const wrong = await ask(
    'mutation { createTeam(input: { name: " ", rpmLimit: 0, tpmLimit: -1 }) { id } }',
  );
  for (const field of ['name: ', 'rpmLimit: ', 'tpmLimit: ']) {
    expect(wrong.errors[0]?.message).toContain(field);
  }
});
