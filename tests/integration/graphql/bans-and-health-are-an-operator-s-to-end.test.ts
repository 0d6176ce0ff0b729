import { expect, test } from '@jest/globals';
import { canaryFleet, isOwnAsk, startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { until } from '../../support/patience.ts';
import { asking } from './spare-fleet.ts';
import { statementsOf } from './statements.ts';

const BAN = `mutation Ban($input: BanCredentialInput!) {
  banCredential(input: $input) {
    id credentialId model reason actor strike startedAt until endedAt
    evidence { statuses requestIds note } credential { name pool { name } }
  }
}`;

const BANS = `query Bans($first: Int, $after: String, $filter: BanFilter) {
  bans(first: $first, after: $after, filter: $filter) {
    nodes { id model reason endedAt endedBy credential { name } }
    pageInfo { hasNextPage endCursor }
  }
}`;

const LIVE = `{ credentials { name bans { model } live { isUsable state { state model } blocks { state model } } } }`;

const RESET = `mutation Reset($credential: ID!, $all: Boolean) {
  resetHealth(credential: $credential, liftBans: $all) { bans { reason } credential { name } }
}`;

const callsTo = ({ sandbox }: Gateway, name: string): number =>
  sandbox.witness.entries.filter(
    (entry) => entry.kind === 'received' && entry.credential === name && !isOwnAsk(entry),
  ).length;

async function world(pool: Record<string, unknown> = {}, credentials = 2) {
  const fleet = canaryFleet(...Array.from({ length: credentials }, () => 10));
  const gateway = await startGateway({ fleet, pool });
  const client = asking(gateway);
  const stateOf = async (name: string) =>
    (await client.told(LIVE)).credentials.find((one: { name: string }) => one.name === name).live;
  return { gateway, stateOf, ...client };
}

test('a ban stops calls at once; its lifting lets one try, then all', async () => {
  const { gateway, told, stateOf, refused } = await world();
  const input = { credential: 'cred-2', note: 'leaked', durationMs: 600_000 };
  const { banCredential: ban } = await told(BAN, { input });
  expect(ban).toMatchObject({
    model: null,
    reason: 'OPERATOR',
    actor: 'admin',
    strike: 1,
    endedAt: null,
    evidence: { statuses: [], requestIds: [], note: 'leaked' },
    credential: { name: 'cred-2', pool: { name: 'default' } },
  });
  expect(Date.parse(ban.until) - Date.parse(ban.startedAt)).toBe(600_000);
  await Promise.all(Array.from({ length: 10 }, () => gateway.chat()));
  expect(callsTo(gateway, 'cred-2')).toBe(0);
  expect(await stateOf('cred-2')).toMatchObject({ isUsable: false, state: { state: 'BANNED' } });

  const lift = 'mutation { liftBans(credential: "cred-2") { bans { id } credential { name } } }';
  expect((await told(lift)).liftBans).toEqual({
    bans: [{ id: ban.id }],
    credential: { name: 'cred-2' },
  });
  expect(await stateOf('cred-2')).toMatchObject({ isUsable: true, state: { state: 'ACTIVE' } });
  for (let nth = 0; nth < 4; nth += 1) await gateway.chat();
  expect(callsTo(gateway, 'cred-2')).toBe(2);
  expect(await refused(lift)).toMatchObject({ code: 'NOT_FOUND' });
});

test('one that is enabled again is not called before its ban is known', async () => {
  const { gateway, told } = await world();
  await told(BAN, { input: { credential: 'cred-2' } });
  const calls: Promise<Response>[] = [];
  for (let nth = 0; nth < 5; nth += 1) {
    await told('mutation { disableCredential(id: "cred-2") { id } }');
    const enabled = told('mutation { enableCredential(id: "cred-2") { id } }');
    for (let call = 0; call < 10; call += 1) calls.push(gateway.chat());
    await enabled;
  }
  for (const { status } of await Promise.all(calls)) expect(status).toBe(200);
  expect(callsTo(gateway, 'cred-2')).toBe(0);
});

test('bans are paged newest first, and found by what they are', async () => {
  const { told } = await world();
  for (const model of ['a', 'b', 'c']) {
    await told(BAN, { input: { credential: 'cred-1', model } });
  }
  await told(BAN, { input: { credential: 'cred-2' } });
  await told('mutation { liftBans(credential: "cred-1", model: "b") { bans { id } } }');
  const seen: unknown[] = [];
  for (let after: string | undefined; ;) {
    const { bans } = await told(BANS, { first: 3, ...(after === undefined ? {} : { after }) });
    seen.push(...bans.nodes.map(({ model }: { model: string | null }) => model));
    if (bans.pageInfo.hasNextPage === false) break;
    after = bans.pageInfo.endCursor;
  }
  expect(seen).toEqual([null, 'c', 'b', 'a']);
  for (const [filter, models] of [
    [{ credential: 'cred-1', isActive: true }, ['c', 'a']],
    [{ isActive: false }, ['b']],
    [{ pool: 'default', reason: 'COUNTED' }, []],
    [{ credential: 'default/cred-2' }, [null]],
  ] as const) {
    const { bans } = await told(BANS, { filter });
    expect(bans.nodes.map(({ model }: { model: string | null }) => model)).toEqual(models);
  }
});

test('a reset forgets cooldowns and earned bans, and operators’ own only when asked to', async () => {
  const counted = { max_attempts: 1, error_codes: [500] };
  const { gateway, told, stateOf } = await world({ bans: counted }, 1);
  const { faults } = gateway.sandbox;
  faults.set('cred-1', 'status;code=500', { times: 1 });
  await gateway.chat();
  faults.set('cred-1', 'status;code=429;retry-after=300', { times: 1 });
  await gateway.chat({ model: 'gpt-4o' });
  await gateway.app.upkeep.journal.flushed();
  await told(BAN, { input: { credential: 'cred-1', model: 'o3' } });
  const states = async () =>
    (await stateOf('cred-1')).blocks
      .map(({ state, model }: { state: string; model: string }) => `${state} ${model}`)
      .toSorted();
  expect(await states()).toEqual(['BANNED gpt-4o-mini', 'BANNED o3', 'COOLING gpt-4o']);

  const { resetHealth } = await told(RESET, { credential: 'cred-1' });
  expect(resetHealth).toEqual({ bans: [{ reason: 'COUNTED' }], credential: { name: 'cred-1' } });
  expect(await states()).toEqual(['BANNED o3']);
  for (const model of ['gpt-4o-mini', 'gpt-4o']) {
    expect((await gateway.chat({ model })).status).toBe(200);
  }
  await told(RESET, { credential: 'cred-1', all: true });
  expect(await states()).toEqual([]);
  const types = (await gateway.events('credential_health.reset')).map(({ actor }) => actor);
  expect(types).toEqual(['admin', 'admin']);
});

test('the health of origins is told: ejected, half-open, healthy', async () => {
  const ejection = { failures: 1, duration: '30s' };
  const { gateway, told } = await world({ ejection, bans: null, attempts_max: 1 }, 1);
  const QUERY = `{ providerHealth {
    origin state until strike credentialsCount inFlight ejections { model state strike }
  } }`;
  const health = async () => (await told(QUERY)).providerHealth;
  const { url: origin } = gateway.sandbox;
  expect(await health()).toEqual([
    {
      origin,
      state: 'HEALTHY',
      until: null,
      strike: 0,
      credentialsCount: 1,
      inFlight: 0,
      ejections: [],
    },
  ]);
  gateway.sandbox.faults.set('cred-1', 'status;code=503', { times: 1 });
  await gateway.chat();
  const ejected = { model: 'gpt-4o-mini', state: 'EJECTED', strike: 1 };
  expect(await health()).toMatchObject([{ state: 'HEALTHY', ejections: [ejected] }]);
  gateway.clock.advance(60_000);
  expect(await health()).toMatchObject([{ ejections: [{ ...ejected, state: 'HALF_OPEN' }] }]);
  expect((await gateway.chat()).status).toBe(200);
  await until(async () => (await health())[0].ejections.length === 0);
});

test('a list of credentials takes as many statements as one', async () => {
  const everything = `{ pools { name modelsCount policy { minCredit health { banMs counted { windowMs } } }
    credentials { name isSelected pool { name } bans { id credential { name } }
      live { balance burnRate runsOutAt } } } }`;
  const counts: number[] = [];
  for (const credentials of [1, 20]) {
    const { gateway, told } = await world({}, credentials);
    const statements = await statementsOf(gateway, async () => {
      const { pools } = await told(everything);
      expect(pools[0].credentials).toHaveLength(credentials);
    });
    // What happens meanwhile is told by the event log, whoever asks.
    counts.push(statements.filter((sql) => !sql.includes('events')).length);
  }
  expect(counts[0]).toBeGreaterThan(0);
  expect(counts[1]).toBe(counts[0]);
});
