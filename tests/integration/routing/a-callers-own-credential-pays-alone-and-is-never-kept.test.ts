import { readFile, readdir } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { complete, errorOf, sendJson, startProvider } from './fixture.ts';
import type { Provider, Seen } from './fixture.ts';
import { SYSTEM } from '../../../src/services/actor.ts';

const HEADER = 'x-xai-api-key';
const OWN = 'xai-callers-own-0123456789';
const POOLS = ['xai-pool-one', 'xai-pool-two'];

type Answer = (response: ServerResponse, seen: Seen) => void;

/** System C's pool (contracts C3) with two stored credentials, the first selected. */
async function startOpen(answer: Answer = complete, pool: Record<string, unknown> = {}) {
  const provider = await startProvider(['grok-4'], answer);
  const credentials = POOLS.map((key, index) => ({
    name: `grok-${index + 1}`,
    provider: 'xai',
    api_key: key,
    base_url: provider.baseUrl,
  }));
  const gateway = await startGateway({
    pool: { preset: 'model-gateway', strategy: 'selected_then_rotate', credentials, ...pool },
  });
  return { gateway, provider };
}

const ask = (gateway: Gateway, headers: Record<string, string> = { [HEADER]: OWN }) =>
  gateway.chat({ model: 'x-ai/grok-4' }, headers);

const paidBy = ({ seen }: Provider) => seen.map(({ headers }) => headers.authorization);

/** Answers with this error whoever brings a credential of the caller's. */
const refusing =
  (status: number, body: unknown = { error: { message: 'No.', code: 'nope' } }): Answer =>
  (response, seen) =>
    seen.headers.authorization === `Bearer ${OWN}`
      ? sendJson(response, status, body)
      : complete(response, seen);

test('it is used first and alone; the header itself goes nowhere', async () => {
  const { gateway, provider } = await startOpen();
  const response = await ask(gateway);
  expect(response.status).toBe(200);
  expect(paidBy(provider)).toEqual([`Bearer ${OWN}`]);
  const [seen] = provider.seen;
  expect(Object.keys(seen?.headers ?? {})).not.toContain(HEADER);
  expect(JSON.parse(seen?.body ?? '')).toMatchObject({ model: 'grok-4' });
  expect((await ask(gateway, {})).status).toBe(200);
  expect(paidBy(provider)[1]).toBe(`Bearer ${POOLS[0]}`);
});

test('it costs nothing here, is on record as the caller’s, and counts against the key’s limit', async () => {
  const { gateway } = await startOpen();
  await gateway.space.keys.update(SYSTEM, gateway.keyId, { rpmLimit: 1 });
  const response = await ask(gateway);
  await response.arrayBuffer();
  const [record] = await gateway.records();
  expect(record).toMatchObject({
    credentialId: 'caller',
    costNano: 0n,
    holdNano: 0n,
    isPriced: true,
    outcome: 'settled',
    input: 3,
    output: 1,
    model: 'x-ai/grok-4',
    route: { strategy: 'caller', order: ['caller'], excluded: [] },
  });
  expect(record?.attempts).toMatchObject([{ credential: 'caller', model: 'grok-4', status: 200 }]);
  expect((await ask(gateway)).status).toBe(429);
});

test('no trace of it is kept: not in the database, the logs, the events or an answer', async () => {
  const { gateway, provider } = await startOpen(
    refusing(400, { error: { message: `Bad request with ${OWN}` } }),
  );
  const refused = await ask(gateway);
  const shown = JSON.stringify([await refused.text(), [...refused.headers]]);
  await ask(gateway, { [HEADER]: `${OWN}-second` });
  expect(provider.seen).toHaveLength(2);
  expect((await gateway.records()).map(({ credentialId }) => credentialId)).toEqual([
    'caller',
    'caller',
  ]);
  const { dataDir } = gateway.space.config;
  const files = await readdir(dataDir);
  const bytes = await Promise.all(files.map((name) => readFile(join(dataDir, name), 'latin1')));
  const texts = [...bytes, shown, gateway.logs(), JSON.stringify(await gateway.events())];
  expect(files.length).toBeGreaterThan(0);
  expect(texts.filter((text) => text.includes(OWN))).toEqual([]);
  expect(gateway.logs()).toContain(refused.headers.get('x-request-id') ?? 'no id');
});

test.each([
  ['401', 401],
  ['403', 403],
  ['402', 402],
  ['429', 429],
  ['404', 404],
])('its %s goes to its caller, and nothing of ours is touched', async (_name, status) => {
  const { gateway, provider } = await startOpen(refusing(status));
  const response = await ask(gateway);
  expect(response.status).toBe(status);
  expect(await errorOf(response)).toEqual({ message: 'No.', code: 'nope' });
  expect(paidBy(provider)).toEqual([`Bearer ${OWN}`]);
  const [record] = await gateway.records();
  expect(record).toMatchObject({ status, outcome: 'voided', costNano: 0n, credentialId: 'caller' });
  // Nobody was unselected, set aside or probed.
  expect((await ask(gateway, {})).status).toBe(200);
  expect(paidBy(provider).slice(1)).toEqual([`Bearer ${POOLS[0]}`]);
  await gateway.app.upkeep.journal.flushed();
  const told = (await gateway.events()).map(({ type }) => type);
  expect(told.filter((type) => /selected|ban|health/.test(type))).toEqual([]);
});

test('a 401 that quotes it is told in our words, still as a 401', async () => {
  const { gateway } = await startOpen(refusing(401, { error: { message: `Wrong: ${OWN}` } }));
  const response = await ask(gateway);
  expect(response.status).toBe(401);
  const text = await response.text();
  expect(text).toContain('invalid_provider_credential');
  expect(text).not.toContain(OWN);
});

test.each([
  ['a page', 502, 502, 'upstream_error'],
  ['no JSON', 429, 429, 'upstream_rate_limited'],
])(
  '%s with status %i in the place of an error is none of the caller’s mistakes',
  async (_name, status, told, code) => {
    const { gateway, provider } = await startOpen((response) => {
      response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Unwell</h1>');
    });
    const response = await ask(gateway);
    expect(response.status).toBe(told);
    expect(await errorOf(response)).toMatchObject({ code });
    expect(response.headers.get('x-should-retry')).not.toBe('false');
    expect(provider.seen).toHaveLength(1);
  },
);

test('its 429 says when to come back', async () => {
  const { gateway } = await startOpen((response) => {
    response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '17' });
    response.end('{"error":{"message":"Slow down.","code":"rate_limit_exceeded"}}');
  });
  const response = await ask(gateway);
  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after')).toBe('17');
  expect(response.headers.get('x-should-retry')).not.toBe('false');
  expect((await errorOf(response)).message).toBe('Slow down.');
});

test('a pool that takes none ignores it, and does not send it on', async () => {
  const { gateway, provider } = await startOpen(complete, { caller_credentials: false });
  expect((await ask(gateway)).status).toBe(200);
  expect(paidBy(provider)).toEqual([`Bearer ${POOLS[0]}`]);
  expect(JSON.stringify(provider.seen)).not.toContain(OWN);
  const [record] = await gateway.records();
  expect(record?.credentialId).not.toBe('caller');
});

test('one for another provider is left alone, and does not go to this one', async () => {
  const { gateway, provider } = await startOpen();
  expect((await ask(gateway, { 'x-google-api-key': OWN })).status).toBe(200);
  expect(paidBy(provider)).toEqual([`Bearer ${POOLS[0]}`]);
  expect(JSON.stringify(provider.seen)).not.toContain(OWN);
});

test.each([
  ['blanks', 'xai one'],
  ['a letter beyond ASCII', 'xai-\u00e9'],
  ['5000 characters', 'x'.repeat(5000)],
])('a header with %s is refused, and names the header', async (_name, secret) => {
  const { gateway, provider } = await startOpen();
  const response = await ask(gateway, { [HEADER]: secret });
  expect(response.status).toBe(400);
  expect(await errorOf(response)).toMatchObject({ code: 'invalid_request', param: HEADER });
  expect(provider.seen).toEqual([]);
});

test('a pool without credentials of its own lives by what callers bring', async () => {
  const provider = await startProvider(['grok-4'], complete);
  const gateway = await startGateway({
    pool: {
      preset: 'model-gateway',
      strategy: 'selected_then_rotate',
      // Only to say where the provider is; it serves nothing itself.
      credentials: [
        {
          name: 'place',
          provider: 'xai',
          api_key: 'xai-none',
          base_url: provider.baseUrl,
          models: ['none'],
        },
      ],
    },
  });
  expect((await ask(gateway, {})).status).toBe(404);
  expect((await ask(gateway)).status).toBe(200);
  expect(paidBy(provider)).toEqual([`Bearer ${OWN}`]);
});

test('callers share neither connections nor answers', async () => {
  const { gateway, provider } = await startOpen();
  const key = { 'idempotency-key': 'the-same' };
  for (const secret of ['xai-ann', 'xai-bob', 'xai-ann']) {
    const response = await ask(gateway, { [HEADER]: secret, ...key });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  }
  expect((await ask(gateway, key)).status).toBe(200);
  // The third was Ann's own again: her answer came from memory.
  expect(paidBy(provider)).toEqual(['Bearer xai-ann', 'Bearer xai-bob', `Bearer ${POOLS[0]}`]);
  for (const secret of ['xai-ann', 'xai-bob', 'xai-ann', 'xai-bob']) {
    await (await ask(gateway, { [HEADER]: secret })).arrayBuffer();
  }
  const owners = Map.groupBy(provider.seen, ({ connection }) => connection);
  for (const calls of owners.values()) {
    expect(new Set(calls.map(({ headers }) => headers.authorization)).size).toBe(1);
  }
  // They were kept, though: reuse is not what keeps callers apart.
  expect(owners.size).toBeLessThan(provider.seen.length);
});
