import { test } from '@jest/globals';
import * as fc from 'fast-check';
import type { BudgetState } from '../../../src/accounting/budgets/terms.ts';
import type { LimitSubject } from '../../../src/accounting/limits.ts';
import { DAY_MS, HOUR_MS, aBudget } from '../accounting/budgets/fixture.ts';
import { World } from './admission-world.ts';
import type { Entry } from './admission-world.ts';
import { settled } from './fixture.ts';

type Command = fc.AsyncCommand<object, World>;

/** A deed, after which everything is compared; what waits for nothing but its turn has had it. */
const command = (name: string, run: (world: World) => void): Command => ({
  check: () => true,
  async run(_model, world) {
    await settled();
    world.compare();
    run(world);
    await settled();
    world.compare();
  },
  toString: () => name,
});

const KEYS = ['k1', 'k2'];
const TEAM = 't';
const BUDGETS = ['b1', 'b2', 'b3', 'b4'];

const nano = fc.oneof(fc.bigInt({ min: 0n, max: 60n }), fc.bigInt({ min: 0n, max: 300n }));

const states = fc
  .record({
    id: fc.constantFrom(...BUDGETS),
    scope: fc.constantFrom('key', 'team', 'user', 'pool'),
    capNano: nano,
    period: fc.constantFrom('none', 'hourly', 'daily', 'weekly', 'monthly'),
    zone: fc.constantFrom('UTC', 'Asia/Kathmandu'),
    isHard: fc.oneof(fc.constant(true), fc.boolean()),
    isEnabled: fc.oneof(fc.constant(true), fc.boolean()),
    settledNano: fc.oneof(fc.constant(0n), nano),
  })
  .map((fields): BudgetState => {
    const subjects = { key: 'k1', team: TEAM, user: 'u', pool: 'pool-1' } as const;
    return aBudget({ ...fields, subjectId: subjects[fields.scope] });
  });

const puts = states.map((state) =>
  command(
    `put ${state.id} of ${state.scope}: ${state.capNano} ${state.period}, ${state.settledNano} spent`,
    (world) => world.put(state),
  ),
);

/** The cap alone is another. */
const recaps = fc.tuple(fc.constantFrom(...BUDGETS), nano).map(([id, capNano]) =>
  command(`cap of ${id}: ${capNano}`, (world) => {
    const owner = world.money.owners.get(id);
    if (owner !== undefined) world.put({ ...owner.state, capNano });
  }),
);

const raises = fc
  .tuple(fc.constantFrom(...BUDGETS), nano, fc.integer({ min: 0, max: 7_200_000 }))
  .map(([id, raiseNano, ms]) =>
    command(`raise ${id} by ${raiseNano} for ${ms}`, (world) => {
      const owner = world.money.owners.get(id);
      const raisedUntil = new Date(world.real.clock.now() + ms);
      if (owner !== undefined) world.put({ ...owner.state, raiseNano, raisedUntil });
    }),
  );

const removes = fc
  .constantFrom(...BUDGETS)
  .map((id) => command(`remove ${id}`, (world) => world.remove(id)));

const number = (max: number) => fc.oneof(fc.constant(null), fc.integer({ min: 1, max }));

const relimits = fc
  .record({
    subject: fc.constantFrom<[LimitSubject['scope'], string][]>(
      ['key', 'k1'],
      ['key', 'k2'],
      ['team', TEAM],
    ),
    rpm: number(8),
    tpm: number(150),
    concurrency: number(5),
  })
  .map(({ subject: [scope, id], ...numbers }) =>
    command(`limits of ${id}: ${JSON.stringify(numbers)}`, ({ scopes }) => {
      scopes[scope].set(id, numbers);
    }),
  );

const admits = fc
  .record({
    key: fc.constantFrom(...KEYS),
    team: fc.constantFrom('', TEAM, TEAM),
    user: fc.constantFrom('', 'u'),
    tokens: fc.oneof(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 2, max: 200 })),
    isCallers: fc.oneof({ arbitrary: fc.constant(false), weight: 6 }, fc.boolean()),
    slowMs: fc.oneof(fc.constant(0), fc.nat({ max: 300_000 })),
    isRefused: fc.oneof({ arbitrary: fc.constant(false), weight: 3 }, fc.boolean()),
  })
  .map(({ isRefused, ...ask }) =>
    command(`admit ${JSON.stringify(ask)}${isRefused ? ', not to be written' : ''}`, (world) => {
      world.real.ledger.isNextRefused = isRefused;
      world.admit(ask);
      world.real.ledger.isNextRefused = false;
    }),
  );

const onEntry = (name: string, at: number, run: (world: World, entry: Entry) => void) =>
  command(`${name} #${at}`, (world) => {
    const entry = world.entries.at(-1 - (at % Math.max(1, world.entries.length)));
    if (entry !== undefined) run(world, entry);
  });

const recent = fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 30 }));

/** Within what was held, beyond it, or nothing. */
const settlements = fc
  .tuple(recent, fc.oneof(fc.nat({ max: 110 }), fc.nat({ max: 300 }), fc.constant(null)))
  .map(([at, percent]) =>
    onEntry(`settle at ${percent}%`, at, (world, entry) => {
      const { tokens } = entry.ask;
      world.settle(entry, percent === null ? null : Math.floor((tokens * percent) / 100));
    }),
  );

const ends = recent.map((at) => onEntry('end', at, (world, entry) => world.end(entry)));

const extensions = fc
  .tuple(recent, nano)
  .map(([at, more]) =>
    onEntry(`extend by ${more}`, at, (world, entry) => world.extend(entry, more)),
  );

const outages = fc.constantFrom(true, false, false).map((isFailing) =>
  command(isFailing ? 'the store fails' : 'the store is back', ({ real }) => {
    real.ledger.isFailing = isFailing;
  }),
);

const waits = fc
  .oneof(
    fc.nat({ max: 30_000 }),
    fc.nat({ max: 61_000 }),
    fc.nat({ max: 2 * HOUR_MS }),
    fc.nat({ max: 2 * DAY_MS }),
    fc.nat({ max: 40 * DAY_MS }),
  )
  .map((ms) => command(`wait ${ms}`, ({ real }) => real.clock.advance(ms)));

const clockSteps = fc
  .integer({ min: -2 * DAY_MS, max: 2 * DAY_MS })
  .map((ms) =>
    command(`the wall clock is set by ${ms}`, ({ real }) =>
      real.clock.setWall(real.clock.now() + ms),
    ),
  );

test('whatever happens in whatever order, calls are let in and charged as lists of all that happened say', async () => {
  const often = [admits, admits, admits, admits, settlements, settlements, ends];
  const now = [puts, puts, recaps, raises, relimits, extensions, waits];
  const seldom = [removes, outages, clockSteps];
  const commands = fc.commands([...often, ...now, ...seldom], { size: '+1', maxCommands: 60 });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), commands, async (scheduler, deeds) => {
      const world = new World(scheduler);
      await fc.scheduledModelRun(scheduler, () => ({ model: {}, real: world }), deeds);
      await settled();
      world.compare();
      for (const entry of world.entries) {
        world.settle(entry, 1);
        world.end(entry);
        world.settle(entry, 2);
      }
      await settled();
      world.expectAllOver();
    }),
    { numRuns: 250 },
  );
});
