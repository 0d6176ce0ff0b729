import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { meanwhile, play, read, send, until as readUntil } from '../../support/scripted-client.ts';
import { isFinished, until } from '../proxy/fixture.ts';
import { chatOf, expectServing, theRecord } from './fixture-clients.ts';

const EVENTS = 1000;
const SECOND_MS = 1000;
/** Longer than any of these calls. */
const DAY = { timeouts: { total_ms: 86_400_000 } };

test('C09: a reader of 1 KB a second gets its whole answer, though it takes minutes', async () => {
  const gateway = await startGateway({ pool: DAY, sandbox: { chunkCount: EVENTS } });
  let seconds = 0;
  const { answers, received } = await play(
    gateway.url,
    send(chatOf(gateway, { stream: true }, { connection: 'close' })),
    async (client) => {
      while (!client.isOver) {
        await read(1024)(client);
        gateway.clock.advance(SECOND_MS);
        seconds += 1;
        await setImmediate();
      }
    },
  );
  expect(seconds).toBeGreaterThan(180);
  expect(answers).toHaveLength(1);
  expect(received).toContain('data: [DONE]');
  expect(received.split('"content"')).toHaveLength(EVENTS + 2);
  const record = await theRecord(gateway);
  expect(record).toMatchObject({ outcome: 'settled', usageSource: 'reported', reason: 'ok' });
  // It held up nobody but itself.
  expect(gateway.sandbox.witness.entries.find(isFinished)).toMatchObject({ outcome: 'completed' });
});

/** More than the buffers of two connections can take. */
const TOO_MUCH = 60_000_000;

test('C10: a reader that stops for good is given up after 120 s, and pays what was produced', async () => {
  const gateway = await startGateway({ pool: DAY });
  const outcome = await play(
    gateway.url,
    send(chatOf(gateway, {}, { 'x-sandbox-fault': `big-json;bytes=${TOO_MUCH}` })),
    readUntil('\r\n\r\n'),
    meanwhile(() => untilGivenUp(gateway)),
  );
  expect(outcome.received.length).toBeLessThan(TOO_MUCH);
  const finished = gateway.sandbox.witness.entries.find(isFinished);
  expect(finished).toMatchObject({ outcome: 'aborted' });
  expect(finished?.responseBytes).toBeLessThan(TOO_MUCH);
  const record = await theRecord(gateway);
  expect(record).toMatchObject({ outcome: 'partial', reason: 'client_closed_request' });
  expect(record.durationMs).toBeGreaterThan(120_000);
  expect(record.costNano).toBeGreaterThan(0n);
  await expectServing(gateway);
});

/** The kernel may still take a little now and then, with which the wait begins anew. */
const untilGivenUp = ({ clock, sandbox }: Gateway): Promise<unknown> =>
  until(() => {
    clock.advance(59 * SECOND_MS);
    return sandbox.witness.entries.some(isFinished);
  });
