import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Sandbox, WitnessEntry } from '../../../src/sandbox/index.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { inChunks, rawChat, rawRequest } from '../../support/raw-request.ts';
import {
  answered,
  closed,
  drip,
  flood,
  halfClose,
  leave,
  meanwhile,
  play,
  read,
  reset,
  send,
  until,
  type Outcome,
  type Step,
} from '../../support/scripted-client.ts';
import { aSandbox, KEY, nextFinished } from './fixture.ts';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await aSandbox();
});

afterEach(() => sandbox.close());

const chat = rawChat(KEY);
const faulty = (fault: string, fields: object = {}): Buffer =>
  rawChat(KEY, fields, { 'x-sandbox-fault': fault });
const isReceived = (entry: WitnessEntry): boolean => entry.kind === 'received';
const bearer = { authorization: `Bearer ${KEY}` };

interface ScriptCase {
  name: string;
  steps: Step[];
  statuses: number[];
  ending: Outcome['ending'];
}

const CASES: ScriptCase[] = [
  { name: 'a call', steps: [send(chat), answered()], statuses: [200], ending: 'open' },
  {
    name: 'a half-close, after which all is still read',
    steps: [send(chat), halfClose(), closed()],
    statuses: [200],
    ending: 'closed',
  },
  { name: 'single bytes', steps: [drip(chat), answered()], statuses: [200], ending: 'open' },
  {
    name: 'slow pieces',
    steps: [drip(chat, { size: 100, ms: 1 }), answered()],
    statuses: [200],
    ending: 'open',
  },
  {
    name: 'pipelined requests',
    steps: [send(chat, rawRequest({ method: 'GET', path: '/v1/models' }), chat), answered(3)],
    statuses: [200, 401, 200],
    ending: 'open',
  },
  {
    name: 'a stream',
    steps: [send(rawChat(KEY, { stream: true })), answered()],
    statuses: [200],
    ending: 'open',
  },
  {
    name: 'an interim answer',
    steps: [send(rawChat(KEY, {}, { expect: '100-continue' })), answered(2)],
    statuses: [100, 200],
    ending: 'open',
  },
  {
    name: 'a body in chunks',
    steps: [
      send(rawRequest({ headers: { ...bearer, 'transfer-encoding': 'chunked' } })),
      send(inChunks('{"model":"gpt-none"}', 7)),
      answered(),
    ],
    statuses: [404],
    ending: 'open',
  },
  {
    name: 'a line of its own, and repeated and missing headers',
    steps: [
      send(
        rawRequest({
          line: 'GET /v1/models HTTP/1.0',
          headers: { host: null, authorization: ['Bearer nobody', bearer.authorization] },
        }),
      ),
      closed(),
    ],
    statuses: [401],
    ending: 'closed',
  },
  {
    name: 'a server that closes',
    steps: [send(faulty('close-before-head')), closed()],
    statuses: [],
    ending: 'closed',
  },
  {
    name: 'a server that resets',
    steps: [send(faulty('close-before-head;mode=rst')), closed()],
    statuses: [],
    ending: 'reset',
  },
  {
    name: 'a large upload',
    steps: [
      send(rawRequest({ headers: { ...bearer, 'content-length': 64 * 65_536 } })),
      flood('x'.repeat(65_536), 64),
      answered(),
    ],
    statuses: [400],
    ending: 'open',
  },
];

test.each(CASES)('$name', async ({ steps, statuses, ending }) => {
  const outcome = await play(sandbox.url, ...steps);
  expect(outcome.answers.map(({ status }) => status)).toEqual(statuses);
  expect(outcome.ending).toBe(ending);
});

test('answers come without their framing', async () => {
  const stream = rawChat(KEY, { stream: true });
  const { answers } = await play(sandbox.url, send(stream, chat), answered(2));
  expect(answers[0]?.body).toMatch(/^data: \{[^]*\n\ndata: \[DONE\]\n\n$/);
  expect(JSON.parse(answers[1]?.body ?? '')).toMatchObject({ object: 'chat.completion' });
});

test('reads as much as it is told', async () => {
  const steps = [send(chat), read(10), read(5)];
  expect((await play(sandbox.url, ...steps)).received).toBe('HTTP/1.1 200 OK');
});

test('what nobody reads is not sent', async () => {
  const gone = await play(
    sandbox.url,
    send(faulty('big-json;bytes=50000000')),
    until('"padding"'),
    meanwhile(() => expect(sandbox.witness.entries).toHaveLength(1)),
  );
  expect(gone.ending).toBe('open');
  const entry = await nextFinished(sandbox);
  expect(entry).toMatchObject({ outcome: 'aborted', status: 200 });
  expect(entry.responseBytes).toBeLessThan(50_000_000);
});

test.each([
  ['leave', leave()],
  ['reset', reset()],
])('%s is seen by the other side', async (_name, step) => {
  const outcome = await play(
    sandbox.url,
    send(faulty('never-answer')),
    meanwhile(() => sandbox.witness.waitFor(isReceived, PATIENCE_MS)),
    step,
    closed(),
  );
  expect(outcome).toMatchObject({ ending: 'left', received: '', sent: expect.any(Number) });
  expect(await nextFinished(sandbox)).toMatchObject({ outcome: 'aborted', status: null });
});
