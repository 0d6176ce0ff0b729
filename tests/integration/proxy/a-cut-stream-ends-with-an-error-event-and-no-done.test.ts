import { expect, test } from '@jest/globals';
import { APIError } from 'openai';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { openaiOf } from '../../support/openai-client.ts';

interface ErrorEvent {
  error?: { code: string; message: string };
}

/** All events of a stream, each of which must be whole; `onText` sees what came so far. */
async function eventsOf(response: Response, onText: (text: string) => void = () => undefined) {
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    onText(text);
  }
  expect(text).not.toContain('[DONE]');
  expect(text.endsWith('\n\n')).toBe(true);
  return text
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => JSON.parse(event.slice('data: '.length)) as ErrorEvent);
}

async function expectPartial(gateway: Gateway, reason: string) {
  const records = await gateway.records();
  expect(records).toHaveLength(1);
  const [record] = records;
  expect(record).toMatchObject({ outcome: 'partial', status: 200, reason, isStream: true });
  return record;
}

const countOf = (text: string, part: string) => text.split(part).length - 1;

const CUTS = [
  'cut-after-chunks;n=4',
  'cut-after-chunks;n=4;mode=rst',
  'cut-after-bytes;n=800',
  'close-delimited-cut;n=800',
  'close-delimited-cut;n=800;mode=rst',
  'bad-chunk;after=4',
];

test.each(CUTS)('%s: an error event, no [DONE], charged for what was produced', async (fault) => {
  const gateway = await startGateway();
  const response = await gateway.chat({ stream: true }, { 'x-sandbox-fault': fault });
  const events = await eventsOf(response);
  expect(events.length).toBeGreaterThan(2);
  expect(events.at(-1)?.error?.code).toBe('upstream_stream_interrupted');
  expect(events.slice(0, -1).every((event) => event.error === undefined)).toBe(true);
  const record = await expectPartial(gateway, 'upstream_stream_interrupted');
  expect(record?.usageSource).toBe('counted');
  expect(record?.output).toBeGreaterThan(0);
  expect(record?.output).toBeLessThan(20);
  expect(record?.costNano).toBeGreaterThan(0n);
});

test.each([...CUTS, 'mid-stream-error'])('%s: the OpenAI SDK raises', async (fault) => {
  const gateway = await startGateway();
  const stream = await openaiOf(gateway).chat.completions.create(
    { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }], stream: true },
    { headers: { 'x-sandbox-fault': fault } },
  );
  let chunks = 0;
  const read = async () => {
    for await (const _chunk of stream) chunks += 1;
  };
  await expect(read()).rejects.toThrow(APIError);
  expect(chunks).toBeGreaterThan(0);
});

test('silence for the idle time ends the stream', async () => {
  const gateway = await startGateway({ pool: { timeouts: { idle_ms: 9000 } } });
  const response = await gateway.chat(
    { stream: true },
    { 'x-sandbox-fault': 'stall-after-chunks;n=4' },
  );
  const events = await eventsOf(response, (text) => {
    if (countOf(text, 'data: ') >= 4) gateway.clock.advance(9001);
  });
  expect(events.at(-1)?.error?.code).toBe('stream_timeout');
  await expectPartial(gateway, 'stream_timeout');
});

test.each(['heartbeats-forever;ms=5', 'endless-stream;ms=5'])(
  '%s: what is never silent ends at the pool’s total time',
  async (fault) => {
    const pool = { heartbeat: 5, timeouts: { total_ms: 50_000 } };
    const gateway = await startGateway({ pool });
    const response = await gateway.chat({ stream: true }, { 'x-sandbox-fault': fault });
    const events = await eventsOf(response, (text) => {
      if (countOf(text, '\n\n') >= 5) gateway.clock.advance(50_001);
    });
    expect(events.at(-1)?.error?.code).toBe('stream_timeout');
    await expectPartial(gateway, 'stream_timeout');
  },
);

test('an error event of the upstream’s own goes through and nothing is added', async () => {
  const gateway = await startGateway();
  const response = await gateway.chat({ stream: true }, { 'x-sandbox-fault': 'mid-stream-error' });
  const events = await eventsOf(response);
  expect(events.filter((event) => event.error !== undefined)).toHaveLength(1);
  const record = await expectPartial(gateway, 'upstream_error');
  expect(record?.output).toBeGreaterThan(0);
});

test('a stream whose first event is an error becomes a plain error, and costs nothing', async () => {
  const gateway = await startGateway();
  const response = await gateway.chat({ stream: true }, { 'x-sandbox-fault': 'first-event-error' });
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({ error: { code: 'upstream_error' } });
  const [record] = await gateway.records();
  expect(record).toMatchObject({ outcome: 'voided', costNano: 0n, usageSource: 'none' });
  expect(record?.attempts).toHaveLength(3);
});

test('an event beyond every limit ends the stream instead of filling the memory', async () => {
  const gateway = await startGateway();
  const fault = 'big-event;bytes=5000000';
  const events = await eventsOf(await gateway.chat({ stream: true }, { 'x-sandbox-fault': fault }));
  expect(events.at(-1)?.error?.code).toBe('upstream_stream_interrupted');
});
