import type { ServerResponse } from 'node:http';
import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import { poolAt, rawChat, readSocket, startUpstream, until } from '../proxy/fixture.ts';

const said = (text: string) => `data: {"choices":[{"index":0,"delta":{"content":"${text}"}}]}\n\n`;
const FINISH = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';
const DONE = 'data: [DONE]\n\n';
const COMMENT = ': keep-alive\n\n';

/** A stream whose upstream writes only what the test tells it to. */
async function openStream(pool: Record<string, unknown>) {
  let upstream: ServerResponse | undefined;
  const { baseUrl } = await startUpstream((response) => {
    upstream = response;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
  });
  const gateway = await startGateway({ pool: { ...poolAt(baseUrl), ...pool } });
  const socket = rawChat(gateway, { stream: true });
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  await until(() => upstream !== undefined);
  return {
    gateway,
    socket,
    write: (bytes: string) => upstream?.write(bytes),
    end: (bytes: string) => upstream?.end(bytes),
    /** Without the head and the sizes of chunks. */
    body: () => text.slice(text.indexOf('\r\n\r\n') + 4).replaceAll(/[\da-f]+\r\n|\r\n/g, ''),
    hasHead: () => text.includes('\r\n\r\n'),
    async seen(bytes: string) {
      await until(() => text.includes(bytes));
    },
  };
}

const countOf = (text: string, part: string) => text.split(part).length - 1;

test('a stream that is silent for so long gets a comment, and again after as long', async () => {
  const stream = await openStream({ heartbeat: '100s', timeouts: { idle_ms: 3_600_000 } });
  stream.write(said('one'));
  await stream.seen('one');
  stream.gateway.clock.advance(60_000);
  stream.write(said('two'));
  await stream.seen('two');
  // What was said begins the wait anew.
  stream.gateway.clock.advance(60_000);
  stream.write(said('three'));
  await stream.seen('three');
  expect(stream.body()).not.toContain(COMMENT);
  for (let beat = 1; beat <= 3; beat += 1) {
    stream.gateway.clock.advance(100_001);
    await until(() => countOf(stream.body(), COMMENT) === beat);
  }
  stream.end(FINISH + DONE);
  await stream.seen('[DONE]');
  const events = said('one') + said('two') + said('three');
  expect(stream.body()).toBe(events + COMMENT.repeat(3) + FINISH + DONE);
  expect((await stream.gateway.records())[0]).toMatchObject({ outcome: 'settled', reason: 'ok' });
});

test('no comment gets into the middle of an event', async () => {
  const stream = await openStream({ heartbeat: '10s' });
  const event = said('a long event that comes in two halves');
  stream.write(said('one') + event.slice(0, 40));
  await stream.seen('one');
  stream.gateway.clock.advance(10_001);
  await until(() => stream.body().includes(COMMENT));
  stream.end(event.slice(40) + FINISH + DONE);
  await stream.seen('[DONE]');
  expect(stream.body()).toBe(said('one') + COMMENT + event + FINISH + DONE);
});

test('before the first event the answer begins, lest the client gives up; comments follow', async () => {
  const stream = await openStream({ heartbeat: '10s' });
  expect(stream.hasHead()).toBe(false);
  stream.gateway.clock.advance(10_001);
  await until(stream.hasHead);
  await until(() => {
    stream.gateway.clock.advance(1000);
    return stream.body().includes(COMMENT);
  });
  stream.end(said('late') + FINISH + DONE);
  await stream.seen('[DONE]');
  expect(stream.body().replaceAll(COMMENT, '')).toBe(said('late') + FINISH + DONE);
});

test('a silence that only ever hears heartbeats of ours still ends in time', async () => {
  const stream = await openStream({ heartbeat: '100s', timeouts: { idle_ms: 350_000 } });
  stream.write(said('one'));
  await stream.seen('one');
  for (let beat = 1; beat <= 3; beat += 1) {
    stream.gateway.clock.advance(100_001);
    await until(() => countOf(stream.body(), COMMENT) === beat);
  }
  stream.gateway.clock.advance(100_001);
  await stream.seen('stream_timeout');
  expect(stream.body()).not.toContain('[DONE]');
  expect((await stream.gateway.records())[0]).toMatchObject({ outcome: 'partial' });
});

test('by default there are none', async () => {
  const stream = await openStream({});
  stream.write(said('one'));
  await stream.seen('one');
  for (let beat = 0; beat < 5; beat += 1) stream.gateway.clock.advance(10_001);
  stream.end(FINISH + DONE);
  await stream.seen('[DONE]');
  expect(stream.body()).toBe(said('one') + FINISH + DONE);
});

test('an answer that is no stream gets none', async () => {
  let upstream: ServerResponse | undefined;
  const { baseUrl } = await startUpstream((response) => (upstream = response));
  const gateway = await startGateway({ pool: { ...poolAt(baseUrl), heartbeat: '10s' } });
  const socket = rawChat(gateway);
  await until(() => upstream !== undefined);
  gateway.clock.advance(30_003);
  upstream?.writeHead(200, { 'content-type': 'application/json' });
  upstream?.end('{"object":"chat.completion","choices":[]}');
  const text = await readSocket(socket, (seen) => seen.endsWith('"choices":[]}'));
  expect(text).not.toContain('keep-alive\n');
});

test('after a fail-over nothing behind the first event is held back', async () => {
  let upstream: ServerResponse | undefined;
  let calls = 0;
  const { baseUrl } = await startUpstream((response) => {
    calls += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (calls === 1) {
      response.end('data: {"error":{"message":"busy","type":"overloaded_error"}}\n\n');
      return;
    }
    upstream = response;
    response.write(said('0'));
  });
  const gateway = await startGateway({ pool: poolAt(baseUrl, baseUrl) });
  // Each event is written only when the client has the one before.
  const text = await readSocket(rawChat(gateway, { stream: true }), (seen) => {
    const last = /"content":"(\d)"[^"]*$/.exec(seen)?.[1];
    if (last === undefined) return seen.includes('[DONE]');
    if (last === '5') upstream?.end(FINISH + DONE);
    else upstream?.write(said(String(Number(last) + 1)));
    return false;
  });
  expect(text.match(/"content":"\d"/g)).toHaveLength(6);
  expect(text).not.toContain('busy');
});
