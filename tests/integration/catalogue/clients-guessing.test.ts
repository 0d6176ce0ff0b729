import { expect, test } from '@jest/globals';
import { mintVirtualKey } from '../../../src/lib/virtual-key-format.ts';
import { growth } from '../../support/fastest-of.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { answered, play, send, type Step } from '../../support/scripted-client.ts';
import { chatOf, expectServing, marks } from './fixture-clients.ts';

const GUESSES = 10_000;
const CONNECTIONS = 20;

const withLast = (key: string): string => key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a');

/** What somebody tries who has no key, or part of one. */
const guesses: ((at: number, key: string) => string)[] = [
  (at) => `sk-tg-${String(at).padStart(49, '0')}`,
  () => withLast(mintVirtualKey()),
  // Right in form, and made nowhere.
  () => mintVirtualKey(),
  (at) => `sk-${at}-of-another-gateway`,
  (at, key) => key.slice(0, 10 + (at % 40)),
];

/** One after the other on each connection, as fast as they are refused, with status and body. */
async function guessOn({ key, url }: Gateway, start: number, told: string[]): Promise<void> {
  const sequence = Array.from({ length: GUESSES / CONNECTIONS }, (_, turn): Step => {
    const at = start + turn * CONNECTIONS;
    const headers = { authorization: `Bearer ${guesses[at % guesses.length]?.(at, key)}` };
    const request = rawRequest({ method: 'GET', path: '/v1/models', headers });
    return async (client) => {
      client.received = '';
      client.write(request);
      await answered()(client);
      const [answer] = client.outcome.answers;
      told.push(`${answer?.status} ${answer?.body}`);
    };
  });
  await play(url, ...sequence);
}

test('C38: 10,000 guessed keys are refused cheaply, while the calls of others are served', async () => {
  const gateway = await startGateway();
  const before = await marks(gateway);
  const told: string[] = [];
  const over = new AbortController();
  const guessed = Promise.all(
    Array.from({ length: CONNECTIONS }, (_, at) => guessOn(gateway, at, told)),
  ).finally(() => over.abort());
  /** Guesses that were refused while one call was under way. */
  const meanwhile: number[] = [];
  while (!over.signal.aborted) {
    const mark = told.length;
    await expectServing(gateway);
    meanwhile.push(told.length - mark);
  }
  await guessed;
  // A call is not made to wait for guesses, however many there are.
  const usual = meanwhile.toSorted((one, other) => one - other)[meanwhile.length >> 1];
  expect(usual).toBeLessThan(GUESSES / 10);
  expect(told).toHaveLength(GUESSES);
  // No guess tells more than another.
  const [only = '', ...others] = new Set(told);
  expect(others).toEqual([]);
  expect(only).toMatch(/^401 .*"code":"invalid_api_key"/);
  expect(await marks(gateway)).toEqual({
    arrivals: before.arrivals + meanwhile.length,
    records: before.records + meanwhile.length,
  });
});

/** As often one after the other. */
const ROUNDS = 50;

test('C38: a guess is cheaper than a call', async () => {
  const gateway = await startGateway();
  const headers = { authorization: `Bearer ${withLast(gateway.key)}` };
  const guess = rawRequest({ method: 'GET', path: '/v1/models', headers });
  const repeated = async (request: Buffer, status: number) => {
    const { answers } = await play(
      gateway.url,
      ...Array.from({ length: ROUNDS }, (_, at) => [send(request), answered(at + 1)]).flat(),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([status]));
  };
  const grown = growth(
    1,
    () => repeated(chatOf(gateway), 200),
    () => repeated(guess, 401),
  );
  expect(await grown).toBeLessThan(1);
});
