import { expect, test } from '@jest/globals';
import { quickest } from '../../support/fastest-of.ts';
import { gatewayOfFile } from '../../support/gateway.ts';
import { rawRequest, type RawRequest } from '../../support/raw-request.ts';
import { badJson, oddJson } from '../proxy/bad-bodies.ts';
import type { BadBody } from '../proxy/bad-bodies.ts';
import { arrivals } from '../proxy/fixture.ts';
import { ask, chatOf, expectRefusal, expectServing, marks } from './fixture-clients.ts';

const gateway = gatewayOfFile();

const bodyOf = (body: string | Buffer, headers = {}): Buffer =>
  rawRequest({
    headers: {
      authorization: `Bearer ${gateway().key}`,
      'content-type': 'application/json',
      ...headers,
    },
    body,
  });

/** Those that are about JSON and its letters, rather than about the fields of a call. */
const UNREADABLE = /UTF|byte order|nested|members|two |surrogate|NaN|garbage|random|cut|comma/;
const unreadable = badJson.filter(({ name }) => UNREADABLE.test(name));
/** What megabytes cost is mostly their arrival, and the sending of them by this very process. */
const LONG_BYTES = 1_000_000;
/** What the catalogue allows. */
const REFUSED_MS = 50;
const TRIES = 10;

test('C19: there is something to judge', () => {
  expect(unreadable.length).toBeGreaterThan(15);
});

test.each(unreadable)('C19: $name is refused, in 50 ms unless it is long', async (row) => {
  const before = await marks(gateway());
  const request = bodyOf(row.body);
  const limitMs = request.length < LONG_BYTES ? REFUSED_MS : Number.POSITIVE_INFINITY;
  expect(await quickest(limitMs, TRIES, () => refusedMs(request, row))).toBeLessThan(limitMs);
  expect(await marks(gateway())).toEqual(before);
  await expectServing(gateway());
});

async function refusedMs(request: Buffer, { status = 400, param }: BadBody): Promise<number> {
  const startMs = performance.now();
  const { answers } = await ask(gateway(), request);
  const ms = performance.now() - startMs;
  expectRefusal(answers, { status, param: param ?? null });
  return ms;
}

const isNamed = ({ name }: BadBody): boolean => /__proto__|constructor/.test(name);

/** Odd, but it says one thing only. */
async function expectPassedOn({ body }: BadBody): Promise<void> {
  const { answers } = await ask(gateway(), bodyOf(body));
  expect(answers.map(({ status }) => status)).toEqual([200]);
  expect(arrivals(gateway()).at(-1)).toMatchObject({ requestBytes: Buffer.byteLength(body) });
}

test.each(oddJson.filter((row) => !isNamed(row)))(
  'C19: $name is JSON all the same, and goes upstream as it came',
  expectPassedOn,
);

const POLLUTING = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';

test.each([
  ...oddJson.filter(isNamed),
  {
    name: '__proto__ in metadata',
    body: `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hi"}],"metadata":${POLLUTING}}`,
  },
])('C20: $name goes upstream as it came, and means nothing here', async (row) => {
  await expectPassedOn(row);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});

test.each<[string, RawRequest]>([
  ['the query', { path: '/v1/models?__proto__[polluted]=1&constructor[prototype][polluted]=1' }],
  ['headers', { headers: { __proto__x: 'polluted', constructor: 'polluted', 'to-string': '1' } }],
  ['a path', { path: '/v1/models/__proto__' }],
])('C20: __proto__ and constructor in %s mean nothing here', async (_where, request) => {
  const headers = { authorization: `Bearer ${gateway().key}`, ...request.headers };
  const named = rawRequest({ path: '/v1/models', method: 'GET', ...request, headers })
    .toString('latin1')
    .replace('__proto__x:', '__proto__:');
  const { answers } = await ask(gateway(), Buffer.from(named, 'latin1'));
  expect([200, 404]).toContain(answers[0]?.status);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  await expectServing(gateway());
});

const MISFITS: [param: string, value: string][] = [
  ['stream', '"true"'],
  ['stream', '1'],
  ['stream', '{}'],
  ['stream_options', '[]'],
  ...['n', 'max_tokens', 'max_completion_tokens', 'max_output_tokens'].flatMap((name) =>
    ['1e10', '0', '-1', '1.5', '"2"', 'true', '[]'].map((value): [string, string] => [name, value]),
  ),
];

test.each(MISFITS)('C25: "%s": %s is refused', async (param, value) => {
  const before = await marks(gateway());
  const body = `{"model":"gpt-4o-mini","messages":[],"${param}":${value}}`;
  const { answers } = await ask(gateway(), bodyOf(body));
  expectRefusal(answers, { status: 400, code: 'invalid_request', param });
  expect(await marks(gateway())).toEqual(before);
});

test.each(['stream', 'stream_options', 'n', 'max_tokens', 'max_completion_tokens'])(
  'C25: "%s": null is as good as absent, as OpenAI says',
  async (param) => {
    const { answers } = await ask(gateway(), chatOf(gateway(), { [param]: null }));
    expect(answers.map(({ status }) => status)).toEqual([200]);
  },
);

const MODELS: [name: string, status: number][] = [
  ['../../etc/passwd', 404],
  ['/v1/models', 404],
  ['gpt-4o-mini/../gpt-4o', 404],
  ["'or'1'='1", 404],
  ["gpt-4o-mini';drop/**/table/**/virtual_keys;--", 404],
  ['*', 404],
  ['gpt-*', 404],
  ['gpt-4o-min?', 404],
  ['[g]pt-4o-mini', 404],
  ['%', 404],
  ['__proto__', 404],
  ['constructor', 404],
  ['GPT-4O-MINI', 404],
  ['gpt-4o-mini.', 404],
  // With a Cyrillic letter, a blank of no width, and full-width letters.
  ['gpt-4\u043e-mini', 400],
  ['gpt-4o-mini\u200b', 400],
  ['\uff47\uff50\uff54-4o-mini', 400],
  ['gpt-4o-mini ', 400],
  ["' or '1'='1", 400],
  ['gpt-4o-mini\\u0000', 400],
  ['m'.repeat(257), 400],
  ['m'.repeat(5_000_000), 400],
];

test.each(MODELS.map(([name, status]) => ({ name, status, shown: name.slice(0, 50) })))(
  'C26: the model "$shown" is nobody’s',
  async ({ name, status }) => {
    const before = await marks(gateway());
    const body = `{"model":"${name}","messages":[]}`;
    const { answers } = await ask(gateway(), bodyOf(body));
    expectRefusal(answers, {
      status,
      code: status === 404 ? 'model_not_found' : 'invalid_request',
      param: 'model',
    });
    expect(await marks(gateway())).toEqual(before);
    await expectServing(gateway());
  },
);
