import { expect, test } from '@jest/globals';
import { mintVirtualKey } from '../../../src/lib/virtual-key-format.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { answered, play, type Step } from '../../support/scripted-client.ts';
import { marks } from './fixture-clients.ts';

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

/** One after the other on each connection, as fast as they are refused; the statuses and bodies. */
async function guessOn({ key, url }: Gateway, start: number): Promise<string[]> {
  const told: string[] = [];
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
  return told;
}

test('C38: 10,000 guessed keys are refused cheaply, while the calls of others are served', async () => {
  const gateway = await startGateway();
  const before = await marks(gateway);
  const startMs = performance.now();
  const over = new AbortController();
  const guessed = Promise.all(
    Array.from({ length: CONNECTIONS }, (_, at) => guessOn(gateway, at)),
  ).finally(() => over.abort());
  const waits: number[] = [];
  while (!over.signal.aborted) {
    const sentMs = performance.now();
    const response = await gateway.chat();
    await response.arrayBuffer();
    expect(response.status).toBe(200);
    waits.push(performance.now() - sentMs);
  }
  const told = (await guessed).flat();
  expect(performance.now() - startMs).toBeLessThan(20_000);
  expect(waits.toSorted((one, other) => one - other)[waits.length >> 1]).toBeLessThan(250);
  expect(told).toHaveLength(GUESSES);
  // No guess tells more than another.
  const [only = '', ...others] = new Set(told);
  expect(others).toEqual([]);
  expect(only).toMatch(/^401 .*"code":"invalid_api_key"/);
  expect(await marks(gateway)).toEqual({
    arrivals: before.arrivals + waits.length,
    records: before.records + waits.length,
  });
});
