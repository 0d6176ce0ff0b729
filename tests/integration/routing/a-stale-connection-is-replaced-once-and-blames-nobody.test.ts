import { expect, test } from '@jest/globals';
import { canaryFleet, startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { until, verdictsOf } from '../proxy/fixture.ts';
import { received, servers, statusOf, times, together } from './fixture.ts';

const healthEvents = async (gateway: Gateway) => {
  await gateway.app.upkeep.journal.flushed();
  const types = (await gateway.events()).map(({ type }) => type);
  return types.filter((type) => /^(credential_health|credential_ban|origin_health)\./.test(type));
};

test.each(['fin', 'rst'])(
  'a kept connection that closes (%s) as the request sets out: the client notices nothing',
  async (mode) => {
    const gateway = await startGateway({ fleet: canaryFleet(10, 10) });
    for (const name of ['cred-1', 'cred-2']) {
      gateway.sandbox.faults.set(name, `close-at-reuse;mode=${mode}`);
    }
    for (let call = 0; call < 12; call += 1) expect(await statusOf(gateway)).toBe(200);
    // In turns, as if nothing had happened: the same credential served, on another connection.
    expect(servers(gateway)).toEqual(times(6, 'cred-1', 'cred-2'));
    expect(received(gateway).map(({ ordinal }) => ordinal)).toEqual(times(12, 1));
    const records = await gateway.records();
    const verdicts = records.map(verdictsOf);
    expect(verdicts.slice(0, 2)).toEqual([['served'], ['served']]);
    expect(verdicts.slice(2)).toEqual(times(10, ['stale_connection', 'served']));
    for (const { attempts } of records) {
      expect(new Set(attempts.map(({ credential }) => credential)).size).toBe(1);
    }
    // Ten in a row are twice what ejects an origin.
    expect(await healthEvents(gateway)).toEqual([]);
  },
);

test('many at once: each is replaced by itself', async () => {
  const gateway = await startGateway({ fleet: canaryFleet(10) });
  gateway.sandbox.faults.set('cred-1', 'delay-head;ms=100|close-at-reuse');
  expect(await together(gateway, 20)).toEqual(times(20, 200));
  expect(await together(gateway, 20)).toEqual(times(20, 200));
  expect(received(gateway)).toHaveLength(40);
  expect(await healthEvents(gateway)).toEqual([]);
});

test('also when it may take only one attempt, and a stream too', async () => {
  const gateway = await startGateway({ fleet: canaryFleet(10), pool: { attempts_max: 1 } });
  gateway.sandbox.faults.set('cred-1', 'close-at-reuse');
  expect(await statusOf(gateway)).toBe(200);
  const text = await (await gateway.chat({ stream: true })).text();
  expect(text.match(/\[DONE\]/g)).toHaveLength(1);
  expect(received(gateway)).toHaveLength(2);
});

test('one that breaks after the upstream had time to work is no stale one, though it was kept', async () => {
  const gateway = await startGateway({ fleet: canaryFleet(10), isClockShared: true });
  expect(await statusOf(gateway)).toBe(200);
  gateway.sandbox.faults.set('cred-1', 'close-before-head|delay-head;ms=3000', {
    from: 2,
    times: 1,
  });
  const status = statusOf(gateway);
  await until(() => received(gateway).length === 2);
  gateway.clock.advance(3001);
  expect(await status).toBe(502);
  expect(received(gateway)).toHaveLength(2);
  expect((await gateway.records()).map(verdictsOf)).toEqual([['served'], ['lost']]);
});

test('the same on a fresh connection is no stale one: the call may have run, and ends', async () => {
  const gateway = await startGateway({ fleet: canaryFleet(10, 10) });
  gateway.sandbox.faults.set('cred-1', 'close-before-head', { times: 1 });
  expect(await statusOf(gateway)).toBe(502);
  expect(received(gateway).map(({ ordinal }) => ordinal)).toEqual([1]);
  expect((await gateway.records()).map(verdictsOf)).toEqual([['lost']]);
});

test('once only: a new connection that is lost as well ends the call', async () => {
  const gateway = await startGateway({ fleet: canaryFleet(10) });
  gateway.sandbox.faults.set('cred-1', 'close-at-reuse', { times: 1 });
  expect(await statusOf(gateway)).toBe(200);
  gateway.sandbox.faults.set('cred-1', 'close-before-head');
  expect(await statusOf(gateway)).toBe(502);
  expect((await gateway.records()).map(verdictsOf)).toEqual([
    ['served'],
    ['stale_connection', 'lost'],
  ]);
  expect(received(gateway)).toHaveLength(2);
});

test('an answer that began on a kept connection and broke off is not asked for again', async () => {
  const gateway = await startGateway({ fleet: canaryFleet(10) });
  expect(await statusOf(gateway)).toBe(200);
  gateway.sandbox.faults.set('cred-1', 'cut-after-bytes;n=40');
  expect(await statusOf(gateway)).toBe(502);
  expect(received(gateway).map(({ ordinal }) => ordinal)).toEqual([1, 2]);
  expect((await gateway.records()).at(-1)?.attempts).toHaveLength(1);
});
