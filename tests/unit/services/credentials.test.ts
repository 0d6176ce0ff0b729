import { beforeEach, describe, expect, test } from '@jest/globals';
import { Ban } from '../../../src/entities/ban.ts';
import type { BanService } from '../../../src/services/bans.ts';
import type { CredentialService } from '../../../src/services/credentials.ts';
import { aCredential, openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';
import { ADMIN, CLI } from '../../../src/services/actor.ts';

const FOREVER = ' until lifted';

let office: Office;
let credentials: CredentialService;
let bans: BanService;

beforeEach(async () => {
  office = await openOffice();
  ({ bans, credentials } = office.space);
  await office.configure([
    { name: 'main', credentials: [aCredential('one'), aCredential('two')] },
    { name: 'spare', credentials: [aCredential('two'), aCredential('three', { weight: 7 })] },
  ]);
});

/** `pool/name: what is banned` of every credential. */
async function overview(): Promise<string[]> {
  return (await credentials.list(CLI)).map(({ pool, credential, bans: inForce }) =>
    [
      `${pool.name}/${credential.name}:`,
      ...inForce.map(({ model, untilMs }) => (model ?? 'all') + (untilMs === null ? FOREVER : '')),
    ].join(' '),
  );
}

const idOf = async (text: string): Promise<string> =>
  (await credentials.list(CLI)).find(
    ({ pool, credential }) => `${pool.name}/${credential.name}` === text,
  )?.credential.id ?? '';

test('the list goes by pool and age, and tells what each may do', async () => {
  expect(await overview()).toEqual(['main/one:', 'main/two:', 'spare/two:', 'spare/three:']);
  const last = (await credentials.list(CLI)).at(-1);
  expect(last?.credential).toMatchObject({ provider: 'openai', secretHint: 'xxxx', weight: 7 });
  expect(JSON.stringify(last)).not.toContain('sk-three');
});

describe('a credential is named', () => {
  test('by id, by pool and name, and by a name that one alone has', async () => {
    const id = await idOf('spare/two');
    for (const text of [id, 'spare/two']) {
      const { ban } = await bans.ban(CLI, { credential: text });
      expect(ban.credentialId).toBe(id);
    }
    const { ban } = await bans.ban(CLI, { credential: 'three' });
    expect(ban.credentialId).toBe(await idOf('spare/three'));
  });

  test.each([
    ['two', 'two names more than one credential: say main/two or spare/two.'],
    ['four', 'There is no credential called four.'],
    ['main/three', 'There is no credential called main/three.'],
    ['other/two', 'There is no credential called other/two.'],
    ['main/', 'There is no credential called main/.'],
  ])('not by %s', async (credential, message) => {
    const acts = [
      bans.ban(CLI, { credential }),
      bans.liftBans(CLI, { credential }),
      credentials.select(CLI, { credential }),
    ];
    for (const refused of await Promise.allSettled(acts)) {
      expect(refused).toMatchObject({ status: 'rejected', reason: { message } });
    }
    expect(await office.events('credential_ban.')).toEqual([]);
  });

  test('not by what is not configured any more, while another has the name', async () => {
    await office.configure([{ name: 'main', credentials: [aCredential('two')] }]);
    const { ban } = await bans.ban(CLI, { credential: 'two' });
    expect(ban.credentialId).toBe(await idOf('main/two'));
    await expect(credentials.select(CLI, { credential: 'three' })).rejects.toThrow(
      'spare/three is disabled.',
    );
  });
});

describe('a ban', () => {
  test('is a row with its reason, and an event', async () => {
    const nowMs = office.clock.now();
    const { ban } = await bans.ban(ADMIN, {
      credential: 'one',
      model: 'gpt-4o',
      durationMs: 600_000,
      note: 'invoice unpaid',
    });
    const [row] = await office.space.orm.em.fork().find(Ban, {});
    expect(row).toMatchObject({
      id: ban.id,
      credentialId: await idOf('main/one'),
      model: 'gpt-4o',
      reason: 'operator',
      evidence: { statuses: [], requestIds: [], note: 'invoice unpaid' },
      actor: 'admin',
      strike: 1,
      endedAtMs: null,
      endedBy: null,
    });
    expect(row?.startedAtMs).toBeGreaterThanOrEqual(nowMs);
    expect(row?.untilMs).toBe((row?.startedAtMs ?? 0) + 600_000);
    expect(await office.events('credential_ban.')).toMatchObject([
      {
        type: 'credential_ban.imposed',
        subject: row?.credentialId,
        actor: 'admin',
        before: null,
        after: {
          ban: ban.id,
          model: 'gpt-4o',
          until: new Date(row?.untilMs ?? 0).toISOString(),
          reason: 'operator',
          note: 'invoice unpaid',
        },
      },
    ]);
  });

  test('is in force until its time has come, or until it is lifted', async () => {
    await bans.ban(CLI, { credential: 'one', durationMs: 60_000 });
    await bans.ban(CLI, { credential: 'one', model: 'gpt-4o' });
    expect((await overview())[0]).toBe(`main/one: all gpt-4o${FOREVER}`);
    office.clock.advance(60_001);
    expect((await overview())[0]).toBe(`main/one: gpt-4o${FOREVER}`);
    await bans.liftBans(CLI, { credential: 'one' });
    expect((await overview())[0]).toBe('main/one:');
  });

  test('of nonsense is refused with every mistake', async () => {
    const nonsense = { credential: '', durationMs: 0, note: ' ', model: '' };
    const refused = bans.ban(CLI, nonsense);
    await expect(refused).rejects.toThrow(/credential: .*model: .*durationMs: .*note: /);
  });
});

describe('lifting', () => {
  test('ends every ban in force, with an event each', async () => {
    const imposed = [];
    for (const model of ['a', 'b', 'c']) {
      imposed.push((await bans.ban(CLI, { credential: 'one', model })).ban.id);
    }
    await bans.ban(CLI, { credential: 'spare/two' });
    const some = await bans.liftBans(ADMIN, { credential: 'one', model: 'b' });
    expect(some.bans.map(({ id }) => id)).toEqual([imposed[1]]);
    const rest = await bans.liftBans(ADMIN, { credential: 'one' });
    expect(rest.bans.map(({ id }) => id)).toEqual([imposed[0], imposed[2]]);
    expect(rest.bans[0]).toMatchObject({ endedBy: 'admin' });
    expect(rest.bans[0]?.endedAtMs).toBeLessThanOrEqual(office.clock.now());
    const id = await idOf('main/one');
    expect(await office.events('credential_ban.lifted')).toMatchObject(
      [imposed[1], imposed[0], imposed[2]].map((ban) => ({
        subject: id,
        before: { ban },
        actor: 'admin',
      })),
    );
    expect(await overview()).toEqual([
      'main/one:',
      'main/two:',
      `spare/two: all${FOREVER}`,
      'spare/three:',
    ]);
  });

  test('nothing says so', async () => {
    await bans.ban(CLI, { credential: 'one', model: 'a', durationMs: 1000 });
    const other = bans.liftBans(CLI, { credential: 'one', model: 'b' });
    await expect(other).rejects.toThrow('No ban is in force on main/one for b.');
    office.clock.advance(1001);
    const late = bans.liftBans(CLI, { credential: 'one' });
    await expect(late).rejects.toThrow('No ban is in force on main/one.');
  });
});

test('selecting leaves one selected in the pool, and says who was before', async () => {
  await credentials.select(CLI, { credential: 'one' });
  await credentials.select(CLI, { credential: 'main/two' });
  const selected = (await credentials.list(CLI)).filter(({ isSelected }) => isSelected);
  expect(selected.map(({ credential }) => credential.id)).toEqual([await idOf('main/two')]);
  const { id } = selected[0]?.pool ?? {};
  expect(await office.events('pool.credential_selected')).toMatchObject([
    {
      subject: id,
      before: { credential: null },
      after: { credential: await idOf('main/one'), name: 'one' },
    },
    {
      subject: id,
      before: { credential: await idOf('main/one') },
      after: { credential: await idOf('main/two'), name: 'two' },
    },
  ]);
});
