import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { startServer } from '../support/server-process.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { chat, finishedOf, fleet, ledgerOf, poolOn, until } from './fixture.ts';
import type { Row } from './fixture.ts';
import { classesTold } from './usage-told.ts';

const LOST = '(connection lost)';
/** Beyond it a stop hangs. */
const STOP_MS = 3000;
const members = fleet('only');
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ credentials: members });
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
  const response = await chat(server, server.key, { body: { stream: true }, headers });
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
    const server = await start(30);
    const stream = await begun(server, { 'x-sandbox-chunks': '40', 'x-sandbox-pace-ms': '20' });
    const exit = server.stop(signal);
    const ready = () => refusal(fetch(`${server.url}/readyz`));
    await until(async () => !(await ready()).startsWith('200'), 500);
    expect(await ready()).toBe('503 draining');
    expect(await refusal(chat(server, server.key))).toBe('503 draining');
    // All that while the stream was still running.
    expect(finishedOf(sandbox, stream.id)).toEqual([]);

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
    expect(tookMs).toBeLessThan(drainSeconds * 1000 + 2000);

    expect(onlyRecord(server)).toMatchObject({ id: stream.id, outcome: 'partial' });
    expect(onlyRecord(server)['output']).toBeGreaterThan(0);
    // The fleet, in this process, may hear of the closed connection after the exit.
    await until(() => finishedOf(sandbox, stream.id).length > 0, STOP_MS);
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
  const server = await start(30);
  const stream = await begun(server, { 'x-sandbox-fault': 'endless-stream;ms=20' });
  let code: number | null | undefined;
  void server.stop('SIGINT').then((exited) => (code = exited));
  await until(async () => (await refusal(fetch(`${server.url}/readyz`))) === '503 draining', 500);
  process.kill(server.pid, 'SIGINT');
  await until(() => code !== undefined, STOP_MS);
  expect(code).toBe(0);
  expect((await stream.text).includes('[DONE]')).toBe(false);
  expect(onlyRecord(server)).toMatchObject({ id: stream.id, outcome: 'partial' });
});
