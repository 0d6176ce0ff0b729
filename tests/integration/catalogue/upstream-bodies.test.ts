import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import { publishedCost } from '../../support/oracle.ts';
import { isFinished, verdictsOf } from '../proxy/fixture.ts';
import { STREAM, prove } from './fixture-bodies.ts';
import type { Row } from './fixture-bodies.ts';
import { textOf } from './fixture-events.ts';
import { firstOf, startOrigins } from './fixture-origins.ts';

const EJECTED = ['origin_health.ejected'];

/** An error where an answer was due. */
const ERRORS: Row[] = [
  ...[
    ['server_error', 'server_error', 'origin_health.ejected'],
    ['rate_limit_exceeded', 'rate_limited', 'credential_health.cooling'],
    ['insufficient_quota', 'out_of_quota', 'credential_health.exhausted'],
    ['invalid_api_key', 'unauthorized', 'credential_health.suspect'],
  ].flatMap(([code = '', verdict = '', health = '']): Row[] =>
    [{}, STREAM].map((asked) => ({
      name: `U54: an error in a 200 (${code}) ${asked === STREAM ? 'for a stream' : ''}`,
      fault: `error-in-200;code=${code}`,
      asked,
      told: { bytesOf: 2 },
      verdicts: [verdict, 'served'],
      charged: 'as told',
      health: [health],
    })),
  ),
  {
    name: 'U54: an error in a 200 that is the client’s fault',
    fault: 'error-in-200;type=invalid_request_error;code=context_length_exceeded',
    told: { error: [400, 'context_length_exceeded'] },
    reason: 'upstream_400',
    verdicts: ['client_error'],
    charged: 'nothing',
  },
  {
    name: 'U54: an error in every 200',
    fault: 'error-in-200',
    isEverywhere: true,
    told: { error: [502, 'upstream_error'] },
    verdicts: ['server_error', 'server_error'],
    charged: 'nothing',
    health: EJECTED,
  },
];

/** JSON that is cut reaches nobody: half of it would look like an answer. */
const CUT: Row[] = [
  ['U57: JSON cut in a chunk', 'cut-mid-chunk;after=0'],
  ['U59: JSON cut where only closing ends it', 'close-delimited-cut;n=200'],
  ['U59: JSON reset where only closing ends it', 'close-delimited-cut;n=200;mode=rst'],
  ['U59: JSON of which nothing came where only closing ends it', 'close-delimited-cut;n=0'],
  ['U60: JSON reset after some bytes', 'cut-after-bytes;n=200;mode=rst'],
].map(([name = '', fault = '']): Row => ({
  name,
  fault,
  told: { error: [502, 'upstream_error'] },
  verdicts: ['lost'],
  charged: 'nothing',
  health: EJECTED,
  ending: 'fault',
}));

const USAGE: Row[] = [
  {
    name: 'U65: JSON without usage',
    fault: 'no-usage',
    told: { bytesOf: 1 },
    charged: 'by count',
  },
  ...['negative', 'float', 'string', 'huge', 'null'].map((kind): Row => ({
    name: `U68: JSON with usage in numbers that are none (${kind})`,
    fault: `usage-bad;kind=${kind}`,
    told: { bytesOf: 1 },
    charged: 'by count',
    anomalies: ['usage_rejected'],
  })),
  {
    name: 'U69: JSON with usage far below the text',
    headers: { 'x-sandbox-usage': 'completion=1', 'x-sandbox-chunks': '40' },
    told: { bytesOf: 1 },
    charged: 'as told',
    anomalies: ['usage_low'],
  },
  {
    name: 'U80: JSON that is not UTF-8',
    fault: 'invalid-utf8',
    told: { bytesOf: 1 },
    charged: 'as told',
  },
];

/** Nothing that is compressed is ever unpacked, however small it makes itself. */
const COMPRESSED: Row[] = [
  ...['gzip', 'deflate', 'br', 'zstd'].map((coding) => ['U86', `gzip;coding=${coding}`]),
  ['U86', 'gzip;layers=5'],
  ['U86', 'gzip-bomb'],
  ['U87', 'gzip|cut-after-bytes;n=40'],
  ['U87', 'gzip;drop=8'],
].flatMap(([id = '', fault = '']): Row[] =>
  [{}, STREAM].map((asked) => ({
    name: `${id}: ${fault}, ${asked === STREAM ? 'a stream' : 'JSON'}`,
    fault,
    asked,
    told: { bytesOf: 2 },
    verdicts: ['unreadable', 'served'],
    charged: 'as told',
    health: EJECTED,
  })),
);

/** The form is told by the content; the client gets the label that is true. */
const LABELS: Row[] = [
  ...['text/html', 'application/json', ''].map((type): Row => ({
    name: `U88: a stream under "${type}"`,
    fault: `wrong-content-type;type=${type}`,
    asked: STREAM,
    told: { bytesOf: 1 },
    charged: 'as told',
  })),
  ...['text/html', 'text/event-stream', ''].map((type): Row => ({
    name: `U88: JSON under "${type}"`,
    fault: `wrong-content-type;type=${type}`,
    told: { bytesOf: 1 },
    charged: 'as told',
  })),
  {
    name: 'U88: a page in a 200',
    fault: 'status;code=200;body=html',
    told: { bytesOf: 2 },
    verdicts: ['unreadable', 'served'],
    charged: 'as told',
    health: EJECTED,
  },
  {
    name: 'U88: a page in every 200',
    fault: 'status;code=200;body=html',
    isEverywhere: true,
    told: { error: [502, 'upstream_error'] },
    verdicts: ['unreadable', 'unreadable'],
    charged: 'nothing',
    health: EJECTED,
  },
  {
    name: 'U89: JSON though a stream was asked for',
    fault: 'json-for-stream',
    asked: STREAM,
    told: { bytesOf: 1, as: 'application/json', expected: (bytes) => bytes },
    charged: 'as told',
  },
  {
    name: 'U89: a stream though JSON was asked for',
    fault: 'stream-for-json',
    told: { bytesOf: 1, as: 'text/event-stream' },
    charged: 'by count',
  },
];

const all = [ERRORS, CUT, USAGE, COMPRESSED, LABELS];

test.each(all.flat())('$name', (row) => prove(row));

test('U59: long JSON cut where only closing ends it is broken off', async () => {
  const origins = await startOrigins();
  const { gateway, bad } = origins;
  bad.faults.set('cred-1', 'big-json;bytes=600000|close-delimited-cut;n=400000');
  const response = await gateway.chat();
  expect(response.status).toBe(200);
  await expect(textOf(response)).rejects.toThrow();
  const [record] = await gateway.records();
  expect(record).toMatchObject({ outcome: 'partial', reason: 'upstream_stream_interrupted' });
  expect(record).toMatchObject({ usageSource: 'estimated', output: 100_000 });
  expect(verdictsOf(record)).toEqual(['served']);
  const { originHealth } = firstOf(origins);
  expect(originHealth.exclusion('gpt-4o-mini', gateway.clock.now())).not.toBeNull();
});

/** What is alive: garbage is collected first. */
function livingBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test('U90: 200 MB of JSON stream through without being held', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.set('cred-1', 'big-json;bytes=200000000');
  const before = livingBytes();
  const response = await gateway.chat();
  let size = 0;
  let peak = 0;
  for await (const bytes of response.body ?? []) {
    const isTime = Math.floor((size + bytes.length) / 10_000_000) > Math.floor(size / 10_000_000);
    size += bytes.length;
    if (isTime) peak = Math.max(peak, livingBytes() - before);
  }
  expect(size).toBe(Number(response.headers.get('content-length')));
  expect(size).toBeGreaterThan(200_000_000);
  expect(peak).toBeLessThan(64_000_000);
  const [record] = await gateway.records();
  expect(record).toMatchObject({ outcome: 'settled', reason: 'ok', usageSource: 'reported' });
  const finished = gateway.sandbox.witness.entries.filter(isFinished);
  expect(finished).toHaveLength(1);
  expect(record?.costNano).toBe(publishedCost('gpt-4o-mini', finished[0]?.usage ?? {}));
});
