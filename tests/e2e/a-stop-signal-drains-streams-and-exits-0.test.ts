import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { MovableClock } from '../support/movable-clock.ts';
import { startServer } from '../support/server-process.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { chat, finishedOf, fleet, ledgerOf, poolOn, until } from './fixture.ts';
import type { Row } from './fixture.ts';
import { classesTold } from './usage-told.ts';

const LOST = '(connection lost)';
/** No end comes by itself before it. */
const FAR_SECONDS = 600;
/** Beyond it a stop hangs. */
const STOP_MS = 3000;
/** What a stop may take beside its draining. */
const BESIDE_MS = 2000;
/** `/readyz` tells of the signal. */
const READY_MS = 500;
/** Between two events of a stream that goes on as long as the test wants. */
const PAUSE_MS = 10_000;
const members = fleet('only');
let sandbox: Sandbox;

const clock = new MovableClock();

beforeAll(async () => {
  sandbox = await startSandbox({ credentials: members, clock });
});

/** Events come, one for each look, until it is so. */
const eventsUntil = (isSo: () => boolean) =>
  until(() => {
    clock.advance(PAUSE_MS);
    return isSo();
  });

afterAll(() => sandbox.close());

const start = (drainSeconds: number) =>
  startServer({
    file: { pools: [poolOn(sandbox, members)] },
    env: { DRAIN_SECONDS: String(drainSeconds) },
  });

interface Stream {
  id: string;
  /** All of its text, when it is over; the last line is LOST when the connection broke. */
  text: Promise<string>;
}

/** A stream that has begun: its first bytes are with the client. */
async function begun(server: ServerProcess, headers: Record<string, string>): Promise<Stream> {
  const answered = chat(server, server.key, { body: { stream: true }, headers });
  let isBegun = false;
  void answered.finally(() => (isBegun = true));
  await eventsUntil(() => isBegun);
  const response = await answered;
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error('the answer has no body');
  const { value: head = '' } = await reader.read();
  const rest = async () => {
    let text = head;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return text;
        text += value;
      }
    } catch {
      return text + LOST;
    }
  };
  return { id: response.headers.get('x-request-id') ?? '', text: rest() };
}

/** The status and error code of a refusal. */
async function refusal(call: Promise<Response>): Promise<string> {
  try {
    const response = await call;
    const body = (await response.json()) as { error?: { code: string }; reason?: string };
    return `${response.status} ${body.error?.code ?? body.reason}`;
  } catch (error) {
    const { code } = (error as Error).cause as NodeJS.ErrnoException;
    return code ?? String(error);
  }
}

const onlyRecord = ({ dataDir }: ServerProcess): Row => {
  const records = ledgerOf(dataDir);
  expect(records).toHaveLength(1);
  return records[0] ?? {};
};

test.each(['SIGTERM', 'SIGINT'] as const)(
  'after %s nothing new is taken, and the stream under way is completed and settled',
  async (signal) => {
    const server = await start(FAR_SECONDS);
    const headers = { 'x-sandbox-chunks': '200', 'x-sandbox-fault': `delay-chunk;ms=${PAUSE_MS}` };
    const stream = await begun(server, headers);
    const exit = server.stop(signal);
    const ready = () => refusal(fetch(`${server.url}/readyz`));
    expect(await until(async () => !(await ready()).startsWith('200'))).toBeLessThan(READY_MS);
    expect(await ready()).toBe('503 draining');
    expect(await refusal(chat(server, server.key))).toBe('503 draining');
    // All that while the stream was still running.
    expect(finishedOf(sandbox, stream.id)).toEqual([]);

    await eventsUntil(() => finishedOf(sandbox, stream.id).length > 0);
    const text = await stream.text;
    expect(text).toContain('"finish_reason":"stop"');
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
    expect(await exit).toBe(0);
    const [call] = finishedOf(sandbox, stream.id);
    expect(call).toMatchObject({ outcome: 'completed', usageDelivered: true });
    expect(onlyRecord(server)).toMatchObject({
      id: stream.id,
      outcome: 'settled',
      reason: 'ok',
      usage_source: 'reported',
      ...classesTold(call?.usage ?? {}),
    });
  },
);

describe.each([0, 1])('an endless stream with DRAIN_SECONDS=%i', (drainSeconds) => {
  test('ends with an error event and no [DONE], is recorded as partial, and the exit is 0', async () => {
    const server = await start(drainSeconds);
    const stream = await begun(server, { 'x-sandbox-fault': 'endless-stream;ms=20' });
    const stoppedMs = performance.now();
    expect(await server.stop()).toBe(0);
    const tookMs = performance.now() - stoppedMs;
    expect(tookMs).toBeGreaterThanOrEqual(drainSeconds * 1000);
    expect(tookMs).toBeLessThan(drainSeconds * 1000 + BESIDE_MS);

    expect(onlyRecord(server)).toMatchObject({ id: stream.id, outcome: 'partial' });
    expect(onlyRecord(server)['output']).toBeGreaterThan(0);
    // The fleet, in this process, may hear of the closed connection after the exit.
    expect(await until(() => finishedOf(sandbox, stream.id).length > 0)).toBeLessThan(STOP_MS);
    expect(finishedOf(sandbox, stream.id)).toMatchObject([{ outcome: 'aborted' }]);
    const events = (await stream.text).trimEnd().split('\n\n');
    expect(events.includes('data: [DONE]')).toBe(false);
    const last = events.at(-1)?.replace(/^data: /, '') ?? '';
    expect(last).not.toBe(LOST);
    expect(JSON.parse(last)).toMatchObject({ error: { type: 'server_error', code: 'draining' } });
    expect(onlyRecord(server)).toMatchObject({ reason: 'draining' });
  });
});

test('a second signal ends the wait for calls under way', async () => {
  const server = await start(FAR_SECONDS);
  const stream = await begun(server, { 'x-sandbox-fault': 'endless-stream;ms=20' });
  let code: number | null | undefined;
  void server.stop('SIGINT').then((exited) => (code = exited));
  const isDraining = async () => (await refusal(fetch(`${server.url}/readyz`))) === '503 draining';
  expect(await until(isDraining)).toBeLessThan(READY_MS);
  process.kill(server.pid, 'SIGINT');
  expect(await until(() => code !== undefined)).toBeLessThan(STOP_MS);
  expect(code).toBe(0);
  expect((await stream.text).includes('[DONE]')).toBe(false);
  expect(onlyRecord(server)).toMatchObject({ id: stream.id, outcome: 'partial' });
});
