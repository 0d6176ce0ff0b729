import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Agent } from 'undici';
import { AccessTokens } from '../../../src/pool/access-tokens.ts';
import { ask, readJson } from '../../../src/pool/ask.ts';
import { fetchTextBy } from '../../../src/pool/fetch-text.ts';
import type { FetchText } from '../../../src/pool/fetch-text.ts';
import type { Member } from '../../../src/pool/member.ts';
import type { UpstreamKind } from '../../../src/pool/upstream-kind.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { aFarEnd, aKind, aMember, answering, quiet } from './fixture.ts';

const NEVER = new AbortController().signal;

/** A secret is exchanged for a token at `http://tokens`. */
const EXCHANGING = aKind({
  id: 'exchanging',
  accessToken: {
    request: (secret) => ({ url: 'http://tokens', headers: { secret }, body: '' }),
    read: (answer) => answer as { token: string; expiresAtMs: number },
  },
});

function asker(clock: ManualClock, fetchText: FetchText) {
  const parts = { clock, tokens: new AccessTokens(clock, fetchText), fetchText };
  return (member: Member, path = '/v1/models', { bytesMax = 1000, signal = NEVER } = {}) =>
    ask(member, path, parts, { bytesMax, signal });
}

describe('a question to a provider', () => {
  test.each<[string, Partial<UpstreamKind>, string, string]>([
    ['as we name it', {}, '/v1/models', 'https://host:1/api/v1/models'],
    [
      'as it names it',
      { pathOf: (path) => `/beta${path}` },
      '/v1/credits',
      'https://host:1/api/beta/v1/credits',
    ],
  ])('goes to its origin, with the secret: %s', async (_name, kind, path, url) => {
    const clock = new ManualClock();
    const end = aFarEnd(418);
    const member = aMember('a', { kind: aKind(kind), origin: 'https://host:1', prefix: '/api' });
    const answer = await asker(clock, end.fetchText)(member, path, { bytesMax: 77 });
    expect(answer).toEqual({ status: 418, text: '{}' });
    const headers = { authorization: 'Bearer sk-canary-a', accept: 'application/json' };
    expect(end.asked).toEqual([{ url, headers, bytesMax: 77 }]);
    // Nothing is left that would keep ticking.
    expect(clock.waits).toEqual([]);
  });

  test('is given up after ten seconds', async () => {
    const clock = new ManualClock();
    const asked = asker(clock, aFarEnd('silent').fetchText)(aMember('a'));
    const failed = expect(asked).rejects.toThrow('no answer in time');
    await quiet();
    clock.advance(9999);
    expect(clock.waits).toEqual([1]);
    clock.advance(1);
    await failed;
  });

  test('is given up when told so', async () => {
    const clock = new ManualClock();
    const stopping = new AbortController();
    const asked = asker(clock, aFarEnd('silent').fetchText)(aMember('a'), '/', {
      signal: stopping.signal,
    });
    const failed = expect(asked).rejects.toThrow('stopped');
    await quiet();
    stopping.abort(new Error('stopped'));
    await failed;
    expect(clock.waits).toEqual([]);
  });
});

const end = (clock: ManualClock, status: number) => {
  let serial = 0;
  return aFarEnd(({ url }) => {
    if (url !== 'http://tokens') return status;
    serial += 1;
    return answering({ token: `t${serial}`, expiresAtMs: clock.now() + 3_600_000 });
  });
};

const used = (far: ReturnType<typeof aFarEnd>) =>
  far.asked.flatMap(({ headers }) => headers['authorization'] ?? []);

describe('where a token is needed', () => {
  test('the question carries the token, the next one the same', async () => {
    const clock = new ManualClock();
    const far = end(clock, 200);
    const asks = asker(clock, far.fetchText);
    await asks(aMember('a', { kind: EXCHANGING }));
    await asks(aMember('a', { kind: EXCHANGING }));
    expect(used(far)).toEqual(['Bearer t1', 'Bearer t1']);
  });

  test.each([
    [401, 't2'],
    [403, 't1'],
    [500, 't1'],
  ])('after %i the next question carries %s', async (status, token) => {
    const clock = new ManualClock();
    const far = end(clock, status);
    const asks = asker(clock, far.fetchText);
    await asks(aMember('a', { kind: EXCHANGING }));
    await asks(aMember('a', { kind: EXCHANGING }));
    expect(used(far)).toEqual(['Bearer t1', `Bearer ${token}`]);
  });

  test('the ten seconds are those of token and answer together', async () => {
    const clock = new ManualClock();
    const asks = asker(clock, aFarEnd('silent').fetchText);
    const failed = expect(asks(aMember('a', { kind: EXCHANGING }))).rejects.toThrow(
      'no answer in time',
    );
    await quiet();
    clock.advance(10_000);
    await failed;
  });

  test('a stop does not wait for the token', async () => {
    const clock = new ManualClock();
    const stopping = new AbortController();
    const asks = asker(clock, aFarEnd('silent').fetchText);
    const options = { signal: stopping.signal };
    const failed = expect(asks(aMember('a', { kind: EXCHANGING }), '/', options)).rejects.toThrow(
      'stopped',
    );
    await quiet();
    stopping.abort(new Error('stopped'));
    await failed;
    await expect(asks(aMember('b', { kind: EXCHANGING }), '/', options)).rejects.toThrow('stopped');
  });
});

describe('against a server', () => {
  const agent = new Agent();
  let server: Server;
  let received: IncomingMessage[];
  let answer: RequestListener;

  beforeEach(async () => {
    received = [];
    server = createServer((message, response) => {
      received.push(message);
      answer(message, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  afterAll(() => agent.close());

  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const asks = () => asker(new ManualClock(), fetchTextBy(agent));

  test('a GET with the credential, and whatever status came', async () => {
    answer = (_message, response) => response.writeHead(503).end('busy');
    const member = aMember('a', { origin: origin(), prefix: '/api' });
    expect(await asks()(member)).toEqual({ status: 503, text: 'busy' });
    const [message] = received as [IncomingMessage];
    expect([message.method, message.url]).toEqual(['GET', '/api/v1/models']);
    expect(message.headers).toMatchObject({
      authorization: 'Bearer sk-canary-a',
      accept: 'application/json',
    });
  });

  test('a redirect is not followed: the secret goes nowhere else', async () => {
    answer = (_message, response) => response.writeHead(307, { location: '/elsewhere' }).end();
    expect(await asks()(aMember('a', { origin: origin() }))).toMatchObject({ status: 307 });
    expect(received).toHaveLength(1);
  });

  test.each([
    [1000, true],
    [1001, false],
  ])('of %i bytes, with a limit of 1000, it gets an answer: %s', async (length, isTaken) => {
    answer = (_message, response) => response.end('x'.repeat(length));
    const asked = asks()(aMember('a', { origin: origin() }));
    if (isTaken) expect((await asked).text).toHaveLength(length);
    else await expect(asked).rejects.toThrow('the answer is too long');
  });
});

test('what is no JSON is not quoted', () => {
  expect(readJson('{"a":[1]}')).toEqual({ a: [1] });
  expect(() => readJson('sk-canary')).toThrow(new TypeError('the answer is not JSON'));
});
