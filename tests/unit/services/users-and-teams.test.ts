import { beforeEach, describe, expect, test } from '@jest/globals';
import { newId } from '../../../src/lib/ids.ts';
import { openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

let office: Office;

beforeEach(async () => {
  office = await openOffice();
});

describe.each(['user', 'team'] as const)('a %s', (kind) => {
  const service = () => (kind === 'user' ? office.space.users : office.space.teams);

  test('is made enabled, listed by name, and changed by id or name', async () => {
    const { id } = await service().create(CLI, { name: ' zoe ', metadata: { floor: 3 } });
    await service().create(CLI, { name: 'ann' });
    expect((await service().list(CLI)).map(({ name }) => name)).toEqual(['ann', 'zoe']);
    await service().update(CLI, 'zoe', { isEnabled: false });
    await service().update(CLI, id, { name: 'eve' });
    const eve = (await service().list(CLI)).find((one) => one.id === id);
    expect(eve).toMatchObject({ name: 'eve', isEnabled: false, metadata: { floor: 3 } });
    const events = await office.events(`${kind}.`);
    expect(events.map(({ type }) => type.split('.')[1])).toEqual([
      'created',
      'created',
      'updated',
      'updated',
    ]);
    expect(events[0]).toMatchObject({
      subject: id,
      before: null,
      after: { metadata: { floor: 3 } },
    });
    expect(events[3]).toMatchObject({
      subject: id,
      before: { name: 'zoe', isEnabled: false },
      after: { name: 'eve', isEnabled: false },
    });
  });

  test('has a name of its own, however many want it at once', async () => {
    const wanted = Array.from({ length: 20 }, () => service().create(CLI, { name: 'ann' }));
    const results = await Promise.allSettled(wanted);
    const refused = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    expect(refused).toHaveLength(19);
    expect(refused[0]).toMatchObject({
      code: 'conflict',
      param: 'name',
      message: `Another ${kind} has this name already.`,
    });
    expect(await service().list(CLI)).toHaveLength(1);
    expect(await office.events(`${kind}.`)).toHaveLength(1);
    await service().create(CLI, { name: 'zoe' });
    await expect(service().update(CLI, 'zoe', { name: 'ann' })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  test('may not be called like an id, and one that is not there is named', async () => {
    await expect(service().create(CLI, { name: newId() })).rejects.toThrow(
      'name: may not look like an id',
    );
    await expect(service().update(CLI, 'bob', { isEnabled: true })).rejects.toMatchObject({
      code: 'not_found',
      message: `There is no ${kind} called bob.`,
    });
  });
});

test('a team has limits, which null lifts', async () => {
  const { teams } = office.space;
  const limits = { rpmLimit: 10, tpmLimit: 2000, concurrencyLimit: 3 };
  await teams.create(CLI, { name: 'research', ...limits });
  expect(await teams.list(CLI)).toMatchObject([limits]);
  await teams.update(CLI, 'research', { tpmLimit: null });
  expect(await teams.list(CLI)).toMatchObject([{ ...limits, tpmLimit: null }]);
  const wrong = { name: '', rpmLimit: 0, tpmLimit: -1, concurrencyLimit: 0.5 };
  const failure = await teams.create(CLI, wrong).catch(String);
  for (const field of Object.keys(wrong)) expect(failure).toContain(`${field}: `);
});
