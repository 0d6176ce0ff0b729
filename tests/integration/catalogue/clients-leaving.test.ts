import { expect, test } from '@jest/globals';
import { Hold } from '../../../src/entities/hold.ts';
import { msOf, quickest } from '../../support/fastest-of.ts';
import { isOwnAsk, startGateway } from '../../support/gateway.ts';
import type { Gateway, GatewayOptions } from '../../support/gateway.ts';
import { fullOrigin, silentOrigin, type OddOrigin } from '../../support/odd-origins.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { rawRequest, type RawRequest } from '../../support/raw-request.ts';
import {
  closed,
  halfClose,
  leave,
  meanwhile,
  play,
  reset,
  send,
  until as read,
  type Step,
} from '../../support/scripted-client.ts';
import { afterwards, arrivals, isFinished, poolAt, until, verdictsOf } from '../proxy/fixture.ts';
import {
  ABORT_MS,
  chatOf,
  expectServing,
  marks,
  theRecord,
  untilInFlight,
} from './fixture-clients.ts';

const TRIES = 5;

const HEAD = { 'content-type': 'application/json' };

const arrived = ({ sandbox }: Gateway) =>
  sandbox.witness.waitFor((entry) => entry.kind === 'received' && !isOwnAsk(entry), PATIENCE_MS);

/** The upstream sees the end. */
async function expectAborted({ sandbox }: Gateway): Promise<void> {
  const { outcome } = await sandbox.witness.waitFor(isFinished, PATIENCE_MS);
  expect(outcome).toBe('aborted');
}

/** Nobody is connected any more, and all that was begun is over. */
const expectOver = (gateway: Gateway) => untilInFlight(gateway, 0);

interface Phase {
  id: string;
  phase: string;
  options?: () => Promise<GatewayOptions>;
  /** Up to the moment at which the client leaves. */
  steps(gateway: Gateway): Step[];
  /** What is to come about soon after it has left. */
  soon(gateway: Gateway): Promise<unknown>;
  /** Behind that. */
  judge(gateway: Gateway): Promise<void>;
}

const half = (gateway: Gateway): Buffer =>
  rawRequest({
    headers: { authorization: `Bearer ${gateway.key}`, ...HEAD, 'content-length': 5000 },
    body: '{"model":',
  });

let origin: OddOrigin | undefined;

/** A pool at an origin that never gets as far as a request; its models are not asked for. */
async function connectingTo(opening: Promise<OddOrigin>): Promise<GatewayOptions> {
  origin = await opening;
  afterwards(() => origin?.close());
  return { pool: { ...poolAt(origin.baseUrl), discover_models: false } };
}

const held = (gateway: Gateway) =>
  until(async () => (await gateway.space.orm.em.fork().count(Hold)) === 1);

async function judgeConnecting(gateway: Gateway): Promise<void> {
  const record = await theRecord(gateway);
  expect(record).toMatchObject({
    outcome: 'voided',
    reason: 'client_closed_request',
    costNano: 0n,
  });
  expect(verdictsOf(record)).toEqual(['client_gone']);
  // It does not read, so it would not notice that nobody is there any more.
  await origin?.close();
  origin = undefined;
}

const PHASES: Phase[] = [
  {
    id: 'C01',
    phase: 'its body is half sent: nothing was forwarded, nothing is on record',
    steps: (gateway) => [send(half(gateway)), meanwhile(() => untilInFlight(gateway, 1))],
    soon: expectOver,
    async judge(gateway) {
      expect(await marks(gateway)).toEqual({ arrivals: 0, records: 0 });
      await expectServing(gateway);
    },
  },
  {
    id: 'C03',
    phase: 'we connect: it is not waited for, and nothing is sent',
    options: () => connectingTo(fullOrigin()),
    steps: (gateway) => [send(chatOf(gateway)), meanwhile(() => held(gateway))],
    soon: expectOver,
    judge: judgeConnecting,
  },
  {
    id: 'C03',
    phase: 'we shake hands: it is not waited for, and nothing is sent',
    options: () => connectingTo(silentOrigin('https')),
    steps: (gateway) => [send(chatOf(gateway)), meanwhile(() => held(gateway))],
    soon: expectOver,
    judge: judgeConnecting,
  },
  {
    id: 'C04',
    phase: 'we wait for the head: the upstream is aborted',
    steps: (gateway) => [
      send(chatOf(gateway, {}, { 'x-sandbox-fault': 'never-answer' })),
      meanwhile(() => arrived(gateway)),
    ],
    soon: expectAborted,
    async judge(gateway) {
      const record = await theRecord(gateway);
      expect(record).toMatchObject({
        outcome: 'voided',
        reason: 'client_closed_request',
        status: 499,
      });
      expect(arrivals(gateway)).toHaveLength(1);
      await expectServing(gateway);
    },
  },
  {
    id: 'C05',
    phase: 'it is given a stream: the upstream is aborted, what was produced is paid',
    options: async () => ({ sandbox: { chunkCount: 1000, chunkPaceMs: 5 } }),
    steps: (gateway) => [send(chatOf(gateway, { stream: true })), read(/(?:"content"[^]*){4}/)],
    soon: expectAborted,
    async judge(gateway) {
      const record = await theRecord(gateway);
      expect(record).toMatchObject({ outcome: 'partial', reason: 'client_closed_request' });
      expect(record.output).toBeGreaterThan(0);
      expect(record.output).toBeLessThan(500);
      expect(record.costNano).toBeGreaterThan(0n);
    },
  },
  {
    id: 'C06',
    phase: 'its last byte is there: the call is charged as the upstream told, once',
    steps: (gateway) => [send(chatOf(gateway, { stream: true })), read('data: [DONE]')],
    soon: theRecord,
    async judge(gateway) {
      const record = await theRecord(gateway);
      expect(record).toMatchObject({ outcome: 'settled', reason: 'ok', usageSource: 'reported' });
      expect(gateway.sandbox.witness.entries.find(isFinished)).toMatchObject({
        outcome: 'completed',
        costNano: String(record.costNano),
      });
      await expectServing(gateway);
    },
  },
];

const LEAVINGS = [
  { how: 'closes', leaving: leave },
  { how: 'sends FIN', leaving: halfClose },
];

const CASES = PHASES.flatMap((phase) => LEAVINGS.map((leaving) => ({ ...phase, ...leaving })));

/** The milliseconds from the leaving to what is to follow soon. */
async function playPhase(phase: Phase, leaving: () => Step): Promise<number> {
  const gateway = await startGateway(await phase.options?.());
  let ms = Number.POSITIVE_INFINITY;
  await play(
    gateway.url,
    ...phase.steps(gateway),
    leaving(),
    meanwhile(async () => (ms = await msOf(() => phase.soon(gateway)))),
    meanwhile(() => phase.judge(gateway)),
  );
  return ms;
}

async function provePhase(phase: Phase, leaving: () => Step): Promise<void> {
  const ms = await quickest(ABORT_MS, TRIES, () => playPhase(phase, leaving));
  expect(ms).toBeLessThan(ABORT_MS);
}

test.each(CASES)('$id: a client that $how while $phase', (one) => provePhase(one, one.leaving));

test.each(PHASES)('C07: a reset while $phase', (phase) => provePhase(phase, reset));

test.each(LEAVINGS)(
  'C02: a client that $how while it waits for the answer to another’s call: who is last aborts it',
  async ({ leaving }) => {
    const ms = await quickest(ABORT_MS, TRIES, () => playJoined(leaving));
    expect(ms).toBeLessThan(ABORT_MS);
  },
);

async function playJoined(leaving: () => Step): Promise<number> {
  const gateway = await startGateway();
  const { url, sandbox } = gateway;
  sandbox.faults.set('cred-1', 'never-answer');
  const call = chatOf(gateway, {}, { 'idempotency-key': 'one' });
  const isAborted = () => sandbox.witness.entries.some(isFinished);
  let ms = Number.POSITIVE_INFINITY;
  await play(
    url,
    send(call),
    meanwhile(() => arrived(gateway)),
    meanwhile(() =>
      play(
        url,
        send(call),
        meanwhile(() => untilInFlight(gateway, 2)),
        leaving(),
        meanwhile(() => untilInFlight(gateway, 1)),
      ),
    ),
    meanwhile(() => expect(isAborted()).toBe(false)),
    leaving(),
    meanwhile(async () => (ms = await msOf(() => expectAborted(gateway)))),
  );
  expect(await theRecord(gateway)).toMatchObject({ outcome: 'voided', costNano: 0n });
  expect(arrivals(gateway)).toHaveLength(1);
  await expectServing(gateway);
  return ms;
}

// Which is why C08 has no test of its own: a FIN is leaving (docs/adr/0010).
test.each<[string, number, RawRequest]>([
  ['health', 200, { method: 'GET', path: '/health' }],
  ['models', 200, { method: 'GET', path: '/v1/models' }],
  ['a refusal', 400, { headers: HEAD, body: '{' }],
])('a client that half-closes gets what needs no upstream: %s', async (_what, status, request) => {
  const { key, url } = await startGateway();
  const headers = { authorization: `Bearer ${key}`, ...request.headers };
  const { answers, ending } = await play(
    url,
    send(rawRequest({ ...request, headers })),
    halfClose(),
    closed(),
  );
  expect(answers.map((answer) => answer.status)).toEqual([status]);
  expect(ending).toBe('closed');
});
