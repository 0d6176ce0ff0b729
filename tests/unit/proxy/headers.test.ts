import { describe, expect, test } from '@jest/globals';
import type { Member } from '../../../src/pool/member.ts';
import type { Call } from '../../../src/proxy/call.ts';
import { clientHeaders, isHtml, upstreamHeaders } from '../../../src/proxy/headers.ts';
import { providers } from '../../../src/providers/index.ts';
import { passingBody } from '../../../src/proxy/passing-body.ts';
import { Client, aMember } from './fixture.ts';

function memberOf(provider: string): Member {
  const kind = providers.get(provider);
  if (kind === undefined) throw new Error(provider);
  return aMember('c1', { kind });
}

const callWith = (headers: Call['headers'], contentLength: number | null = null): Call =>
  new Client({ headers, contentLength, hasBody: true }).call;

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
    expect(upstreamHeaders(callWith(HOSTILE), memberOf('openai'), body, 'sk-upstream')).toEqual(
      OURS,
    );
  });

  test('what is on the list does', () => {
    const allowed = {
      'content-type': 'application/json',
      accept: '*/*',
      'openai-beta': 'assistants=v2',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'tools',
    };
    const sent = upstreamHeaders(callWith(allowed), memberOf('openai'), body, 'sk-upstream');
    expect(sent).toEqual({ ...OURS, ...allowed });
  });

  test('a value that is repeated or could end its line is dropped', () => {
    const headers = {
      accept: ['a', 'b'],
      'openai-beta': 'x\r\ninjected: 1',
      'anthropic-beta': 'é',
    };
    expect(upstreamHeaders(callWith(headers), memberOf('openai'), body, 'sk-upstream')).toEqual(
      OURS,
    );
  });

  test('a provider may name more by prefix', () => {
    const sent = upstreamHeaders(callWith(HOSTILE), memberOf('sandbox'), body, 'sk-upstream');
    expect(sent).toEqual({ ...OURS, 'x-sandbox-fault': 'status' });
  });

  test.each([
    [77, 0, '77'],
    [77, 7, '84'],
    [77, -9, '68'],
    [null, 7, undefined],
  ])('a body that streams through has its length (%s and %i): %s', (length, grownBy, expected) => {
    const rest = passingBody(callWith({}), 1000);
    const streamed = { kind: 'stream' as const, head: [], rest, grownBy };
    const sent = upstreamHeaders(callWith({}, length), memberOf('openai'), streamed, 'sk-upstream');
    expect(sent['content-length']).toBe(expected);
  });

  test('the token that was got for a secret goes along, and not the secret', () => {
    const sent = upstreamHeaders(callWith({}), memberOf('gigachat'), body, 'token-1');
    expect(sent).toEqual({ ...OURS, authorization: 'Bearer token-1' });
  });

  test('a credential that the caller brought is in its own header no longer', () => {
    const headers = { 'x-google-api-key': 'k1', 'x-xai-api-key': 'k2' };
    for (const provider of ['google', 'xai', 'sandbox', 'openai']) {
      expect(upstreamHeaders(callWith(headers), memberOf(provider), body, 'sk-upstream')).toEqual(
        OURS,
      );
    }
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

test.each([
  ['text/html', true],
  ['Text/HTML; charset=utf-8', true],
  ['application/json', false],
  ['application/xhtml+xml', false],
  ['', false],
  [undefined, false],
])('%s is a page: %s', (type, expected) => {
  expect(isHtml(type === undefined ? {} : { 'content-type': type })).toBe(expected);
});
