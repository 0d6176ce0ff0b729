import { beforeAll, describe, expect, test } from '@jest/globals';
import { VirtualKey } from '../../../src/entities/virtual-key.ts';
import { gatewayOfFile } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';
import type { GraphqlClient } from '../../support/graphql-client.ts';
import { until } from '../proxy/fixture.ts';

const gateway = gatewayOfFile();
let ask: GraphqlClient['ask'];

beforeAll(() => {
  ({ ask } = graphqlClient(gateway()));
});

const CREATE = `mutation Create($input: CreateKeyInput!, $change: String) {
  createKey(input: $input, clientMutationId: $change) {
    secret
    key { id name hint status poolId poolName rpmLimit tpmLimit budgets { cap period } user { name } }
    budget { id cap period }
  }
}`;

const UPDATE = `mutation Update($id: ID!, $input: UpdateKeyInput!) {
  updateKey(id: $id, input: $input) { name rpmLimit allowedModels isActive status expiresAt }
}`;

const SWITCH = (name: string) =>
  `mutation Switch($id: ID!) { ${name}(id: $id) { id status isActive deletedAt } }`;

/** Asks what is expected to go well. */
async function told(document: string, variables: Record<string, unknown> = {}) {
  const { data, errors } = await ask(document, variables);
  expect(errors).toEqual([]);
  return data;
}

async function create(input: Record<string, unknown>): Promise<{ id: string; secret: string }> {
  const { createKey } = await told(CREATE, { input });
  return { id: createKey.key.id, secret: createKey.secret };
}

const statusOfCall = async (secret: string): Promise<number> =>
  (await gateway().chat({}, { authorization: `Bearer ${secret}` })).status;

const rowsNamed = (name: string) => gateway().space.orm.em.fork().count(VirtualKey, { name });

test('a key is made with all it was given, shown once, and works', async () => {
  await told('mutation { createUser(input: { name: "ann" }) { id } }');
  const input = { name: 'phone', pool: 'default', user: 'ann', budget: '5', rpmLimit: 7 };
  const { createKey } = await told(CREATE, { input });
  const { secret, key, budget } = createKey;
  expect(key).toMatchObject({
    name: 'phone',
    hint: `sk-tg-…${secret.slice(-4)}`,
    status: 'ACTIVE',
    poolName: 'default',
    rpmLimit: 7,
    tpmLimit: null,
    user: { name: 'ann' },
    budgets: [{ cap: '5.00', period: 'NONE' }],
  });
  expect(budget).toMatchObject({ cap: '5.00', period: 'NONE' });
  expect(await statusOfCall(secret)).toBe(200);
});

test('every field that is wrong is named at once, by a code that a program can switch on', async () => {
  const input = { name: ' ', budget: '-1', rpmLimit: 0, expiresInDays: 0, allowedModels: [] };
  const { data, errors } = await ask(CREATE, { input });
  expect(data).toBeNull();
  expect(errors).toMatchObject([{ extensions: { code: 'INVALID_REQUEST' } }]);
  for (const field of Object.keys(input)) expect(errors[0]?.message).toContain(`${field}: `);
});

test('a change asked for again under its id is made once, and its secret is not shown again', async () => {
  const [input, change] = [{ name: 'twice' }, 'change-1'];
  const first = await told(CREATE, { input, change });
  const again = await told(CREATE, { input, change });
  expect(first.createKey.secret).toMatch(/^sk-tg-/);
  expect(again.createKey).toEqual({ ...first.createKey, secret: null });
  const { errors } = await ask(CREATE, { input: { name: 'other' }, change });
  expect(errors).toMatchObject([{ extensions: { code: 'CONFLICT', param: 'clientMutationId' } }]);
  expect([await rowsNamed('twice'), await rowsNamed('other')]).toEqual([1, 0]);
});

test('of fifty that ask for the same change at once, one makes the key and sees its secret', async () => {
  const variables = { input: { name: 'crowd' }, change: 'change-of-many' };
  const answers = await Promise.all(Array.from({ length: 50 }, () => told(CREATE, variables)));
  const made = answers.map(({ createKey }) => createKey);
  expect(new Set(made.map(({ key }) => key.id)).size).toBe(1);
  expect(made.filter(({ secret }) => secret !== null)).toHaveLength(1);
  expect(await rowsNamed('crowd')).toBe(1);
});

test('a change leaves alone what it does not name, and null lifts what it does', async () => {
  const { id } = await create({ name: 'tablet', rpmLimit: 9, allowedModels: ['gpt-*'] });
  const named = await told(UPDATE, { id, input: { name: 'slate', allowedModels: null } });
  expect(named.updateKey).toMatchObject({ name: 'slate', rpmLimit: 9, allowedModels: null });
  const lifted = await told(UPDATE, { id, input: { rpmLimit: null, expiresInDays: 1 } });
  expect(lifted.updateKey).toMatchObject({ name: 'slate', rpmLimit: null });
  expect(lifted.updateKey.expiresAt).not.toBeNull();
});

test('switched off it is refused, switched on it works again', async () => {
  const { id, secret } = await create({ name: 'switched' });
  const off = await told(SWITCH('disableKey'), { id });
  expect(off.disableKey).toMatchObject({ status: 'INACTIVE', isActive: false });
  expect(await statusOfCall(secret)).toBe(401);
  const on = await told(SWITCH('enableKey'), { id });
  expect(on.enableKey).toMatchObject({ status: 'ACTIVE' });
  expect(await statusOfCall(secret)).toBe(200);
  const events = await gateway().events('virtual_key.updated');
  const its = events.filter(({ subject }) => subject === id);
  expect(its.map(({ actor }) => actor)).toEqual(['admin', 'admin']);
  expect(its[0]?.requestId).toMatch(/^[0-9a-f-]{36}$/);
});

const ROTATE = `mutation Rotate($id: ID!, $ms: SafeInt) {
  rotateKey(id: $id, overlapMs: $ms) { secret key { id previousUntil } }
}`;

test('rotated it has another secret, and the one before works as long as it was said', async () => {
  const { id, secret: first } = await create({ name: 'rotated' });
  const { rotateKey } = await told(ROTATE, { id, ms: 3_600_000 });
  expect(rotateKey.key.id).toBe(id);
  expect(await statusOfCall(first)).toBe(200);
  const last = await told(ROTATE, { id });
  expect(last.rotateKey.key.previousUntil).toBeNull();
  expect([await statusOfCall(first), await statusOfCall(rotateKey.secret)]).toEqual([401, 401]);
  expect(await statusOfCall(last.rotateKey.secret)).toBe(200);
});

describe('a deleted key', () => {
  test('is refused until it is restored, and then works as it did', async () => {
    const { id, secret } = await create({ name: 'restored' });
    const deleted = await told(SWITCH('deleteKey'), { id });
    expect(deleted.deleteKey).toMatchObject({ status: 'DELETED' });
    expect(await statusOfCall(secret)).toBe(401);
    const restored = await told(SWITCH('restoreKey'), { id });
    expect(restored.restoreKey).toEqual({ id, status: 'ACTIVE', isActive: true, deletedAt: null });
    expect(await statusOfCall(secret)).toBe(200);
    const [event] = await gateway().events('virtual_key.restored');
    expect(event).toMatchObject({ subject: id, actor: 'admin', after: { deletedAt: null } });
  });

  test('is found under its state alone', async () => {
    const { id } = await create({ name: 'buried' });
    await told(SWITCH('deleteKey'), { id });
    const LIST = `query List($filter: KeyFilter) { keys(filter: $filter) { nodes { id status } } }`;
    const filter = { search: 'buried' };
    expect((await told(LIST, { filter })).keys.nodes).toEqual([]);
    const deleted = await told(LIST, { filter: { ...filter, status: 'DELETED' } });
    expect(deleted.keys.nodes).toEqual([{ id, status: 'DELETED' }]);
    expect((await told('query($id: ID!) { key(id: $id) { id } }', { id })).key.id).toBe(id);
  });

  test('is not restored while there is', async () => {
    const { id } = await create({ name: 'there' });
    const { errors } = await ask(SWITCH('restoreKey'), { id });
    expect(errors).toMatchObject([{ extensions: { code: 'CONFLICT', param: 'id' } }]);
  });
});

const PAGE = `query Page($first: Int, $after: String, $search: String) {
  keys(first: $first, after: $after, filter: { search: $search }) {
    edges { cursor node { name } } nodes { name } pageInfo { hasNextPage endCursor }
  }
}`;

test('pages follow each other without gap or double, newest first, while keys are made', async () => {
  for (let at = 0; at < 7; at += 1) await create({ name: `page-${at}` });
  const seen: string[] = [];
  let after: string | null = null;
  for (let pages = 0; pages < 5; pages += 1) {
    const { keys } = await told(PAGE, { first: 3, after, search: 'PAGE-' });
    expect(keys.edges.map(({ node }: { node: unknown }) => node)).toEqual(keys.nodes);
    seen.push(...keys.nodes.map(({ name }: { name: string }) => name));
    after = keys.pageInfo.endCursor;
    expect(keys.edges.at(-1).cursor).toBe(after);
    if (keys.pageInfo.hasNextPage === false) break;
    await create({ name: `page-late-${pages}` });
  }
  expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((at) => `page-${at}`));
});

test('a page is asked for sensibly', async () => {
  const { errors } = await ask(PAGE, { first: 20, after: 'bm90IG91cnM' });
  expect(errors).toMatchObject([{ extensions: { code: 'INVALID_REQUEST', param: 'after' } }]);
  const none = await ask(PAGE, { first: 0 });
  expect(none.errors).toMatchObject([{ extensions: { code: 'INVALID_REQUEST', param: 'first' } }]);
});

const LIMITS = `query Limits($id: ID!) {
  key(id: $id) {
    limits {
      requests { limit used remaining resetsAt }
      tokens { limit used remaining resetsAt }
      concurrency { limit used remaining resetsAt }
    }
  }
}`;

test('limits are told as they stand at this moment, also while a call is under way', async () => {
  const { id, secret } = await create({ name: 'limited', rpmLimit: 5, concurrencyLimit: 2 });
  const limits = async () => (await told(LIMITS, { id })).key.limits;
  expect(await limits()).toMatchObject({
    requests: { limit: 5, used: 0, remaining: 5 },
    tokens: { limit: null, used: null, remaining: null, resetsAt: null },
    concurrency: { limit: 2, used: 0, remaining: 2, resetsAt: null },
  });
  const leaving = new AbortController();
  const call = gateway().fetch('/v1/chat/completions', {
    body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] },
    headers: { authorization: `Bearer ${secret}`, 'x-sandbox-fault': 'never-answer' },
    signal: leaving.signal,
  });
  const left = expect(call).rejects.toThrow('aborted');
  await until(async () => (await limits()).concurrency.used === 1);
  const { requests, concurrency } = await limits();
  leaving.abort();
  await left;
  expect(requests).toMatchObject({ used: 1, remaining: 4 });
  expect(concurrency).toMatchObject({ used: 1, remaining: 1 });
  const leftMs = Date.parse(requests.resetsAt) - gateway().clock.now();
  expect(leftMs > 0 && leftMs <= 60_001).toBe(true);
});

test('another key is not there', async () => {
  const { data, errors } = await ask('{ key(id: "0000-none") { id } }');
  expect(data).toBeNull();
  expect(errors).toMatchObject([
    { message: 'Key not found: 0000-none', extensions: { code: 'NOT_FOUND', param: 'id' } },
  ]);
});
