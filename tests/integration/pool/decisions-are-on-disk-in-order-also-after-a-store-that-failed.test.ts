import { expect, test } from '@jest/globals';
import { openHouse, poolAt, startProvider, until } from './fixture.ts';
import type { House } from './fixture.ts';

const COUNTED = { bans: { max_attempts: 1, ban_duration: '60s', error_codes: [500] } };

async function house(): Promise<House> {
  const provider = await startProvider();
  const made = await openHouse();
  await made.configure([poolAt(provider, ['a'], COUNTED)]);
  return made;
}

const sql = ({ space }: House, text: string) => space.orm.em.getConnection().execute(text);

/** So many models banned, cooling or forbidden, one after the other. */
function decide(made: House, from: number, to: number): void {
  for (let at = from; at < to; at += 1) {
    // At most one event in ten seconds tells of the same state.
    const nowMs = made.clock.now() + at * 10_000;
    if (at % 2 === 0)
      made.report('a', { kind: 'cooling', ms: 1000 }, { status: 429, model: `m${at}`, nowMs });
    else made.report('a', { kind: 'origin', isWhole: false, ms: null }, { model: `m${at}` });
  }
}

async function told(made: House): Promise<string[]> {
  const events = await made.events('credential_');
  return events.map(({ after }) => (after as { model: string }).model);
}

const models = (count: number) => Array.from({ length: count }, (_each, at) => `m${at}`);

test('two hundred decisions at once keep their order', async () => {
  const made = await house();
  decide(made, 0, 200);
  await made.settled();
  expect(await told(made)).toEqual(models(200));
  const rows = await made.bans();
  expect(rows.map(({ model }) => model)).toEqual(models(200).filter((_name, at) => at % 2 === 1));
});

test('a store that fails for a while delays them, loses none and doubles none', async () => {
  const made = await house();
  decide(made, 0, 3);
  await made.settled();
  await sql(made, 'alter table events rename to events_away');
  decide(made, 3, 8);
  for (const tries of [1, 2, 3]) {
    await until(() => made.logs().split('health not recorded').length - 1 === tries);
    if (tries < 3) made.clock.advance(1000);
  }
  // In memory it is decided all the same.
  expect(made.reason('a', 'm7')).toBe('banned');
  await sql(made, 'alter table events_away rename to events');
  expect(await made.bans()).toHaveLength(1);
  made.clock.advance(1000);
  await made.settled();
  expect(await told(made)).toEqual(models(8));
  expect((await made.bans()).map(({ model }) => model)).toEqual(['m1', 'm3', 'm5', 'm7']);
});

test('a subscriber that fails has none of them written again', async () => {
  const made = await house();
  let failures = 0;
  made.space.events.subscribe('credential_', () => {
    failures += 1;
    if (failures <= 2) throw new Error('cannot follow');
  });
  decide(made, 0, 4);
  await made.settled();
  await made.space.events.caughtUp();
  expect(await told(made)).toEqual(models(4));
  expect(failures).toBeGreaterThan(4);
  expect(made.logs()).toContain('cannot follow');
});

test('closing writes those that were made just before', async () => {
  const made = await house();
  decide(made, 0, 20);
  await made.close();
  const again = await openHouse(made);
  expect(await told(again)).toEqual(models(20));
});
