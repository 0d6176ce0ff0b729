import { expect, test } from '@jest/globals';
import { Hold } from '../../../src/entities/hold.ts';
import { VirtualKey } from '../../../src/entities/virtual-key.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { createLogger } from '../../../src/lib/logger.ts';
import { openWorkspace } from '../../../src/workspace.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway, GatewayOptions } from '../../support/gateway.ts';
import { silentOrigin } from '../../support/odd-origins.ts';
import { rawRequest } from '../../support/raw-request.ts';
import {
  answered,
  closed,
  meanwhile,
  play,
  send,
  until as readUntil,
  type Outcome,
  type Step,
} from '../../support/scripted-client.ts';
import {
  afterwards,
  arrivals,
  isFinished,
  poolAt,
  startUpstream,
  until,
  verdictsOf,
} from '../proxy/fixture.ts';
import { chatOf, expectRefusal, theRecord } from './fixture-clients.ts';
import { SYSTEM } from '../../../src/services/actor.ts';

/** A stream may outlive its key by so much (promise A2). */
const OUTLIVED_MS = 1000;
const EXPIRES_MS = 5000;

const PACED: GatewayOptions = { sandbox: { chunkCount: 10_000, chunkPaceMs: 5 } };

type End = (gateway: Gateway) => Promise<unknown>;

const switchOff: End = ({ keyId, space }) => space.keys.update(SYSTEM, keyId, { isActive: false });

const WAYS: { how: string; end: End }[] = [
  { how: 'switched off', end: switchOff },
  {
    how: 'deleted',
    async end({ keyId, space }) {
      await space.orm.em.fork().nativeDelete(VirtualKey, { id: keyId });
      await space.events.record([{ type: 'virtual_key.deleted', subject: keyId, actor: 'system' }]);
    },
  },
  {
    how: 'expired',
    async end({ clock, keyId, space }) {
      const expiresAt = new Date(clock.now() + EXPIRES_MS);
      await space.orm.em.fork().nativeUpdate(VirtualKey, { id: keyId }, { expiresAt });
      await space.keys.update(SYSTEM, keyId, { name: 'about to expire' });
      clock.advance(EXPIRES_MS);
    },
  },
];

/** Takes the key away, and lets pass what a stream may outlive it by. */
const lose = (gateway: Gateway, end: End): Step =>
  meanwhile(async () => {
    await end(gateway);
    gateway.clock.advance(OUTLIVED_MS);
  });

const expectAborted = async ({ sandbox }: Gateway): Promise<void> => {
  const { outcome } = await sandbox.witness.waitFor(isFinished, OUTLIVED_MS);
  expect(outcome).toBe('aborted');
};

/** Whole events, an error event as the last, and no end that a client could take for one. */
function expectCut({ answers, received }: Outcome): void {
  expect(answers.map(({ status }) => status)).toEqual([200]);
  const body = answers[0]?.body ?? '';
  expect(received).not.toContain('[DONE]');
  const events = body.split('\n\n').slice(0, -1);
  expect(events.length).toBeGreaterThan(2);
  const last = JSON.parse(events.at(-1)?.slice('data: '.length) ?? '') as object;
  expect(last).toMatchObject({ error: { code: 'key_revoked', type: 'authentication_error' } });
}

test.each(WAYS)(
  'C30: the stream of a key that is $how is cut, and what it got is paid',
  async ({ end }) => {
    const gateway = await startGateway(PACED);
    const outcome = await play(
      gateway.url,
      send(chatOf(gateway, { stream: true })),
      readUntil(/(?:"content"[^]*){4}/),
      lose(gateway, end),
      answered(),
    );
    expectCut(outcome);
    await expectAborted(gateway);
    const record = await theRecord(gateway);
    expect(record).toMatchObject({ outcome: 'partial', reason: 'key_revoked', status: 200 });
    expect(record.output).toBeGreaterThan(0);
    expect(record.costNano).toBeGreaterThan(0n);
  },
);

test.each(WAYS)('C30: the call of a key that is $how before its head gets 401', async ({ end }) => {
  const gateway = await startGateway();
  const { answers } = await play(
    gateway.url,
    send(chatOf(gateway, {}, { 'x-sandbox-fault': 'never-answer' })),
    meanwhile(() => until(() => arrivals(gateway).length === 1)),
    lose(gateway, end),
    answered(),
  );
  expectRefusal(answers, { status: 401, code: 'invalid_api_key', param: null });
  await expectAborted(gateway);
  const record = await theRecord(gateway);
  expect(record).toMatchObject({ outcome: 'voided', reason: 'invalid_api_key', costNano: 0n });
  expect(verdictsOf(record)).toEqual(['key_revoked']);
  await expectOnlyThisKeyIsLost(gateway);
});

test('C30: a stream that is silent is cut as well', async () => {
  const gateway = await startGateway();
  const outcome = await play(
    gateway.url,
    send(chatOf(gateway, { stream: true }, { 'x-sandbox-fault': 'stall-after-chunks;n=4' })),
    readUntil(/(?:"content"[^]*){3}/),
    lose(gateway, switchOff),
    answered(),
  );
  expectCut(outcome);
  await expectAborted(gateway);
});

/** A gateway to an upstream that begins its answers, and says no more. */
async function gatewayToBeginner(type: string, text: string) {
  const upstream = { isAsked: false, isLeft: false };
  const { baseUrl } = await startUpstream((response) => {
    response.on('close', () => (upstream.isLeft = true));
    response.writeHead(200, { 'content-type': type });
    response.write(text, () => (upstream.isAsked = true));
  });
  const gateway = await startGateway({ pool: { ...poolAt(baseUrl), discover_models: false } });
  return { gateway, upstream };
}

/** What an upstream has sent by now: the gateway answers later requests after it has read that. */
async function untilTakenIn({ url }: Pick<Gateway, 'url'>): Promise<void> {
  for (let nth = 1; nth <= 3; nth += 1) await (await fetch(`${url}/livez`)).text();
}

test('C30: of JSON that was half there nothing is given out, and it is paid', async () => {
  const begun = `{"choices":[{"message":{"content":"${'word '.repeat(100)}`;
  const { gateway, upstream } = await gatewayToBeginner('application/json', begun);
  const { answers, received } = await play(
    gateway.url,
    send(chatOf(gateway)),
    meanwhile(async () => {
      await until(() => upstream.isAsked);
      await untilTakenIn(gateway);
    }),
    lose(gateway, switchOff),
    answered(),
  );
  expectRefusal(answers, { status: 401, code: 'key_revoked', param: null });
  expect(received).not.toContain('word');
  await until(() => upstream.isLeft);
  const record = await theRecord(gateway);
  expect(record).toMatchObject({ outcome: 'partial', reason: 'key_revoked', status: 401 });
  expect(record.output).toBeGreaterThan(50);
});

test('C30: sound can carry no error, so that its connection ends early', async () => {
  const { gateway, upstream } = await gatewayToBeginner('audio/mpeg', 'a sound');
  const headers = { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' };
  const body = '{"model":"tts-1","input":"Hello","voice":"alloy"}';
  const { answers, ending } = await play(
    gateway.url,
    send(rawRequest({ path: '/v1/audio/speech', headers, body })),
    readUntil('a sound'),
    lose(gateway, switchOff),
    closed(),
  );
  expect(answers).toEqual([]);
  expect(ending).not.toBe('open');
  await until(() => upstream.isLeft);
  expect(await theRecord(gateway)).toMatchObject({ outcome: 'partial', reason: 'key_revoked' });
});

test('C30: while we connect nothing is sent any more', async () => {
  const origin = await silentOrigin('https');
  const pool = { ...poolAt(origin.baseUrl), discover_models: false };
  const gateway = await startGateway({ pool });
  const { answers } = await play(
    gateway.url,
    send(chatOf(gateway)),
    meanwhile(() => until(async () => (await gateway.space.orm.em.fork().count(Hold)) === 1)),
    lose(gateway, switchOff),
    answered(),
  );
  expectRefusal(answers, { status: 401, code: 'invalid_api_key' });
  expect(await theRecord(gateway)).toMatchObject({ outcome: 'voided' });
  await origin.close();
});

test('C30: all who share an answer by their Idempotency-Key lose it together', async () => {
  const gateway = await startGateway(PACED);
  const call = chatOf(gateway, { stream: true }, { 'idempotency-key': 'one' });
  const read = [send(call), readUntil(/(?:"content"[^]*){4}/)];
  const over = Promise.withResolvers<void>();
  const joined = play(
    gateway.url,
    ...read,
    meanwhile(() => over.promise),
    answered(),
  );
  const first = await play(gateway.url, ...read, lose(gateway, switchOff), answered());
  over.resolve();
  expectCut(first);
  expectCut(await joined);
  await expectAborted(gateway);
  expect(await theRecord(gateway)).toMatchObject({ outcome: 'partial', reason: 'key_revoked' });
});

test('C30: what another process switches off is cut within a second', async () => {
  const gateway = await startGateway(PACED);
  const logger = createLogger({ level: 'silent' });
  const other = await openWorkspace(gateway.space.config, systemClock, logger);
  afterwards(() => other.close());
  const outcome = await play(
    gateway.url,
    send(chatOf(gateway, { stream: true })),
    readUntil(/(?:"content"[^]*){4}/),
    meanwhile(async () => {
      await other.keys.update(SYSTEM, gateway.keyId, { isActive: false });
      gateway.clock.advance(OUTLIVED_MS / 2);
      // It has come round by the event log.
      await until(async () => (await gateway.chat()).status === 401);
      gateway.clock.advance(OUTLIVED_MS / 2);
    }),
    answered(),
  );
  expectCut(outcome);
  await expectAborted(gateway);
});

/** Longer than the streams last, on any machine, and less than a silence may. */
const LATER_MS = 50_000;

test('C30: until its time has come, and for other keys, a stream goes on', async () => {
  const gateway = await startGateway({ sandbox: { chunkCount: 200, chunkPaceMs: 5 } });
  const { clock, keyId, space, url } = gateway;
  const { key } = await space.keys.create(SYSTEM, { name: 'other' });
  const expiresAt = new Date(clock.now() + 2 * LATER_MS);
  await space.orm.em.fork().nativeUpdate(VirtualKey, { id: keyId }, { expiresAt });
  await space.keys.update(SYSTEM, keyId, { name: 'about to expire' });
  const others = play(url, send(chatOf({ key }, { stream: true })), answered());
  const { answers } = await play(
    url,
    send(chatOf(gateway, { stream: true })),
    readUntil('"content"'),
    meanwhile(() => clock.advance(LATER_MS)),
    answered(),
  );
  for (const one of [answers, (await others).answers]) expect(one[0]?.body).toContain('[DONE]');
  clock.advance(LATER_MS);
  await expectOnlyThisKeyIsLost(gateway);
});

/** Its calls are refused from now on, and those of others are served. */
async function expectOnlyThisKeyIsLost(gateway: Gateway): Promise<void> {
  expect((await gateway.chat()).status).toBe(401);
  const { key } = await gateway.space.keys.create(SYSTEM, { name: 'another' });
  const response = await gateway.chat({}, { authorization: `Bearer ${key}` });
  await response.arrayBuffer();
  expect(response.status).toBe(200);
}
