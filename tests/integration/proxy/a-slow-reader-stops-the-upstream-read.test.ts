import type { ServerResponse } from 'node:http';
import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import { chatBody, poolAt, rawClient, startUpstream, until } from './fixture.ts';

const ANSWER_BYTES = 50_000_000;
/** Kernel buffers of two connections and ours; far less than the answer. */
const TAKEN_BYTES_MAX = 16_000_000;

const EVENT = Buffer.from(`data: {"choices":[{"delta":{"content":"${'x'.repeat(60_000)}"}}]}\n\n`);
const USAGE = '"usage":{"prompt_tokens":3,"completion_tokens":2}';
const DONE = `data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: {"choices":[],${USAGE}}\n\ndata: [DONE]\n\n`;
const FILLER = Buffer.alloc(60_000, 'x');

const CHAT = '/v1/chat/completions';
const FORMS = [
  { type: 'text/event-stream', path: CHAT, head: '', piece: EVENT, tail: DONE },
  {
    type: 'application/json',
    path: CHAT,
    head: '{"choices":[],"filler":"',
    piece: FILLER,
    tail: `",${USAGE}}`,
  },
  { type: 'audio/mpeg', path: '/v1/audio/speech', head: '', piece: FILLER, tail: '' },
];

/** An upstream that writes as fast as it is read, and counts. */
async function startFlood({ type, head, piece, tail }: (typeof FORMS)[number]) {
  const flood = { takenBytes: 0, isClosed: false, baseUrl: '' };
  const pour = (response: ServerResponse) => {
    while (flood.takenBytes < ANSWER_BYTES) {
      flood.takenBytes += piece.length;
      if (response.write(piece)) continue;
      response.once('drain', () => pour(response));
      return;
    }
    response.end(tail);
  };
  const { baseUrl } = await startUpstream((response) => {
    response.on('close', () => (flood.isClosed = true));
    response.writeHead(200, { 'content-type': type });
    response.write(head);
    pour(response);
  });
  flood.baseUrl = baseUrl;
  return flood;
}

/** Holds once nothing more was taken for some time. */
function untilStill(flood: { takenBytes: number }): Promise<unknown> {
  let before = -1;
  let rounds = 0;
  return until(() => {
    rounds = flood.takenBytes === before && before > 1_000_000 ? rounds + 1 : 0;
    before = flood.takenBytes;
    return rounds > 100;
  });
}

async function openSlowly(form: (typeof FORMS)[number]) {
  const flood = await startFlood(form);
  const gateway = await startGateway({
    pool: { ...poolAt(flood.baseUrl), timeouts: { total_ms: 86_400_000 } },
  });
  const body = chatBody({ stream: form.type === 'text/event-stream' });
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const before = process.memoryUsage().arrayBuffers;
  const socket = rawClient(gateway, { path: form.path, headers });
  socket.pause();
  socket.write(body);
  await untilStill(flood);
  expect(flood.takenBytes).toBeLessThan(TAKEN_BYTES_MAX);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(TAKEN_BYTES_MAX);
  return { flood, gateway, socket };
}

test.each(FORMS)(
  '$type: what is not read is not fetched, and a stall ends the call',
  async (form) => {
    const { flood, gateway, socket } = await openSlowly(form);
    // The kernel may still take a little now and then, which begins the wait anew.
    await until(() => {
      gateway.clock.advance(59_000);
      return flood.isClosed;
    });
    const records = await gateway.records();
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ outcome: 'partial', reason: 'client_closed_request' });
    expect(records[0]?.durationMs).toBeGreaterThan(120_000);
    // A socket that is not read does not see that it was closed.
    socket.destroy();
  },
);

test.each(FORMS)('$type: a reader that goes on gets everything', async (form) => {
  const { flood, gateway, socket } = await openSlowly(form);
  let read = 0;
  let ending = '';
  socket.on('data', (bytes: Buffer) => {
    read += bytes.length;
    ending = (ending + bytes.subarray(-200).toString('latin1')).slice(-200);
  });
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.resume();
  await closed;
  expect(read).toBeGreaterThan(flood.takenBytes);
  expect(ending).toContain(form.type === 'text/event-stream' ? '[DONE]' : form.tail);
  const [record] = await gateway.records();
  expect(record?.outcome).toBe('settled');
  // Also of JSON too long to be held the usage is what the upstream told.
  if (form.type !== 'audio/mpeg')
    expect(record).toMatchObject({ usageSource: 'reported', input: 3 });
});
