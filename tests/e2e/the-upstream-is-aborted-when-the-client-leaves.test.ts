import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { APIUserAbortError } from 'openai';
import type OpenAI from 'openai';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { FinishedEntry, Sandbox } from '../../src/sandbox/index.ts';
import { quickest } from '../support/fastest-of.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { startServer } from '../support/server-process.ts';
import type { ServerProcess } from '../support/server-process.ts';
import {
  fleet,
  HELLO,
  isFinished,
  isReceived,
  ledgerOf,
  poolOn,
  recordOf,
  sdk,
  upstreamIds,
} from './fixture.ts';

const CHAT = '/v1/chat/completions';
/** DESIGN §4: how soon the upstream must hear of it. */
const ABORT_MS = 250;
const TRIES = 5;
const members = fleet('first', 'second');
let sandbox: Sandbox;
let server: ServerProcess;
let client: OpenAI;

beforeAll(async () => {
  sandbox = await startSandbox({ credentials: members });
  const file = { pools: [poolOn(sandbox, members)] };
  server = await startServer({ file, lifetime: 'file' });
  client = sdk(server, server.key);
  // The first call of a process is slow for reasons of its own.
  await client.chat.completions.create(HELLO);
});

afterAll(() => sandbox.close());

/** The upstream end of the call that arrives after `seq`. */
async function arrived(seq: number) {
  return await sandbox.witness.waitFor(
    (entry) => entry.seq > seq && isReceived(entry) && entry.path === CHAT,
    PATIENCE_MS,
  );
}

/** How the upstream call was broken off. */
async function aborted(callId: number): Promise<FinishedEntry> {
  const finished = await sandbox.witness.waitFor(
    (entry): entry is FinishedEntry => isFinished(entry) && entry.callId === callId,
    PATIENCE_MS,
  );
  expect(finished.outcome).toBe('aborted');
  return finished;
}

/** By the quickest of a few calls, each of which tells the milliseconds from leaving to abort. */
async function expectSoon(leave: () => Promise<number>): Promise<void> {
  expect(await quickest(ABORT_MS, TRIES, leave)).toBeLessThan(ABORT_MS);
}

const newest = () => sandbox.witness.entries.at(-1)?.seq ?? 0;

test.each([
  ['a head that comes late', 'delay-head;ms=5000', {}],
  ['a head that never comes', 'never-answer', {}],
  ['the head of a stream', 'never-answer', { stream: true as const }],
])('while it waits for %s: voided', (_phase, fault, extra) =>
  expectSoon(async () => {
    const seq = newest();
    const leaving = new AbortController();
    const call = client.chat.completions.create(
      { ...HELLO, ...extra },
      { headers: { 'x-sandbox-fault': fault }, signal: leaving.signal },
    );
    const ended = expect(call).rejects.toThrow(APIUserAbortError);
    const { callId } = await arrived(seq);
    const leftAtMs = Date.now();
    leaving.abort();
    await ended;

    const { atMs, requestId, costNano } = await aborted(callId);
    expect(costNano).toBe('0');
    expect(await recordOf(server.dataDir, requestId ?? '')).toMatchObject({
      outcome: 'voided',
      reason: 'client_closed_request',
      status: 499,
      cost_nano: 0,
      attempts: [{ verdict: 'client_gone', status: 0 }],
    });
    return atMs - leftAtMs;
  }),
);

test.each([
  ['events keep coming', 'endless-stream;ms=20'],
  ['the upstream has fallen silent', 'stall-after-chunks;n=4'],
])('in the middle of a stream, while %s: partial', (_phase, fault) =>
  expectSoon(async () => {
    const seq = newest();
    const stream = await client.chat.completions.create(
      { ...HELLO, stream: true },
      { headers: { 'x-sandbox-fault': fault } },
    );
    const { callId } = await arrived(seq);
    let text = '';
    let leftAtMs = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      if (text === '') continue;
      leftAtMs = Date.now();
      stream.controller.abort();
    }
    expect(text).not.toBe('');

    const { atMs, requestId } = await aborted(callId);
    const record = await recordOf(server.dataDir, requestId ?? '');
    expect(record).toMatchObject({
      outcome: 'partial',
      reason: 'client_closed_request',
      status: 200,
      is_stream: 1,
      usage_source: 'counted',
      attempts: [{ verdict: 'served' }],
    });
    // What was produced is charged: the prompt and the text so far.
    expect(record['input']).toBeGreaterThan(0);
    expect(record['output']).toBeGreaterThan(0);
    expect(record['cost_nano']).toBeGreaterThan(0);
    return atMs - leftAtMs;
  }),
);

test('while a plain answer is still coming in: nothing was delivered, one record', () =>
  expectSoon(async () => {
    const seq = newest();
    const leaving = new AbortController();
    const call = client.chat.completions.create(HELLO, {
      headers: { 'x-sandbox-fault': 'stall-after-head' },
      signal: leaving.signal,
    });
    const ended = expect(call).rejects.toThrow(APIUserAbortError);
    const { callId } = await arrived(seq);
    const leftAtMs = Date.now();
    leaving.abort();
    await ended;
    const { atMs, requestId } = await aborted(callId);
    expect(await recordOf(server.dataDir, requestId ?? '')).toMatchObject({
      reason: 'client_closed_request',
      status: 499,
    });
    return atMs - leftAtMs;
  }));

test('nobody is blamed: the next call is served, and every call is on record once', async () => {
  const answer = await client.chat.completions.create(HELLO);
  expect(answer.choices).toHaveLength(1);
  expect(await server.stop()).toBe(0);
  expect(ledgerOf(server.dataDir).map((record) => record['id'])).toEqual(upstreamIds(sandbox));
});
