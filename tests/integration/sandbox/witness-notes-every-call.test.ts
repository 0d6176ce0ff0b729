import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Sandbox } from '../../../src/sandbox/index.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { aChat, aSandbox, HandClock, KEY, nextFinished, openCall, rawCall } from './fixture.ts';

const isReceived = (entry: { kind: string }): boolean => entry.kind === 'received';

describe('the witness', () => {
  let sandbox: Sandbox;
  let clock: HandClock;

  beforeEach(async () => {
    clock = new HandClock();
    sandbox = await aSandbox({ clock });
  });

  afterEach(() => sandbox.close());

  test('notes one arrival and one end, without secrets or prompts', async () => {
    await rawCall(sandbox, { headers: { 'x-request-id': 'abc' } });
    await nextFinished(sandbox);
    const [received, finished] = sandbox.witness.entries;
    expect(sandbox.witness.entries).toHaveLength(2);
    expect(received).toEqual({
      seq: 1,
      atMs: clock.now(),
      kind: 'received',
      callId: 1,
      credential: 'first',
      requestId: 'abc',
      method: 'POST',
      path: '/v1/chat/completions',
      model: 'gpt-4o-mini',
      isStream: false,
      requestBytes: JSON.stringify(aChat()).length,
      connection: 1,
      ordinal: 1,
    });
    expect(finished).toMatchObject({
      seq: 2,
      kind: 'finished',
      callId: 1,
      status: 200,
      outcome: 'completed',
      usageDelivered: true,
      fault: null,
    });
    const told = JSON.stringify(sandbox.witness.entries);
    expect(told).not.toContain(KEY);
    expect(told).not.toContain('Hello');
  });

  test('cannot be changed afterwards', async () => {
    await rawCall(sandbox, {});
    const entry = await nextFinished(sandbox);
    expect(Object.isFrozen(entry)).toBe(true);
  });

  test('notes a refused key without a credential', async () => {
    await rawCall(sandbox, { headers: { authorization: 'Bearer nobody' } });
    const entry = await nextFinished(sandbox);
    expect(entry).toMatchObject({ credential: null, status: 401, outcome: 'completed' });
  });

  test('notes a client that leaves while it uploads', async () => {
    const { hostname, port } = new URL(sandbox.url);
    const socket = connect(Number(port), hostname);
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: s\r\nauthorization: Bearer ${KEY}\r\n`;
    socket.write(`${head}expect: 100-continue\r\ncontent-length: 100\r\n\r\n`);
    socket.once('data', () => socket.write('{"mod', () => socket.destroy()));
    expect(await nextFinished(sandbox)).toMatchObject({ outcome: 'aborted', status: null });
    expect(sandbox.witness.entries[0]).toMatchObject({ kind: 'received', model: null });
    expect(sandbox.credentials[0]?.inFlight).toBe(0);
  });

  test('notes a client that leaves while the head is delayed, and stops the timer', async () => {
    const socket = openCall(sandbox, { headers: { 'x-sandbox-fault': 'delay-head;ms=60000' } });
    await sandbox.witness.waitFor(isReceived, PATIENCE_MS);
    expect(clock.waiting).toBe(1);
    socket.destroy();
    expect(await nextFinished(sandbox)).toMatchObject({
      outcome: 'aborted',
      status: null,
      usageDelivered: false,
      costNano: '0',
    });
    expect(clock.waiting).toBe(0);
  });

  test('notes a client that leaves mid-stream, and stops the timer', async () => {
    const reply = rawCall(sandbox, {
      headers: { 'x-sandbox-pace-ms': '5' },
      body: aChat({ stream: true, stream_options: { include_usage: true } }),
      leaveWhen: /"content":"[A-Z]/,
    });
    await sandbox.witness.waitFor(isReceived, PATIENCE_MS);
    clock.advance(5);
    clock.advance(5);
    expect((await reply).ending).toBe('left');
    const entry = await nextFinished(sandbox);
    expect(entry).toMatchObject({ outcome: 'aborted', status: 200, usageDelivered: false });
    expect(entry.metered?.output).toBeGreaterThan(0);
    expect(clock.waiting).toBe(0);
  });

  test('notes a reset like a leave', async () => {
    const socket = openCall(sandbox, { headers: { 'x-sandbox-fault': 'never-answer' } });
    await sandbox.witness.waitFor(isReceived, PATIENCE_MS);
    socket.resetAndDestroy();
    expect(await nextFinished(sandbox)).toMatchObject({
      outcome: 'aborted',
      fault: 'never-answer',
    });
  });

  test('counts the calls under way', async () => {
    const socket = openCall(sandbox, { headers: { 'x-sandbox-fault': 'never-answer' } });
    await sandbox.witness.waitFor(isReceived, PATIENCE_MS);
    expect(sandbox.credentials[0]?.inFlight).toBe(1);
    socket.destroy();
    await nextFinished(sandbox);
    expect(sandbox.credentials[0]?.inFlight).toBe(0);
  });

  test('closing ends stalled calls at once', async () => {
    const call = rawCall(sandbox, { headers: { 'x-sandbox-fault': 'delay-head;ms=60000' } });
    await sandbox.witness.waitFor(isReceived, PATIENCE_MS);
    await sandbox.close();
    expect((await call).text).toBe('');
    expect(await nextFinished(sandbox)).toMatchObject({ outcome: 'aborted' });
    expect(clock.waiting).toBe(0);
  });
});
