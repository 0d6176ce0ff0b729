import { describe, expect, test } from '@jest/globals';
import { Credential } from '../../../src/entities/credential.ts';
import { SYSTEM } from '../../../src/services/actor.ts';
import { canaryFleet, startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { until } from '../../support/patience.ts';
import { ADD, asking, expectKept, startSpareFleet } from './spare-fleet.ts';

const changing = (name: string) =>
  `mutation Change($id: ID!) { ${name}(id: $id) { id isEnabled } }`;

const UPDATE = `mutation Update($id: ID!, $input: UpdateCredentialInput!) {
  updateCredential(id: $id, input: $input) { name weight rpmLimit models secretHint baseUrl }
}`;

const LIVE = `query Live($id: ID!) {
  credential(id: $id) {
    name deletedAt isEnabled secretHint
    live {
      isUsable inFlight balance usedTotal checkedAt burnRate runsOutAt modelsCount
      state { state model until strike } blocks { state model strike }
      requests { limit used remaining resetsAt } tokens { limit used }
      latencies { model ms } failures { status verdict model at requestId }
    }
  }
}`;

/** So many calls, one after the other. */
async function call(gateway: Gateway, times: number): Promise<void> {
  for (let nth = 0; nth < times; nth += 1) expect((await gateway.chat()).status).toBe(200);
}

async function world(pool: Record<string, unknown> = {}) {
  const spare = await startSpareFleet(20, 7, 0);
  const gateway = await startGateway({ fleet: canaryFleet(10), pool });
  const client = asking(gateway);
  const add = async (nth: number, more: Record<string, unknown> = {}) =>
    (await client.told(ADD, { input: spare.adding(nth, more) })).addCredential;
  return { spare, gateway, add, ...client };
}

test('its whole life: added, off, on, selected, deleted, and its name free again', async () => {
  const { spare, gateway, add, told, refused, answers } = await world();
  const added = await add(0, { weight: 3, rpmLimit: 100 });
  expect(added).toMatchObject({
    name: 'spare-0',
    provider: 'sandbox',
    secretHint: 'xxxx',
    isEnabled: true,
    weight: 3,
    priority: 1,
    rpmLimit: 100,
    models: null,
    source: 'operator',
    isSelected: false,
    pool: { name: 'default' },
    bans: [],
  });
  await call(gateway, 4);
  expect(spare.calls(0)).toBe(2);

  await told(changing('disableCredential'), { id: added.id });
  await call(gateway, 3);
  expect(spare.calls(0)).toBe(2);
  const { credential: off } = await told(LIVE, { id: added.id });
  expect(off.live).toMatchObject({ isUsable: false, state: { state: 'DISABLED' } });

  await told(changing('enableCredential'), { id: 'default/spare-0' });
  await call(gateway, 2);
  expect(spare.calls(0)).toBe(3);

  await told('mutation Select($id: ID!) { selectCredential(id: $id) { isSelected } }', {
    id: added.id,
  });
  const { pool } = await told('{ pool(id: "default") { selectedCredential { id } } }');
  expect(pool.selectedCredential.id).toBe(added.id);

  const [record] = (await gateway.records()).filter(
    ({ credentialId }) => credentialId === added.id,
  );
  await told(changing('deleteCredential'), { id: added.id });
  const before = spare.calls(0);
  await call(gateway, 3);
  expect(spare.calls(0)).toBe(before);
  const explain =
    'query Why($id: ID!) { explainRequest(id: $id) { record { credential { name } } } }';
  const { explainRequest } = await told(explain, { id: record?.id });
  expect(explainRequest.record.credential.name).toBe('default/spare-0');
  expect((await told(LIVE, { id: added.id })).credential).toMatchObject({
    name: 'spare-0',
    isEnabled: false,
    deletedAt: expect.any(String),
  });
  const { credentials } = await told('{ credentials { name } }');
  expect(credentials.map(({ name }: { name: string }) => name)).toEqual(['cred-1']);
  expect(await refused(changing('enableCredential'), { id: added.id })).toMatchObject({
    code: 'NOT_FOUND',
  });

  const again = await add(1, { name: 'spare-0' });
  expect(again.id).not.toBe(added.id);
  await call(gateway, 2);
  expect(spare.calls(1)).toBe(1);
  const row = await gateway.space.orm.em
    .fork()
    .findOneOrFail(Credential, { id: added.id }, { populate: ['secretSealed'] });
  expect([row.secretSealed, row.isEnabled]).toEqual(['', false]);
  await expectKept(
    gateway,
    spare.accounts.map(({ key }) => key),
    answers,
  );
  const types = (await gateway.events()).map(({ type }) => type);
  for (const type of ['created', 'disabled', 'enabled', 'removed']) {
    expect(types).toContain(`credential.${type}`);
  }
});

test('its memory goes with it: connections, origin, names', async () => {
  const { spare, gateway, add, told } = await world();
  const added = await add(0);
  await call(gateway, 2);
  const { pools } = gateway.app;
  const origins = () => pools.origins().map(({ origin }) => origin);
  expect(origins()).toContain(spare.sandbox.url);
  expect(gateway.app.transport.size).toBe(2);
  await told(changing('deleteCredential'), { id: added.id });
  expect(origins()).toEqual([gateway.sandbox.url]);
  expect(gateway.app.transport.size).toBe(1);
  expect(pools.member(added.id)).toBeUndefined();
  const metrics = await gateway.fetch('/metrics', {
    method: 'GET',
    headers: { authorization: `Bearer ${gateway.space.secrets.admin.reveal()}` },
  });
  expect(await metrics.text()).not.toMatch(/credential_usable\{[^}]*spare-0/);
});

test('a call under way when it is deleted is served to its end', async () => {
  const spare = await startSpareFleet(20);
  const gateway = await startGateway({
    fleet: canaryFleet(10),
    pool: { strategy: 'priority' },
  });
  const { told } = asking(gateway);
  const input = spare.adding(0, { priority: 1 });
  const { addCredential } = await told(ADD, { input });
  await told('mutation { disableCredential(id: "default/cred-1") { id } }');
  const answer = await gateway.chat({ stream: true }, { 'x-sandbox-pace-ms': '20' });
  await told(changing('deleteCredential'), { id: addCredential.id });
  expect(await answer.text()).toContain('[DONE]');
  const [record] = await gateway.records();
  expect(record).toMatchObject({ credentialId: addCredential.id, outcome: 'settled' });
});

describe('a change', () => {
  test('of what it is like is so from the next call on', async () => {
    const { add, told, refused } = await world();
    const { id } = await add(0);
    const input = { name: 'other', weight: 9, rpmLimit: 5, models: ['gpt-4o-mini'] };
    const { updateCredential } = await told(UPDATE, { id, input });
    expect(updateCredential).toMatchObject(input);
    const lifted = await told(UPDATE, { id, input: { rpmLimit: null, models: null } });
    expect(lifted.updateCredential).toMatchObject({ name: 'other', rpmLimit: null, models: null });
    expect(await refused(UPDATE, { id, input: { name: 'cred-1' } })).toMatchObject({
      code: 'CONFLICT',
      param: 'name',
    });
    expect(
      await refused(UPDATE, { id, input: { baseUrl: 'http://127.0.0.1:1/v1' } }),
    ).toMatchObject({ code: 'INVALID_REQUEST', param: 'secret' });
  });

  test('of the secret makes it another account: what the one before did is forgotten', async () => {
    const { spare, gateway, add, told, answers } = await world({ bans: null });
    const { id } = await add(0);
    await until(async () => (await told(LIVE, { id })).credential.live.balance === '20.00');
    spare.sandbox.revoke('cred-1');
    await told('mutation { disableCredential(id: "default/cred-1") { id } }');
    await gateway.chat();
    await gateway.app.upkeep.prober.idle();
    await gateway.app.upkeep.journal.flushed();
    const banned = (await told(LIVE, { id })).credential.live;
    expect(banned).toMatchObject({ isUsable: false, state: { state: 'BANNED', strike: 1 } });
    expect(banned.failures[0]).toMatchObject({ status: 401, requestId: expect.any(String) });

    const input = { secret: spare.accounts[1]?.key };
    await told(UPDATE, { id, input });
    expect((await told(LIVE, { id })).credential.live).toMatchObject({
      isUsable: true,
      state: { state: 'ACTIVE' },
      failures: [],
    });
    await until(async () => (await told(LIVE, { id })).credential.live.balance === '7.00');
    await call(gateway, 1);
    expect(spare.calls(1)).toBe(1);
    const [ended] = await gateway.events('credential_ban.ended');
    expect(ended).toMatchObject({ subject: id, actor: 'admin' });
    await expectKept(
      gateway,
      spare.accounts.map(({ key }) => key),
      answers,
    );
  });

  test('of the secret leaves what an operator has said', async () => {
    const { spare, add, told } = await world();
    const { id } = await add(0);
    await told(`mutation { banCredential(input: { credential: "${id}" }) { id } }`);
    await told(UPDATE, { id, input: { secret: spare.accounts[1]?.key } });
    expect((await told(LIVE, { id })).credential.live.state).toMatchObject({ state: 'BANNED' });
  });
});

describe('what follows the configuration', () => {
  test.each([
    ['updateCredential(id: "cred-1", input: { weight: 2 })'],
    ['deleteCredential(id: "cred-1")'],
  ])('is changed there: %s', async (change) => {
    const { refused } = await world();
    expect(await refused(`mutation { ${change} { id } }`)).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('change tollgate.yaml'),
    });
  });

  test('leaves alone what was added, at the next start too', async () => {
    const { spare, gateway, add, told } = await world();
    const { id } = await add(0);
    await told('mutation { disableCredential(id: "cred-1") { id } }');
    await gateway.app.close(0);
    await gateway.space.close();
    const again = await startGateway({
      fleet: canaryFleet(10),
      dataDir: gateway.space.config.dataDir,
    });
    const listed = await again.space.credentials.list(SYSTEM);
    expect(
      listed.map(({ credential: { name, isEnabled, source } }) => [name, isEnabled, source]),
    ).toEqual([
      ['cred-1', true, 'config'],
      ['spare-0', true, 'operator'],
    ]);
    expect(again.app.pools.member(id)).toBeDefined();
    await call(again, 2);
    expect(spare.calls(0)).toBe(1);
  });
});

test('the live view tells of limits, latency, burn and what is left', async () => {
  const { gateway, add, told } = await world();
  const { id } = await add(0, { rpmLimit: 10, tpmLimit: 5000 });
  await told('mutation { disableCredential(id: "default/cred-1") { id } }');
  await call(gateway, 3);
  await gateway.records();
  await gateway.app.balances.refresh();
  const { live } = (await told(LIVE, { id })).credential;
  expect(live).toMatchObject({
    isUsable: true,
    state: { state: 'ACTIVE', model: null, until: null, strike: 0 },
    blocks: [],
    inFlight: 0,
    requests: { limit: 10, used: 3, remaining: 7, resetsAt: expect.any(String) },
    tokens: { limit: 5000, used: expect.any(Number) },
    latencies: [{ model: 'gpt-4o-mini', ms: expect.any(Number) }],
    failures: [],
    modelsCount: expect.any(Number),
    runsOutAt: expect.any(String),
  });
  const [spent, rate] = [20 - Number(live.balance), Number(live.burnRate)];
  expect(spent).toBeGreaterThan(0);
  // Between an hour and an hour and a quarter lie behind the rate.
  expect(rate).toBeLessThanOrEqual(spent * 1.0001);
  expect(rate).toBeGreaterThanOrEqual(spent * 0.799);
});

test('nonsense is refused with its field', async () => {
  const { spare, refused } = await world();
  for (const [more, param] of [
    [{ name: 'Bad Name' }, 'name'],
    [{ secret: 'two words' }, 'secret'],
    [{ secret: 'os.environ/KEY' }, 'secret'],
    [{ provider: 'nobody' }, 'provider'],
    [{ baseUrl: 'http://169.254.169.254/v1' }, 'baseUrl'],
    [{ baseUrl: 'ftp://host/v1' }, 'baseUrl'],
    [{ weight: 0 }, 'weight'],
    [{ models: [] }, 'models'],
  ] as const) {
    const error = await refused(ADD, { input: spare.adding(0, more) });
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', param });
  }
});

test('one that was added twice under one change is added once', async () => {
  const { spare, told, refused } = await world();
  const variables = { input: spare.adding(0), change: 'c1' };
  const [one, two] = [await told(ADD, variables), await told(ADD, variables)];
  expect(two.addCredential.id).toBe(one.addCredential.id);
  expect(await refused(ADD, { input: spare.adding(0) })).toMatchObject({ code: 'CONFLICT' });
});
