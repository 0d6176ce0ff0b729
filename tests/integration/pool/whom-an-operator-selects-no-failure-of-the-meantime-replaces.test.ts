import { expect, test } from '@jest/globals';
import { Pool as PoolRow } from '../../../src/entities/pool.ts';
import { openHouse, otherProcess, poolAt, restarted, startProvider } from './fixture.ts';
import type { House } from './fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

const ROTATING = { strategy: 'selected_then_rotate' };

async function aHouse(names: string[]): Promise<House> {
  const house = await openHouse();
  await house.configure([poolAt(await startProvider(), names, ROTATING)]);
  return house;
}

/** As the strategy and the data plane do it when who is selected fails. */
function moves(house: House, from: string, to: string): void {
  const nowMs = house.clock.now();
  const facts = { model: 'm', status: 429, verdict: 'rate_limited', requestId: 'r1' };
  house.pool().turn.selectedId = house.member(to).id;
  const members = [house.member(from), house.member(to)] as const;
  house.upkeep.selections.moved(house.pool(), ...members, { ...facts, startedAtMs: nowMs, nowMs });
}

const nameOf = (house: House, id: string | null | undefined) =>
  house.pool().members.find((member) => member.id === id)?.name ?? id;

/** Who is selected in memory and on disk, and who selected whom, oldest first. */
async function told(house: House) {
  const [row] = await house.space.orm.em.fork().find(PoolRow, { id: house.pool().id });
  const events = await house.events('pool.credential_selected');
  return {
    memory: nameOf(house, house.pool().turn.selectedId),
    disk: nameOf(house, row?.selectedCredentialId),
    events: events.map(({ actor, after }) => `${actor} ${(after as { name: string }).name}`),
  };
}

test('a choice that memory has not heard of yet stays, and calls follow it', async () => {
  const house = await aHouse(['a', 'b', 'c']);
  const cli = await otherProcess(house);
  await cli.credentials.select(CLI, { credential: 'c' });
  moves(house, 'a', 'b');
  await house.settled();
  const expected = { memory: 'c', disk: 'c', events: ['cli c'] };
  expect(await told(house)).toEqual(expected);
  expect(await told(await restarted(house))).toEqual(expected);
});

test('so it does when the selection moved on twice meanwhile; then failures move it again', async () => {
  const house = await aHouse(['a', 'b', 'c']);
  const cli = await otherProcess(house);
  moves(house, 'a', 'b');
  await house.settled();
  await cli.credentials.select(CLI, { credential: 'a' });
  moves(house, 'b', 'c');
  moves(house, 'c', 'b');
  await house.settled();
  expect(await told(house)).toEqual({ memory: 'a', disk: 'a', events: ['system b', 'cli a'] });
  moves(house, 'a', 'b');
  await house.settled();
  expect(await told(house)).toEqual({
    memory: 'b',
    disk: 'b',
    events: ['system b', 'cli a', 'system b'],
  });
});

test('who has left the pool is nobody’s choice any more', async () => {
  const house = await aHouse(['a', 'b', 'c']);
  await house.space.credentials.select(CLI, { credential: 'c' });
  await house.configure([poolAt(await startProvider(), ['a', 'b'], ROTATING)]);
  moves(house, 'a', 'b');
  await house.settled();
  expect(await told(house)).toEqual({ memory: 'b', disk: 'b', events: ['cli c', 'system b'] });
});
