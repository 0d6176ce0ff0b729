import { expect, test } from '@jest/globals';
import { Ban } from '../../../src/entities/ban.ts';
import type { Gateway } from '../../support/gateway.ts';
import { rawClient, readSocket } from '../proxy/fixture.ts';
import { arrivalsOf } from '../proxy/fleet-load.ts';
import { startFleet, statusOf, times, together } from './fixture.ts';

const NAMES = ['cred-1', 'cred-2', 'cred-3'];

/** One call of a client that means harm; its status does not matter. */
type Mischief = (gateway: Gateway, index: number) => Promise<unknown>;

const read = async (response: Promise<Response>) => await (await response).arrayBuffer();

/** What the provider says to such a client, whichever credential is used. */
const provoking =
  (fault: string): Mischief =>
  (gateway) =>
    read(gateway.chat({}, { 'x-sandbox-fault': fault }));

const MISCHIEF: Record<string, Mischief> = {
  'models that nobody knows': (gateway, index) => read(gateway.chat({ model: `gpt-${index}` })),
  'a model that the provider denies': provoking('status;code=403'),
  'a model that the provider does not find': provoking('status;code=404'),
  'a page of a firewall': provoking('status;code=403;body=html'),
  'bad requests': provoking('status;code=400'),
  'requests that cannot be processed': provoking('status;code=422'),
  'bodies that the provider finds too large': provoking('early-status;code=413'),
  'a media type it does not take': provoking('status;code=415'),
  'a body that quotes an error of a key': provoking(
    'status;code=400;error-code=invalid_api_key;message=Incorrect%20API%20key',
  ),
  'a 401 that only this client gets': provoking('status;code=401'),
  'a 401 in a 200': provoking('error-in-200;code=invalid_api_key'),
  'a 403 in a 200': provoking('error-in-200;type=permission_error'),
  'an empty account that only this client finds': provoking('insufficient-quota'),
  'a 402 that only this client gets': provoking('status;code=402'),
  'broken JSON': (gateway) => read(gateway.fetch('/v1/chat/completions', { body: '{"model":' })),
  'a body that is too large for us': (gateway) =>
    read(gateway.chat({ filler: 'x'.repeat(3 * 1024 * 1024) })),
  'a head and no body': async (gateway) => {
    const headers = { 'content-type': 'application/json', 'content-length': 100 };
    const socket = rawClient(gateway, { path: '/v1/chat/completions', headers });
    socket.end('{');
    await readSocket(socket);
  },
};

async function expectAllWell(gateway: Gateway): Promise<void> {
  await gateway.app.upkeep.prober.idle();
  // An account that one client found empty is back as soon as its balance is known.
  const members = gateway.app.pools.all().flatMap((pool) => pool.members);
  await Promise.all(members.map((member) => gateway.app.balances.check(member)));
  await gateway.app.upkeep.journal.flushed();
  const bans = await gateway.space.orm.em.fork().find(Ban, { model: null });
  expect(bans).toEqual([]);
  const before = NAMES.map((name) => arrivalsOf(gateway, name).length);
  // Another model, at once: nothing that one client did may be in its way.
  expect(await together(gateway, 12, { model: 'gpt-4o' })).toEqual(times(12, 200));
  NAMES.forEach((name, index) => {
    expect(arrivalsOf(gateway, name).length).toBe((before[index] ?? 0) + 4);
  });
}

test.each(Object.entries(MISCHIEF))('%s', async (_name, mischief) => {
  const gateway = await startFleet({
    members: NAMES.map(() => ({})),
    env: { MAX_BODY_MB: '2' },
  });
  for (let round = 0; round < 4; round += 1) {
    await Promise.all(Array.from({ length: 5 }, (_each, at) => mischief(gateway, round * 5 + at)));
    await gateway.app.upkeep.prober.idle();
  }
  await expectAllWell(gateway);
});

test.each(['default', 'auto-router', 'virtual-keys'])(
  'all of it together, in a pool of preset %s',
  async (preset) => {
    const gateway = await startFleet({
      pool: { preset, strategy: 'round_robin' },
      members: NAMES.map(() => ({})),
      env: { MAX_BODY_MB: '2' },
    });
    const all = Object.values(MISCHIEF);
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(all.map((mischief, at) => mischief(gateway, round * all.length + at)));
      gateway.clock.advance(5000);
    }
    await expectAllWell(gateway);
    // What was set aside for the model itself comes back.
    if (preset === 'auto-router') return;
    gateway.clock.advance(1_800_000);
    expect(await statusOf(gateway)).toBe(200);
  },
);
