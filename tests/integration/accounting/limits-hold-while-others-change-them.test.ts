import { expect, test } from '@jest/globals';
import { systemClock } from '../../../src/lib/clock.ts';
import { createLogger } from '../../../src/lib/logger.ts';
import { usdFromNano } from '../../../src/lib/money.ts';
import { openWorkspace } from '../../../src/workspace.ts';
import type { Workspace } from '../../../src/workspace.ts';
import { msOf, quickest } from '../../support/fastest-of.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { afterwards, until } from '../proxy/fixture.ts';
import {
  arrivalsAfter,
  budgetWorth,
  callOnce,
  crowd,
  expectBudgetRefusals,
  expectLedgerOfWitness,
  expectNothingHeld,
  markOf,
  withStatus,
  withinCaps,
  worthOfACall,
} from './crowd.ts';
import type { Reply } from './crowd.ts';
import { CLI, SYSTEM } from '../../../src/services/actor.ts';

const CLIENTS = 25;
const CHANGES_MAX = 300;

/** A client makes far fewer until a change is obeyed. */
const CALLS_MAX = 5000;

/** A change by another process is obeyed within so much. */
const OBEYED_MS = 1000;
const TRIES = 5;

/** What another process on the same data has. */
async function otherProcess({ space }: Gateway): Promise<Workspace> {
  const other = await openWorkspace(space.config, systemClock, createLogger({ level: 'silent' }));
  afterwards(() => other.close());
  return other;
}

interface Scene {
  gateway: Gateway;
  /** Keys of team `crew`, whose user is `ada`; the first one is the gateway's own. */
  keys: string[];
  ids: string[];
}

async function aScene(): Promise<Scene> {
  const gateway = await startGateway();
  const { keys: service, users, teams } = gateway.space;
  await users.create(SYSTEM, { name: 'ada' });
  await teams.create(SYSTEM, { name: 'crew' });
  const owners = { user: 'ada', team: 'crew' };
  await service.update(SYSTEM, gateway.keyId, owners);
  const scene: Scene = { gateway, keys: [gateway.key], ids: [gateway.keyId] };
  for (const name of ['second', 'third', 'fourth']) {
    const { key, virtualKey } = await service.create(SYSTEM, { name, ...owners });
    scene.keys.push(key);
    scene.ids.push(virtualKey.id);
  }
  return scene;
}

const picked = (all: readonly string[], count: number): string => all[count % all.length] ?? '';

/** What is changed takes no limit, budget or key away, and changes none of their numbers. */
function harmlessChanges({ ids }: Scene, budgets: readonly string[]) {
  return [
    ({ keys }: Workspace, round: number) =>
      keys.update(CLI, picked(ids, round), { name: `renamed ${round}`, metadata: { round } }),
    ({ budgets: service }: Workspace, round: number) =>
      service.update(CLI, picked(budgets, round), {
        name: `renamed ${round}`,
        alertPercents: [1 + (round % 90), 99],
      }),
    ({ teams }: Workspace, round: number) => teams.update(CLI, 'crew', { metadata: { round } }),
    ({ keys }: Workspace, round: number) =>
      keys.create(CLI, { name: `new ${round}`, rpmLimit: 1 + round }),
    ({ users }: Workspace, round: number) => users.update(CLI, 'ada', { metadata: { round } }),
    ({ budgets: service }: Workspace, round: number) =>
      service.set(CLI, { scope: 'user', subject: 'ada', cap: 1000 + round, period: 'daily' }),
  ];
}

/**
 * Two other processes make changes, one after the other, as long as the calls go on. They share this
 * thread, where a transaction of one would wait for that of the other for ever: so they take turns.
 */
async function meanwhileChanged(
  scene: Scene,
  budgets: readonly string[],
  work: () => Promise<Reply[]>,
): Promise<Reply[]> {
  const processes = [await otherProcess(scene.gateway), await otherProcess(scene.gateway)];
  const changes = harmlessChanges(scene, budgets);
  const over = new AbortController();
  let count = 0;
  const meddle = async () => {
    for (; !over.signal.aborted && count < CHANGES_MAX; count += 1) {
      const round = Math.floor(count / changes.length);
      // Each of them makes each kind of change.
      const process = processes[(count + round) % processes.length];
      if (process !== undefined) await changes[count % changes.length]?.(process, round);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const meddling = meddle();
  const replies = await work().finally(() => over.abort());
  await meddling;
  // Each kind of change was made while calls were under way.
  expect(count).toBeGreaterThan(2 * changes.length);
  return replies;
}

/**
 * Clients side by side, each with one call after the other: while some are under way, others come and
 * changes are made.
 */
async function clients({ gateway, keys }: Scene, calls: number): Promise<Reply[]> {
  const headers = { 'x-sandbox-fault': 'delay-head;ms=150' };
  const client = async (at: number): Promise<Reply[]> => {
    const replies: Reply[] = [];
    for (let call = 0; call < calls / CLIENTS; call += 1) {
      const key = picked(keys, at + call);
      replies.push(await callOnce(gateway, { key, isStream: (at + call) % 2 === 1, headers }));
    }
    return replies;
  };
  return (await Promise.all(Array.from({ length: CLIENTS }, (_, at) => client(at)))).flat();
}

test('of 500 calls on a cap worth seven, seven pass', async () => {
  const scene = await aScene();
  const { gateway } = scene;
  const { holdNano } = await worthOfACall(gateway);
  const id = await budgetWorth(gateway, 7n * holdNano, { scope: 'team', subject: 'crew' });
  const loose = await budgetWorth(gateway, 90n * holdNano, { scope: 'pool', subject: 'default' });
  const mark = markOf(gateway);
  const replies = await withinCaps(gateway, [id, loose], () =>
    meanwhileChanged(scene, [id, loose], () => clients(scene, 500)),
  );
  expect(withStatus(replies, 200)).toHaveLength(7);
  expect(arrivalsAfter(gateway, mark)).toHaveLength(7);
  expectBudgetRefusals(
    replies.filter(({ status }) => status !== 200),
    'team',
  );
  await expectLedgerOfWitness(gateway, 2 + 7);
  await expectNothingHeld(gateway, [id, loose]);
});

test('of 1,000 calls at 10 a minute, ten pass', async () => {
  const scene = await aScene();
  const { gateway } = scene;
  await gateway.space.teams.update(SYSTEM, 'crew', { rpmLimit: 10 });
  const id = await budgetWorth(gateway, 10n ** 12n, { scope: 'pool', subject: 'default' });
  const replies = await meanwhileChanged(scene, [id], () => clients(scene, 1000));
  expect(withStatus(replies, 200)).toHaveLength(10);
  expect(withStatus(replies, 429)).toHaveLength(990);
  expect(arrivalsAfter(gateway, 0)).toHaveLength(10);
  await expectLedgerOfWitness(gateway, 10);
  await expectNothingHeld(gateway, [id]);
});

/** Clients that call again and again until one of their calls is answered so. */
function callUntil({ gateway, keys }: Scene, status: number): Promise<Reply[]> {
  return Promise.all(
    keys.map(async (key, at) => {
      for (let call = 0; call < CALLS_MAX; call += 1) {
        const reply = await callOnce(gateway, { key, isStream: at % 2 === 1 });
        if (reply.status === status) return reply;
        expect(reply.status).toBe(status === 200 ? 402 : 200);
      }
      throw new Error(`no call was answered ${status}`);
    }),
  );
}

async function someArrive(gateway: Gateway): Promise<void> {
  const mark = markOf(gateway);
  await until(() => arrivalsAfter(gateway, mark).length > 20);
}

test('a cap that another process cuts during the run is obeyed within a second, and so is one that is raised', async () => {
  const scene = await aScene();
  const { gateway, keys } = scene;
  const { holdNano } = await worthOfACall(gateway);
  const other = await otherProcess(gateway);
  const ample = () => budgetWorth(gateway, 10_000n * holdNano, { scope: 'team', subject: 'crew' });
  const id = await ample();
  const cap = usdFromNano(holdNano / 2n);
  const cutMs = async () => {
    await ample();
    const refusals = callUntil(scene, 402);
    await someArrive(gateway);
    await other.budgets.update(CLI, id, { cap });
    return msOf(async () => expectBudgetRefusals(await refusals, 'team'));
  };
  expect(await quickest(OBEYED_MS, TRIES, cutMs)).toBeLessThan(OBEYED_MS);

  await gateway.records();
  const before = await gateway.space.budgets.explain(CLI, id);
  expect(before.settledNano).toBeGreaterThan(before.budget.capNano);
  const mark = markOf(gateway);
  const refused = await crowd(gateway, 100, { keys });
  expectBudgetRefusals(refused, 'team');
  expect(arrivalsAfter(gateway, mark)).toEqual([]);
  // What was passed already stays passed, and nothing is added to it.
  expect(await gateway.space.budgets.explain(CLI, id)).toMatchObject({
    settledNano: before.settledNano,
    heldNano: 0n,
    isEqual: true,
  });

  const room = usdFromNano(before.settledNano + 7n * holdNano);
  let served = 0;
  const raisedMs = async () => {
    await other.budgets.update(CLI, id, { cap });
    await gateway.space.events.caughtUp();
    await other.budgets.update(CLI, id, { cap: room });
    served += 1;
    return msOf(() => callUntil({ ...scene, keys: keys.slice(0, 1) }, 200));
  };
  expect(await quickest(OBEYED_MS, TRIES, raisedMs)).toBeLessThan(OBEYED_MS);
  const more = await withinCaps(gateway, [id], () => crowd(gateway, 100, { keys }));
  expect(served + withStatus(more, 200).length).toBe(7);
  await expectLedgerOfWitness(gateway, arrivalsAfter(gateway, 0).length);
  await expectNothingHeld(gateway, [id]);
});

test('a budget that another process sets during the run knows what was spent, and binds within a second', async () => {
  const scene = await aScene();
  const { gateway } = scene;
  const other = await otherProcess(gateway);
  const input = { scope: 'user', subject: 'ada', period: 'monthly' } as const;
  const obeyedMs = async () => {
    const refusals = callUntil(scene, 402);
    await someArrive(gateway);
    const { budget } = await other.budgets.set(CLI, { ...input, cap: '0.000001' });
    const setMs = await msOf(async () => expectBudgetRefusals(await refusals, 'user'));
    const recordedNano = await expectLedgerOfWitness(gateway, arrivalsAfter(gateway, 0).length);
    expect(await gateway.space.budgets.explain(CLI, budget.id)).toMatchObject({
      settledNano: recordedNano,
      heldNano: 0n,
      isEqual: true,
    });
    const [refused] = withStatus(await crowd(gateway, 1), 402);
    expect(refused?.text).toContain(`$${usdFromNano(recordedNano)} spent, $0.00 held`);

    await other.budgets.remove(CLI, budget.id);
    const removedMs = await until(async () => (await callOnce(gateway)).status === 200);
    return Math.max(setMs, removedMs);
  };
  expect(await quickest(OBEYED_MS, TRIES, obeyedMs)).toBeLessThan(OBEYED_MS);
});

test('requests a minute that another process cuts during the run count what was served before', async () => {
  const scene = await aScene();
  const { gateway } = scene;
  const other = await otherProcess(gateway);
  const cutMs = async () => {
    // Nothing of an earlier run counts.
    gateway.clock.advance(60_000);
    await other.teams.update(CLI, 'crew', { rpmLimit: 10_000 });
    await gateway.space.events.caughtUp();
    const cut = Promise.withResolvers<void>();
    let served = 0;
    const running = scene.keys.map(async (key) => {
      for (let call = 0; call < CALLS_MAX; call += 1) {
        const { status } = await callOnce(gateway, { key });
        if (status === 429) return;
        served += 1;
        if (served === 20) {
          await other.teams.update(CLI, 'crew', { rpmLimit: 25 });
          cut.resolve();
        }
      }
      throw new Error('the limit was not obeyed');
    });
    await cut.promise;
    return msOf(() => Promise.all(running));
  };
  expect(await quickest(OBEYED_MS, TRIES, cutMs)).toBeLessThan(OBEYED_MS);
  const before = arrivalsAfter(gateway, 0).length;
  expect(withStatus(await crowd(gateway, 100, scene), 429)).toHaveLength(100);
  gateway.clock.advance(60_000);
  expect(withStatus(await crowd(gateway, 100, scene), 200)).toHaveLength(25);
  await expectLedgerOfWitness(gateway, before + 25);
});
