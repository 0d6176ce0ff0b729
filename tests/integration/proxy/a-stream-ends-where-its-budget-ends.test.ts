import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { CLI } from '../../../src/services/actor.ts';

const LONG = { stream: true };
const WORDS = 20_000;
/** More than a word and what frames it cost. */
const EVENT_NANO = 10_000n;
const words = (count: number) => ({ 'x-sandbox-chunks': String(count) });

const budget = (gateway: Gateway, cap: string, more = {}) =>
  gateway.space.budgets.set(CLI, { scope: 'key', subject: gateway.keyId, cap, ...more });

const eventsIn = (text: string): unknown[] =>
  text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event): unknown => JSON.parse(event.slice('data: '.length)));

test('a stream holds more, slice by slice, and ends with an error event where the cap is', async () => {
  const gateway = await startGateway({ isClockShared: true });
  const { budget: set } = await budget(gateway, '0.002');
  const response = await gateway.chat(LONG, { ...words(WORDS), 'x-sandbox-pace-ms': '1' });
  const text = await read(gateway, response);
  expect(eventsIn(text).at(-1)).toMatchObject({
    error: { type: 'insufficient_quota', code: 'budget_exceeded', param: null },
  });
  expect(text).not.toContain('[DONE]');
  const [record] = await gateway.records();
  expect(record).toMatchObject({ outcome: 'partial', reason: 'budget_exceeded', status: 200 });
  // What was produced is charged: the event that passed the cap is the last.
  // While it streams its bytes are looked at, four to a token; in the end its tokens are counted.
  expect(record?.usageSource).toBe('counted');
  expect(record?.costNano).toBeGreaterThan(1_000_000n);
  expect(record?.costNano).toBeLessThan(2_000_000n + EVENT_NANO);
  expect(record?.holdNano).toBeGreaterThan(1_900_000n);
  expect(record?.holdNano).toBeLessThanOrEqual(2_000_000n);
  const explained = await gateway.space.budgets.explain(CLI, set.id);
  expect(explained).toMatchObject({ settledNano: record?.costNano, holds: [], isEqual: true });
  // The upstream was told to stop.
  const finished = gateway.sandbox.witness.entries.findLast(({ kind }) => kind === 'finished');
  expect(finished).toMatchObject({ outcome: 'aborted' });
});

test('one that stays below the cap holds more than was estimated, and is whole', async () => {
  const gateway = await startGateway();
  await budget(gateway, '1');
  const text = await (await gateway.chat(LONG, words(WORDS))).text();
  expect(text).toMatch(/data: \[DONE\]\n\n$/);
  const [record] = await gateway.records();
  expect(record).toMatchObject({ outcome: 'settled', reason: 'ok' });
  expect(record?.holdNano).toBeGreaterThanOrEqual(record?.costNano ?? 0n);
  expect(record?.costNano).toBeGreaterThan(1_024n * 600n);
});

test('a soft budget ends nothing', async () => {
  const gateway = await startGateway();
  await budget(gateway, '0.0001', { isHard: false });
  const text = await (await gateway.chat(LONG, words(WORDS))).text();
  expect(text).toMatch(/data: \[DONE\]\n\n$/);
});

/** Events come one by one only while time passes. */
async function read(gateway: Gateway, response: Response): Promise<string> {
  const body = response.text();
  const over = new AbortController();
  void body.finally(() => over.abort());
  while (!over.signal.aborted) {
    gateway.clock.advance(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return await body;
}

test('C30: a cap that is cut during a stream ends it when what it holds is used up', async () => {
  const gateway = await startGateway({ isClockShared: true });
  const { budget: set } = await budget(gateway, '1');
  const response = await gateway.chat(LONG, { ...words(WORDS), 'x-sandbox-pace-ms': '1' });
  await gateway.space.budgets.update(CLI, set.id, { cap: '0.0001' });
  expect(eventsIn(await read(gateway, response)).at(-1)).toMatchObject({
    error: { code: 'budget_exceeded' },
  });
  const [record] = await gateway.records();
  expect(record).toMatchObject({ outcome: 'partial', reason: 'budget_exceeded' });
  expect(record?.costNano).toBeLessThan((record?.holdNano ?? 0n) + EVENT_NANO);
});

test('a cap of its own that the upstream heeds lets an answer of short bytes be whole', async () => {
  const gateway = await startGateway();
  // Exactly what the call is estimated at, and not a token more.
  await budget(gateway, '0.0000645');
  const headers = { ...words(100), 'x-sandbox-usage': 'completion=100' };
  const text = await (await gateway.chat({ ...LONG, max_tokens: 100 }, headers)).text();
  expect(text).toMatch(/data: \[DONE\]\n\n$/);
});
