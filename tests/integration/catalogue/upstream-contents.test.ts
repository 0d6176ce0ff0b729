import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import { tokensOfText } from '../../support/token-count.ts';
import { poolAt, startUpstream } from '../proxy/fixture.ts';
import { SHOWN, STREAM, prove } from './fixture-bodies.ts';
import type { Row } from './fixture-bodies.ts';
import { eventsOf, textOf } from './fixture-events.ts';

const EMBEDDED = { model: 'text-embedding-3-small', input: ['one', 'two'] };

/** Other endpoints, each priced by its rule. */
const ENDPOINTS: Row[] = [
  {
    name: 'U91: sound',
    call: {
      path: '/v1/audio/speech',
      body: { model: 'tts-1', input: 'Hello there', voice: 'alloy' },
    },
    told: { bytesOf: 1, as: 'audio/mpeg' },
    // No answer tells its usage, and our prices do not know how it is charged.
    charged: 'without a price',
    also: ({ record }) => expect(record.input).toBe(tokensOfText('Hello there')),
  },
  ...['float', 'base64'].map((format): Row => ({
    name: `U91: embeddings (${format})`,
    call: { path: '/v1/embeddings', body: { ...EMBEDDED, encoding_format: format } },
    told: { bytesOf: 1 },
    charged: 'as told',
  })),
  {
    name: 'U91: images',
    call: { path: '/v1/images/generations', body: { model: 'gpt-image-1', prompt: 'A cat', n: 2 } },
    told: { bytesOf: 1 },
    // Two tokens of input at the dearer rate of pictures, 544 of output: $10 and $40 per million.
    charged: 2n * 10_000n + 544n * 40_000n,
  },
];

const both = (row: Omit<Row, 'asked'>): Row[] => [
  { ...row, name: `${row.name}, JSON` },
  { ...row, name: `${row.name}, a stream`, asked: STREAM },
];

const SHAPES: Row[] = [
  ...['missing', 'null', 'empty'].map((kind): Row => ({
    name: `U92: choices are ${kind}`,
    fault: `wrong-shape;kind=${kind}`,
    told: { bytesOf: 1 },
    charged: 'as told',
    anomalies: ['wrong_shape'],
  })),
  ...['missing', 'null'].map((kind): Row => ({
    name: `U92: choices are ${kind} in a stream`,
    fault: `wrong-shape;kind=${kind}`,
    asked: STREAM,
    told: { bytesOf: 1 },
    charged: 'as told',
    anomalies: ['wrong_shape'],
  })),
  {
    name: 'U92: embeddings without any',
    fault: 'wrong-shape',
    call: { path: '/v1/embeddings', body: EMBEDDED },
    told: { bytesOf: 1 },
    charged: 'as told',
    anomalies: ['wrong_shape'],
  },
  ...both({
    name: 'U92: another model than was asked, at the price of the one asked',
    fault: 'other-model',
    told: { bytesOf: 1 },
    charged: 'as told',
    anomalies: ['other_model'],
  }),
  ...both({
    name: 'U92: an edition of the model asked',
    fault: 'other-model;model=openai/gpt-4o-mini-2024-07-18',
    told: { bytesOf: 1 },
    charged: 'as told',
  }),
];

const TOOL = { type: 'function', function: { name: 'look', parameters: { type: 'object' } } };

/** All that can be counted, once. */
const COUNTED: Row[] = [
  { name: 'tools', asked: { tools: [TOOL], tool_choice: 'required' } },
  { name: 'three choices', asked: { n: 3 } },
  { name: 'logprobs', asked: { logprobs: true } },
].flatMap(({ name, asked }): Row[] =>
  [{}, STREAM].map((form) => ({
    name: `U93: ${name}${form === STREAM ? ', a stream' : ''}`,
    asked: { ...asked, ...form },
    told: { bytesOf: 1 },
    charged: 'as told',
  })),
);
const REFUSED: Row[] = [
  ...both({
    name: 'U93: a refusal',
    fault: 'refusal',
    told: { bytesOf: 1 },
    charged: 'as told',
  }),
  ...both({
    name: 'U93: a refusal without usage, whose text counts',
    fault: 'refusal|no-usage',
    told: { bytesOf: 1 },
    charged: 'by count',
    also: ({ record }) => expect(record.output).toBeGreaterThan(5),
  }),
  ...both({
    name: 'U93: cached and reasoning tokens',
    headers: { 'x-sandbox-usage': 'prompt=100,cached=60,completion=50,reasoning=30' },
    told: { bytesOf: 1 },
    charged: 'as told',
    also: ({ record }) =>
      expect(record).toMatchObject({ input: 40, cacheRead: 60, output: 50, reasoning: 30 }),
  }),
];

const CLOCKS: Row[] = [0, 4_102_444_800].flatMap((at) =>
  both({
    name: `U95: dated ${new Date(at * 1000).getUTCFullYear()}`,
    fault: `other-clock;at=${at}`,
    told: { bytesOf: 1 },
    charged: 'as told',
    also: ({ record, origins }) =>
      expect(Math.abs(record.startedAtMs - origins.gateway.clock.now())).toBeLessThan(60_000),
  }),
);

const ECHOES: Row[] = [
  {
    name: 'U96: a 401 that quotes our credential',
    fault: 'echo-authorization',
    isEverywhere: true,
    told: { error: [503, 'no_credentials'] },
    verdicts: ['unauthorized', 'unauthorized'],
    charged: 'nothing',
    health: ['credential_health.suspect'],
  },
  {
    name: 'U96: a 422 that quotes our credential',
    fault: 'echo-authorization;code=422',
    told: { error: [400, 'invalid_request'] },
    verdicts: ['client_error'],
    charged: 'nothing',
  },
  {
    name: 'U96: a 500 that quotes our credential',
    fault: 'echo-authorization;code=500',
    isEverywhere: true,
    told: { error: [502, 'upstream_error'] },
    verdicts: ['server_error', 'server_error'],
    charged: 'nothing',
    health: ['origin_health.ejected'],
  },
].map((row) => ({ ...row, also: ({ text }) => expect(text).not.toMatch(/Bearer|vck_/) }) as Row);

const all = [ENDPOINTS, SHAPES, COUNTED, REFUSED, CLOCKS, ECHOES];

test.each(all.flat())('$name', (row) => prove(row));

test.each([0, 2])(
  'U96: an event that quotes our credential, after %i of content',
  async (count) => {
    const said = 'data: {"choices":[{"index":0,"delta":{"content":"one"}}]}\n\n';
    const upstream = await startUpstream((response, { headers }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const error = {
        message: `Not with ${headers.authorization}`,
        code: 'context_length_exceeded',
      };
      response.end(`${said.repeat(count)}data: ${JSON.stringify({ error })}\n\n`);
    });
    const gateway = await startGateway({ pool: poolAt(upstream.baseUrl) });
    const response = await gateway.chat(SHOWN);
    const text = await textOf(response);
    expect([response.status, text.includes('[DONE]')]).toEqual([count === 0 ? 400 : 200, false]);
    expect(eventsOf(text).at(-1)?.error?.code).toBe(
      count === 0 ? 'invalid_request' : 'upstream_error',
    );
    const [record] = await gateway.records();
    expect(record?.outcome).toBe(count === 0 ? 'voided' : 'partial');
    expect(`${text}${gateway.logs()}${JSON.stringify(record)}`).not.toContain('sk-elsewhere-1');
  },
);
