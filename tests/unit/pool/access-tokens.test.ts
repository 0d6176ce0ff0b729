import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Agent } from 'undici';
import { Secret } from '../../../src/lib/secret.ts';
import { AccessTokenError, AccessTokens } from '../../../src/pool/access-tokens.ts';
import type { TokenHolder } from '../../../src/pool/access-tokens.ts';
import { fetchTextBy } from '../../../src/pool/fetch-text.ts';
import type { FetchText, TextRequest } from '../../../src/pool/fetch-text.ts';
import { gigachat } from '../../../src/providers/gigachat.ts';
import { MovableClock } from '../../support/movable-clock.ts';

const MINUTE_MS = 60_000;
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const holderOf = (secret: string, kind = gigachat): TokenHolder => ({
  kind,
  secret: new Secret(secret),
});

const thrown = async (promise: Promise<unknown>): Promise<AccessTokenError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AccessTokenError);
  return error as AccessTokenError;
};

const never: FetchText = (_asked, signal) =>
  new Promise((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(new Error('aborted'))),
  );

/** Gives `token-1`, `token-2` ... for half an hour each, and keeps what it was asked. */
class TokenEndpoint {
  readonly asked: TextRequest[] = [];
  readonly #clock: MovableClock;
  lifetimeMs = 30 * MINUTE_MS;

  constructor(clock: MovableClock) {
    this.#clock = clock;
  }

  readonly fetch: FetchText = async (asked) => {
    this.asked.push(asked);
    const answer = {
      access_token: `token-${this.asked.length}`,
      expires_at: this.#clock.now() + this.lifetimeMs,
    };
    await Promise.resolve();
    return { status: 200, text: JSON.stringify(answer) };
  };
}

describe('a token', () => {
  const clock = new MovableClock();
  let endpoint: TokenEndpoint;
  let tokens: AccessTokens;

  beforeEach(() => {
    endpoint = new TokenEndpoint(clock);
    tokens = new AccessTokens(clock, endpoint.fetch);
  });

  test('is asked for once in half an hour', async () => {
    expect(await tokens.get(holderOf('a'))).toBe('token-1');
    clock.advance(28 * MINUTE_MS);
    expect(await tokens.get(holderOf('a'))).toBe('token-1');
    expect(endpoint.asked).toHaveLength(1);
  });

  test('is replaced a minute before it expires', async () => {
    await tokens.get(holderOf('a'));
    clock.advance(29 * MINUTE_MS);
    expect(await tokens.get(holderOf('a'))).toBe('token-2');
    expect(await tokens.get(holderOf('a'))).toBe('token-2');
  });

  test('that hardly lives is used for those who waited for it', async () => {
    endpoint.lifetimeMs = 30_000;
    const waiting = [tokens.get(holderOf('a')), tokens.get(holderOf('a'))];
    expect(await Promise.all(waiting)).toEqual(['token-1', 'token-1']);
    expect(await tokens.get(holderOf('a'))).toBe('token-2');
  });

  test('is asked for once by a hundred calls at once, and once more when it is due', async () => {
    for (const token of ['token-1', 'token-2']) {
      const calls = Array.from({ length: 100 }, () => tokens.get(holderOf('a')));
      expect(new Set(await Promise.all(calls))).toEqual(new Set([token]));
      clock.advance(30 * MINUTE_MS);
    }
    expect(endpoint.asked).toHaveLength(2);
  });

  test('is of one secret and one provider', async () => {
    const other = { ...gigachat, id: 'other' };
    const holders = [holderOf('a'), holderOf('b'), holderOf('a', other)];
    const got = await Promise.all(holders.map((holder) => tokens.get(holder)));
    expect(got).toEqual(['token-1', 'token-2', 'token-3']);
  });

  test('has a request id of its own, a random UUID', async () => {
    await tokens.get(holderOf('a'));
    await tokens.get(holderOf('a'));
    await tokens.get(holderOf('b'));
    const ids = endpoint.asked.map(({ headers }) => headers['rquid']);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(UUID_V4);
  });

  test('that was refused is asked for anew, once, however many calls it was refused to', async () => {
    const holder = holderOf('a');
    const refused = await tokens.get(holder);
    tokens.forget(holder, refused);
    const first = await tokens.get(holder);
    // The late ones learn of it when the next token is there already.
    tokens.forget(holder, refused);
    expect([first, await tokens.get(holder)]).toEqual(['token-2', 'token-2']);
  });

  test('is asked for anew when any was refused', async () => {
    await tokens.get(holderOf('a'));
    tokens.forget(holderOf('a'));
    expect(await tokens.get(holderOf('a'))).toBe('token-2');
  });

  test('of one secret is forgotten without the others', async () => {
    await tokens.get(holderOf('a'));
    const kept = await tokens.get(holderOf('b'));
    tokens.forget(holderOf('a'), 'token-1');
    expect(await tokens.get(holderOf('b'))).toBe(kept);
    expect(await tokens.get(holderOf('a'))).toBe('token-3');
  });

  test('is forgotten when a thousand others came after it', async () => {
    for (let at = 0; at <= 1000; at += 1) await tokens.get(holderOf(`secret ${at}`));
    expect(endpoint.asked).toHaveLength(1001);
    expect(await tokens.get(holderOf('secret 1'))).toBe('token-2');
    expect(await tokens.get(holderOf('secret 0'))).toBe('token-1002');
  });

  test('of a provider without any is an error', async () => {
    const { accessToken: _none, ...kind } = gigachat;
    await expect(tokens.get(holderOf('a', kind))).rejects.toThrow('gigachat has no access tokens');
  });
});

describe('a failure', () => {
  const clock = new MovableClock();
  const answering = (status: number, answer: string) =>
    new AccessTokens(clock, () => Promise.resolve({ status, text: answer }));

  test.each([
    [400, true],
    [401, true],
    [403, true],
    [404, false],
    [429, false],
    [302, false],
    [500, false],
    [503, false],
  ])('%i blames the credential: %s', async (status, isRefusal) => {
    const error = await thrown(answering(status, '{"code":6}').get(holderOf('a')));
    expect(error).toMatchObject({
      status,
      isRefusal,
      message: `the provider answered ${status}`,
    });
  });

  test.each([
    ['no JSON', 'eyJ-a-token', 'the token answer is not JSON'],
    ['another shape', '{"tok":"eyJ-a-token","exp":1}', 'the token answer has no access_token'],
  ])('%s is the origin’s, and does not tell the text', async (_name, answer, message) => {
    const error = await thrown(answering(200, answer).get(holderOf('a')));
    expect(error).toMatchObject({ status: 200, isRefusal: false, message });
    expect(String(error.cause)).not.toContain('eyJ-a-token');
  });

  test('is not remembered: the next call asks again', async () => {
    let count = 0;
    const tokens = new AccessTokens(clock, () => {
      count += 1;
      if (count === 1) return Promise.reject(new Error('refused'));
      const answer = { access_token: 'token', expires_at: clock.now() + 30 * MINUTE_MS };
      return Promise.resolve({ status: 200, text: JSON.stringify(answer) });
    });
    const both = await Promise.all([
      thrown(tokens.get(holderOf('a'))),
      thrown(tokens.get(holderOf('a'))),
    ]);
    expect(both.map(({ status }) => status)).toEqual([0, 0]);
    expect(count).toBe(1);
    expect(await tokens.get(holderOf('a'))).toBe('token');
  });

  test('is no answer within thirty seconds', async () => {
    const failing = thrown(new AccessTokens(clock, never).get(holderOf('a')));
    clock.advance(30_000);
    expect(await failing).toMatchObject({
      status: 0,
      isRefusal: false,
      message: 'the provider did not answer in time',
    });
  });
});

describe('against a server', () => {
  const clock = new MovableClock();
  const agent = new Agent();
  let server: Server;
  let received: { message: IncomingMessage; body: string }[];
  let answer: RequestListener;

  beforeEach(async () => {
    received = [];
    server = createServer((message, response) => {
      void text(message).then((body) => {
        received.push({ message, body });
        answer(message, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  afterAll(() => agent.close());

  const tokensOf = () => new AccessTokens(clock, fetchTextBy(agent));

  function holder(): TokenHolder {
    const { port } = server.address() as AddressInfo;
    const source = gigachat.accessToken!;
    const url = `http://127.0.0.1:${port}/api/v2/oauth`;
    const request = (secret: string, id: string) => ({ ...source.request(secret, id), url });
    return holderOf('a2V5', { ...gigachat, accessToken: { ...source, request } });
  }

  test('the request is a form, and its token serves two calls', async () => {
    answer = (_message, response) =>
      response.end(
        JSON.stringify({ access_token: 'eyJ', expires_at: clock.now() + 30 * MINUTE_MS }),
      );
    const tokens = tokensOf();
    expect([await tokens.get(holder()), await tokens.get(holder())]).toEqual(['eyJ', 'eyJ']);
    expect(received).toHaveLength(1);
    const [{ message, body }] = received as [(typeof received)[number]];
    expect([message.method, message.url, body]).toEqual([
      'POST',
      '/api/v2/oauth',
      'scope=GIGACHAT_API_PERS',
    ]);
    expect(message.headers).toMatchObject({
      accept: 'application/json',
      authorization: 'Basic a2V5',
      'content-type': 'application/x-www-form-urlencoded',
      rquid: expect.stringMatching(UUID_V4),
    });
  });

  test('a redirect is not followed: the key goes nowhere else', async () => {
    answer = (_message, response) => response.writeHead(307, { location: '/elsewhere' }).end();
    expect(await thrown(tokensOf().get(holder()))).toMatchObject({ status: 307 });
    expect(received).toHaveLength(1);
  });

  test('an answer without end is given up after 64 KiB', async () => {
    answer = (_message, response) => {
      const pour = () => {
        let isTaken = true;
        while (isTaken && !response.destroyed) isTaken = response.write('x'.repeat(16 * 1024));
      };
      response.on('drain', pour);
      pour();
    };
    const error = await thrown(tokensOf().get(holder()));
    expect(error).toMatchObject({ status: 0, cause: new Error('the answer is too long') });
  });

  test('a connection cut in the middle of an answer is no answer', async () => {
    answer = (_message, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"access_token":', () => response.destroy());
    };
    expect(await thrown(tokensOf().get(holder()))).toMatchObject({ status: 0, isRefusal: false });
  });

  test('a silent server is given up after thirty seconds', async () => {
    const isAsked = new Promise<void>((resolve) => (answer = () => resolve()));
    const failing = thrown(tokensOf().get(holder()));
    await isAsked;
    clock.advance(30_000);
    expect(await failing).toMatchObject({ status: 0 });
  });
});
