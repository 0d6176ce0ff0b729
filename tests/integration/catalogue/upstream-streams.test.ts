import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import { judge, readLedger } from '../../support/oracle.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { SHOWN, STREAM, prove } from './fixture-bodies.ts';
import type { Row } from './fixture-bodies.ts';
import { DONE, textOf, withoutUsage } from './fixture-events.ts';

const CUT = 'upstream_stream_interrupted';

/** Streams that are not whole. */
const BROKEN: Row[] = [
  ...[
    ['server_error', 'server_error', 'origin_health.ejected'],
    ['rate_limit_exceeded', 'rate_limited', 'credential_health.cooling'],
    ['invalid_api_key', 'unauthorized', 'credential_health.suspect'],
  ].map(([code = '', verdict = '', health = '']): Row => ({
    name: `U55: the first event is an error (${code})`,
    fault: `first-event-error;code=${code}`,
    told: { bytesOf: 2 },
    verdicts: [verdict, 'served'],
    charged: 'as told',
    health: [health],
  })),
  {
    name: 'U55: the first event of every credential is an error',
    fault: 'first-event-error',
    isEverywhere: true,
    told: { error: [502, 'upstream_error'] },
    verdicts: ['server_error', 'server_error'],
    charged: 'nothing',
    health: ['origin_health.ejected'],
  },
  ...[
    ['server_error', 'origin_health.ejected'],
    ['rate_limit_exceeded', 'credential_health.cooling'],
    ['insufficient_quota', 'credential_health.exhausted'],
    ['invalid_api_key', 'credential_health.suspect'],
  ].map(([code = '', health = '']): Row => ({
    name: `U56: an error event after content (${code})`,
    fault: `mid-stream-error;code=${code}`,
    told: { brokenBy: code },
    reason: 'upstream_error',
    charged: 'by count',
    health: [health],
  })),
  ...[
    ['U57: cut in a chunk', 'cut-mid-chunk;after=4'],
    ['U57: reset in a chunk', 'cut-mid-chunk;after=4;mode=rst'],
    ['U58: cut between two events', 'cut-after-chunks;n=4'],
    ['U58: reset between two events', 'cut-after-chunks;n=4;mode=rst'],
    ['U59: cut where only closing ends it', 'close-delimited-cut;n=800'],
    ['U59: reset where only closing ends it', 'close-delimited-cut;n=800;mode=rst'],
    ['U60: reset after some bytes', 'cut-after-bytes;n=800;mode=rst'],
  ].map(([name = '', fault = '']): Row => ({
    name,
    fault,
    told: { brokenBy: CUT },
    charged: 'by count',
    health: ['origin_health.ejected'],
    ending: 'fault',
  })),
  {
    name: 'U58: cut behind a usage that grew with the text',
    fault: 'usage-every-chunk;kind=growing|cut-after-chunks;n=6',
    told: { brokenBy: CUT },
    charged: 'as told',
    health: ['origin_health.ejected'],
  },
  {
    name: 'U79: everything in one event of 8 MB',
    fault: 'big-event;bytes=8000000',
    told: { brokenBy: CUT },
    charged: 'by count',
    health: ['origin_health.ejected'],
  },
];

const upToDone = (text: string): string => text.slice(0, text.indexOf(DONE) + DONE.length);

/** Whole streams that end in another way. */
const ENDINGS: Row[] = [
  {
    name: 'U61: [DONE] is missing, which the client gets all the same',
    fault: 'no-done',
    told: { bytesOf: 1, expected: (bytes) => withoutUsage(bytes) + DONE },
    charged: 'as told',
  },
  {
    name: 'U62: [DONE] without any finish_reason',
    fault: 'no-finish-reason',
    told: { bytesOf: 1 },
    charged: 'as told',
    anomalies: ['no_finish_reason'],
  },
  {
    name: 'U63: content behind [DONE]',
    fault: 'extra-after-done',
    told: { bytesOf: 1, expected: (bytes) => withoutUsage(upToDone(bytes)) },
    charged: 'as told',
    async also({ origins }) {
      // Nor does it come with the next answer.
      expect(await textOf(await origins.gateway.chat(STREAM))).not.toContain(' late');
    },
  },
  {
    name: 'U64: the connection stays open behind [DONE]',
    fault: 'keep-open-after-done',
    told: { bytesOf: 1, under: null },
    charged: 'as told',
    behind: ({ gateway }) => gateway.clock.advance(1001),
    ending: 'aborted',
  },
];

/** What is said of usage. */
const USAGE: Row[] = [
  {
    name: 'U65: no usage, though it was asked for',
    fault: 'no-usage',
    told: { bytesOf: 1 },
    charged: 'by count',
  },
  {
    name: 'U66: usage twice, of which the last counts',
    fault: 'usage-twice;kind=growing',
    told: { bytesOf: 1 },
    charged: 'as told',
  },
  ...['growing', 'same'].map((kind): Row => ({
    name: `U67: usage in every chunk (${kind}), which is never summed`,
    fault: `usage-every-chunk;kind=${kind}`,
    told: { bytesOf: 1 },
    charged: 'as told',
  })),
  ...['negative', 'float', 'string', 'huge', 'null'].map((kind): Row => ({
    name: `U68: usage in numbers that are none (${kind})`,
    fault: `usage-bad;kind=${kind}`,
    told: { bytesOf: 1 },
    charged: 'by count',
    anomalies: ['usage_rejected'],
  })),
  {
    name: 'U69: usage far below the text',
    headers: { 'x-sandbox-usage': 'completion=1', 'x-sandbox-chunks': '40' },
    told: { bytesOf: 1 },
    charged: 'as told',
    anomalies: ['usage_low'],
  },
  {
    name: 'U70: the usage event is asked for, and hidden from who did not ask',
    told: { bytesOf: 1 },
    charged: 'as told',
    also: ({ text }) => expect(text).not.toContain('"usage":{'),
  },
  {
    name: 'U70: the usage event is shown to who asked',
    asked: SHOWN,
    told: { bytesOf: 1 },
    charged: 'as told',
    also: ({ text }) => expect(text.split('"usage":{')).toHaveLength(2),
  },
];

const countOf = (text: string, part: string) => text.split(part).length - 1;

/** Less in all than any silence may last. */
const SHORT = { timeouts: { total_ms: 50_000 } };

/** Time that runs out; all of it is the gateway's clock's. */
const TIMES: Row[] = [
  ...['never-answer', 'stall-after-head'].map((fault): Row => ({
    name: `U82: ${fault}: a chat may have run, and is not sent again (ADR 8)`,
    fault,
    told: { error: [504, 'upstream_timeout'] },
    verdicts: ['first_byte_timeout'],
    charged: 'nothing',
    health: ['origin_health.ejected'],
    meanwhile: ({ gateway }) => gateway.clock.advance(60_001),
    ending: 'aborted',
  })),
  ...['never-answer', 'stall-after-head'].map((fault): Row => ({
    name: `U82: ${fault}: what costs nothing to repeat is asked of the next`,
    fault,
    call: { method: 'GET', path: '/v1/files' },
    told: { bytesOf: 2 },
    verdicts: ['first_byte_timeout', 'served'],
    charged: 'nothing',
    health: ['origin_health.ejected'],
    meanwhile: ({ gateway }) => gateway.clock.advance(60_001),
    ending: 'aborted',
  })),
  {
    name: 'U83: silence after some chunks, for the idle time',
    fault: 'stall-after-chunks;n=4',
    told: { brokenBy: 'stream_timeout' },
    charged: 'by count',
    health: ['origin_health.ejected'],
    onText(text, { gateway }) {
      if (countOf(text, 'data: ') === 4) gateway.clock.advance(60_001);
    },
    ending: 'aborted',
  },
  {
    name: 'U83: heartbeats for the client while it is silent',
    fault: 'stall-after-chunks;n=4',
    pool: { heartbeat: '20s' },
    told: { brokenBy: 'stream_timeout' },
    charged: 'by count',
    health: ['origin_health.ejected'],
    onText(text, { gateway }) {
      if (countOf(text, 'data: ') === 4) gateway.clock.advance(20_001);
    },
    also: ({ text }) => expect(countOf(text, ': keep-alive\n\n')).toBeGreaterThanOrEqual(2),
    ending: 'aborted',
  },
  {
    name: 'U84: heartbeats for ever, and no answer within the total time',
    fault: 'heartbeats-forever;ms=1',
    pool: SHORT,
    told: { error: [504, 'upstream_timeout'] },
    verdicts: ['deadline'],
    charged: 'nothing',
    meanwhile: ({ gateway }) => gateway.clock.advance(50_001),
    ending: 'aborted',
  },
  {
    name: 'U85: an endless stream ends at the total time',
    fault: 'endless-stream;ms=1',
    pool: SHORT,
    told: { brokenBy: 'stream_timeout' },
    charged: 'by count',
    onText(text, { gateway }) {
      if (countOf(text, 'data: ') >= 20) gateway.clock.advance(50_001);
    },
    ending: 'aborted',
  },
];

const all = [...BROKEN, ...ENDINGS, ...USAGE, ...TIMES];

test.each(all)('$name', (row) => prove({ asked: STREAM, ...row }));

test('U94: a token every ten seconds for nine minutes is heard out, also by a server that drains', async () => {
  const gateway = await startGateway({ isClockShared: true, sandbox: { chunkCount: 51 } });
  const { clock, sandbox, app } = gateway;
  sandbox.faults.set('cred-1', 'delay-chunk;ms=10000');
  const answered = gateway.chat(SHOWN);
  await sandbox.witness.waitFor(
    ({ kind, requestId }) => kind === 'received' && requestId !== null,
    PATIENCE_MS,
  );
  const startMs = clock.monotonic();
  clock.advance(10_000);
  let closing: Promise<void> | undefined;
  const text = await textOf(await answered, (soFar) => {
    closing ??= soFar.includes('delta') ? app.close(600_000) : undefined;
    clock.advance(10_000);
  });
  expect(clock.monotonic() - startMs).toBeGreaterThan(540_000);
  expect(text.endsWith(DONE)).toBe(true);
  await closing;
  const rows = readLedger(gateway.space.file);
  expect(rows).toMatchObject([{ outcome: 'settled', usageSource: 'reported' }]);
  const { compared, differences } = judge(sandbox.witness.entries, rows);
  expect([compared, differences]).toEqual([1, []]);
});
