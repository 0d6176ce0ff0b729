import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { Secret } from '../../../src/lib/secret.ts';
import { Member } from '../../../src/pool/member.ts';
import type { Call } from '../../../src/proxy/call.ts';
import { clientHeaders, retryAfterMs, upstreamHeaders } from '../../../src/proxy/headers.ts';
import { providers } from '../../../src/providers/index.ts';

const NOW = Date.parse('2026-03-01T00:00:00Z');

describe('retryAfterMs', () => {
  test.each([
    ['seconds', { 'retry-after': '7' }, 7000],
    ['no time', { 'retry-after': '0' }, 0],
    ['an HTTP date', { 'retry-after': 'Sun, 01 Mar 2026 00:01:00 GMT' }, 60_000],
    ['a date that is past', { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, 0],
    ['milliseconds', { 'retry-after-ms': '250' }, 250],
    ['milliseconds before seconds', { 'retry-after-ms': '250', 'retry-after': '7' }, 250],
    ['negative milliseconds, then seconds', { 'retry-after-ms': '-5', 'retry-after': '7' }, 7000],
    ['milliseconds that are no number', { 'retry-after-ms': 'soon', 'retry-after': '7' }, 7000],
    ['words', { 'retry-after': 'soon' }, null],
    ['ten digits and more', { 'retry-after': '99999999999999999999' }, null],
    ['nothing', {}, null],
  ])('%s', (_name, headers, expected) => {
    expect(retryAfterMs(headers, NOW)).toBe(expected);
  });
});

function memberOf(provider: string): Member {
  const kind = providers.get(provider);
  if (kind === undefined) throw new Error(provider);
  return new Member({
    id: 'c1',
    name: 'c1',
    poolName: 'default',
    kind,
    origin: 'http://127.0.0.1:1',
    prefix: '',
    secret: new Secret('sk-upstream'),
    balanceNano: null,
    balanceUsedNano: null,
    balanceCheckedAtMs: null,
  });
}

const callWith = (headers: Call['headers'], contentLength: number | null = null): Call => ({
  id: 'request-1',
  method: 'POST',
  path: '/v1/chat/completions',
  query: '',
  headers,
  body: Readable.from([]),
  hasBody: true,
  contentLength,
  sink: {
    isStarted: false,
    head: () => undefined,
    write: () => true,
    onDrain: () => undefined,
    end: () => undefined,
    destroy: () => undefined,
  },
  signal: new AbortController().signal,
  expire: () => undefined,
  startedAtMs: 0,
  startedMs: 0,
});

const HOSTILE = {
  authorization: 'Bearer sk-tg-client',
  cookie: 'a=b',
  host: 'evil',
  'x-forwarded-for': '1.2.3.4',
  'proxy-authorization': 'x',
  'x-api-key': 'x',
  'api-key': 'x',
  'openai-organization': 'org',
  'x-portkey-custom-host': 'http://evil',
  'transfer-encoding': 'chunked',
  connection: 'close, authorization',
  'user-agent': 'client',
  'accept-encoding': 'gzip',
  'x-request-id': 'chosen',
  expect: '100-continue',
  'x-sandbox-fault': 'status',
};
const OURS = {
  authorization: 'Bearer sk-upstream',
  'user-agent': 'tollgate/0.1',
  'accept-encoding': 'identity',
  'x-request-id': 'request-1',
};

describe('upstreamHeaders', () => {
  const body = { kind: 'bytes', bytes: Buffer.from('{}') } as const;

  test('nothing of the client’s goes along that is not on the list', () => {
    expect(upstreamHeaders(callWith(HOSTILE), memberOf('openai'), body)).toEqual(OURS);
  });

  test('what is on the list does', () => {
    const allowed = {
      'content-type': 'application/json',
      accept: '*/*',
      'openai-beta': 'assistants=v2',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'tools',
      'idempotency-key': 'k',
    };
    const sent = upstreamHeaders(callWith(allowed), memberOf('openai'), body);
    expect(sent).toEqual({ ...OURS, ...allowed });
  });

  test('a value that is repeated or could end its line is dropped', () => {
    const headers = {
      accept: ['a', 'b'],
      'openai-beta': 'x\r\ninjected: 1',
      'idempotency-key': 'é',
    };
    expect(upstreamHeaders(callWith(headers), memberOf('openai'), body)).toEqual(OURS);
  });

  test('a provider may name more by prefix', () => {
    const sent = upstreamHeaders(callWith(HOSTILE), memberOf('sandbox'), body);
    expect(sent).toEqual({ ...OURS, 'x-sandbox-fault': 'status' });
  });

  test('a body that streams through keeps its length', () => {
    const streamed = {
      kind: 'stream',
      head: [],
      rest: {
        violation: null,
        [Symbol.asyncIterator]: () => Readable.from([])[Symbol.asyncIterator](),
      },
    } as const;
    const sent = upstreamHeaders(callWith({}, 77), memberOf('openai'), { ...streamed, head: [] });
    expect(sent['content-length']).toBe('77');
  });
});

describe('clientHeaders', () => {
  test('only what is on the list comes back, with our id and the upstream’s', () => {
    const upstream = {
      'content-type': 'application/json',
      'openai-model': 'gpt',
      'openai-processing-ms': '5',
      'openai-version': '1',
      'content-disposition': 'attachment',
      'openai-organization': 'org-1',
      'set-cookie': ['a=b'],
      server: 'x',
      'strict-transport-security': 'x',
      'transfer-encoding': 'chunked',
      'content-length': '5',
      'x-ratelimit-remaining-requests': '1',
      'x-request-id': 'upstream-1',
      connection: 'close',
    };
    expect(clientHeaders(callWith({}), upstream)).toEqual({
      'content-type': 'application/json',
      'openai-model': 'gpt',
      'openai-processing-ms': '5',
      'openai-version': '1',
      'content-disposition': 'attachment',
      'x-request-id': 'request-1',
      'x-upstream-request-id': 'upstream-1',
    });
  });

  test('a value that could end its line is dropped', () => {
    const upstream = { 'openai-model': 'a\r\nset-cookie: x', 'x-request-id': 'a\nb' };
    expect(clientHeaders(callWith({}), upstream)).toEqual({ 'x-request-id': 'request-1' });
  });
});
