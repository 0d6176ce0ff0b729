import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Sandbox } from '../../../src/sandbox/index.ts';
import { FAULTS } from '../../../src/sandbox/faults/index.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { completed, cutOff, done, ok, type FaultCase } from './fault-case.ts';
import { FAULT_CASES } from './fault-cases.ts';
import { answered, closed, play, send } from '../../support/scripted-client.ts';
import { rawChat } from '../../support/raw-request.ts';
import { aChat, aSandbox, HandClock, KEY, nextFinished, rawCall } from './fixture.ts';

/** Proved below with a clock that is moved by hand. */
const TIMED = ['delay-head', 'delay-chunk', 'never-answer'];

/** Proved below with two calls on one connection. */
const OF_REUSE = ['close-at-reuse'];

const nameOf = (fault: string): string => fault.split(';')[0] ?? '';

function askFor({ fault, stream, keepAlive, leaveWhen }: FaultCase): Parameters<typeof rawCall>[1] {
  const fields = stream ? { stream: true, stream_options: { include_usage: true } } : {};
  return {
    headers: {
      'x-sandbox-fault': fault,
      ...(keepAlive ? { connection: 'keep-alive' } : {}),
    },
    body: aChat(fields),
    ...(leaveWhen === undefined ? {} : { leaveWhen }),
  };
}

describe('faults', () => {
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = await aSandbox();
  });

  afterEach(() => sandbox.close());

  test.each(FAULT_CASES)('$fault', async (row) => {
    const reply = await rawCall(sandbox, askFor(row));
    const entry = await nextFinished(sandbox);
    for (const pattern of row.says ?? []) expect(reply.text).toMatch(pattern);
    for (const pattern of row.lacks ?? []) expect(reply.text).not.toMatch(pattern);
    expect(reply.ending).toBe(row.ending ?? (row.leaveWhen === undefined ? 'closed' : 'left'));
    expect(entry).toMatchObject({ fault: row.fault, ...row.noted });
  });

  test('every fault of the table is proved here', () => {
    const proved = new Set([...FAULT_CASES.map((row) => nameOf(row.fault)), ...TIMED, ...OF_REUSE]);
    expect(FAULTS.map((fault) => fault.name).filter((name) => !proved.has(name))).toEqual([]);
  });

  test('no two faults share a name', () => {
    expect(new Set(FAULTS.map((fault) => fault.name)).size).toBe(FAULTS.length);
  });

  test('the bytes of gzip are the answer', async () => {
    const reply = await rawCall(sandbox, askFor({ fault: 'gzip' }));
    const body = Buffer.from(reply.text.split('\r\n\r\n')[1] ?? '', 'latin1');
    expect(gunzipSync(body).toString()).toContain('"chat.completion"');
  });

  test('several faults apply in order', async () => {
    const fault = 'gzip|cut-after-bytes;n=20|header;name=x-also;value=1';
    const reply = await rawCall(sandbox, askFor({ fault }));
    expect(reply.text).toMatch(/content-encoding: gzip[^]*x-also: 1/);
    expect(await nextFinished(sandbox)).toMatchObject({ ...cutOff, responseBytes: 20 });
  });
});

describe('faults of a connection that is used again', () => {
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = await aSandbox();
  });

  afterEach(() => sandbox.close());

  /** Credential, connection and number of each arrival. */
  const places = (): unknown[] =>
    sandbox.witness.entries.flatMap((entry) =>
      entry.kind === 'received' ? [[entry.connection, entry.ordinal]] : [],
    );

  test.each([
    ['fin', 'closed'],
    ['rst', 'reset'],
  ])('close-at-reuse;mode=%s leaves the next request unseen', async (mode, ending) => {
    const first = rawChat(KEY, {}, { 'x-sandbox-fault': `close-at-reuse;mode=${mode}` });
    const outcome = await play(sandbox.url, send(first), answered(), send(rawChat(KEY)), closed());
    expect(outcome.ending).toBe(ending);
    expect(outcome.answers.map(({ status }) => status)).toEqual([200]);
    expect(places()).toEqual([[1, 1]]);
    expect(await nextFinished(sandbox)).toMatchObject(completed);
  });

  test('a standing fault can spare fresh connections', async () => {
    sandbox.faults.set('first', 'close-before-head', { from: 2 });
    const steps = [send(rawChat(KEY)), answered(), send(rawChat(KEY)), closed()];
    const outcomes = [await play(sandbox.url, ...steps), await play(sandbox.url, ...steps)];
    for (const { answers, ending } of outcomes) {
      expect([answers.map(({ status }) => status), ending]).toEqual([[200], 'closed']);
    }
    expect(places()).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
    ]);
  });
});

describe('faults of time', () => {
  let sandbox: Sandbox;
  let clock: HandClock;

  beforeEach(async () => {
    clock = new HandClock();
    sandbox = await aSandbox({ clock, chunkCount: 1 });
  });

  afterEach(() => sandbox.close());

  const received = (): Promise<unknown> =>
    sandbox.witness.waitFor((entry) => entry.kind === 'received', PATIENCE_MS);

  test('delay-head holds the whole reply back', async () => {
    const reply = rawCall(sandbox, askFor({ fault: 'delay-head;ms=1000' }));
    await received();
    clock.advance(999);
    expect(clock.waiting).toBe(1);
    expect(sandbox.witness.entries).toHaveLength(1);
    clock.advance(1);
    expect((await reply).text).toMatch(ok);
    expect(await nextFinished(sandbox)).toMatchObject(completed);
  });

  test('delay-chunk pauses before every write', async () => {
    const reply = rawCall(sandbox, askFor({ fault: 'delay-chunk;ms=100', stream: true }));
    await received();
    // Opening, one word, finish reason, usage, end marker.
    for (let write = 0; write < 5; write += 1) {
      expect(clock.waiting).toBe(1);
      clock.advance(100);
    }
    expect(clock.waiting).toBe(0);
    expect((await reply).text).toMatch(done);
  });

  test('never-answer says nothing until the client leaves', async () => {
    const reply = rawCall(sandbox, askFor({ fault: 'never-answer' }));
    await received();
    clock.advance(3_600_000);
    expect(sandbox.witness.entries).toHaveLength(1);
    await sandbox.close();
    expect((await reply).text).toBe('');
    expect(await nextFinished(sandbox)).toMatchObject({ outcome: 'aborted', status: null });
  });
});
