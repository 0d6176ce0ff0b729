import { expect, test } from '@jest/globals';
import { systemClock } from '../../../src/lib/clock.ts';
import { createLogger } from '../../../src/lib/logger.ts';
import { openWorkspace } from '../../../src/workspace.ts';
import type { Workspace } from '../../../src/workspace.ts';
import { quickest } from '../../support/fastest-of.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import {
  answered,
  meanwhile,
  play,
  send,
  until as readUntil,
} from '../../support/scripted-client.ts';
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
} from '../accounting/crowd.ts';
import { afterwards, isFinished, until } from '../proxy/fixture.ts';
import { chatOf } from './fixture-clients.ts';
import { CLI } from '../../../src/services/actor.ts';

const CENT_NANO = 10_000_000n;

/** A call for 900 tokens at a cent per thousand of them. */
const DEAR = { model: 'gpt-4o', max_tokens: 900 };
const headers = { 'x-sandbox-chunks': String(DEAR.max_tokens) };

test.each(['key', 'pool'] as const)(
  'C28: of 200 calls at once on the last cent of a %s one is served, and the cent is not passed',
  async (scope) => {
    const gateway = await startGateway();
    const { holdNano } = await worthOfACall(gateway, DEAR);
    expect(holdNano).toBeGreaterThan(CENT_NANO / 2n);
    const subject = scope === 'key' ? gateway.keyId : 'default';
    const id = await budgetWorth(gateway, CENT_NANO, { scope, subject });
    const mark = markOf(gateway);
    const replies = await withinCaps(gateway, [id], () =>
      crowd(gateway, 200, { fields: DEAR, headers }),
    );
    expect(withStatus(replies, 200)).toHaveLength(1);
    expectBudgetRefusals(
      replies.filter(({ status }) => status !== 200),
      scope,
    );
    expect(arrivalsAfter(gateway, mark)).toHaveLength(1);
    await expectLedgerOfWitness(gateway, 3);
    await expectNothingHeld(gateway, [id]);
    const { remainingNano } = await gateway.space.budgets.explain(CLI, id);
    expect(remainingNano).toBeGreaterThanOrEqual(0n);
    expect(remainingNano).toBeLessThan(holdNano);
  },
);

/** A stream of a few words that waits before each event. */
const PAUSE_MS = 3000;
const SLOW = {
  'x-sandbox-chunks': '3',
  'x-sandbox-fault': `delay-chunk;ms=${PAUSE_MS}`,
};
/** However often the clock is moved on between two events. */
const PATIENT = { timeouts: { idle_ms: 86_400_000, total_ms: 86_400_000 } };

/** A cut is obeyed within so much. */
const OBEYED_MS = 1000;
const TRIES = 5;

async function anotherProcess({ space }: Gateway): Promise<Workspace> {
  const other = await openWorkspace(space.config, systemClock, createLogger({ level: 'silent' }));
  afterwards(() => other.close());
  return other;
}

test.each([
  { who: 'its own process', spaceOf: (gateway: Gateway) => Promise.resolve(gateway.space) },
  { who: 'another process', spaceOf: anotherProcess },
])(
  'C30: a budget that $who cuts during a stream lets it use what it holds, and refuses others within a second',
  async ({ spaceOf }) => {
    const gateway = await startGateway({ isClockShared: true, pool: PATIENT });
    const space = await spaceOf(gateway);
    const subject = gateway.keyId;
    const id = await budgetWorth(gateway, CENT_NANO, { scope: 'key', subject });
    const calls = () => arrivalsAfter(gateway, 0).length;
    const finished = () => gateway.sandbox.witness.entries.filter(isFinished).length;
    const holds = async () => (await gateway.space.budgets.explain(CLI, id)).holds.length;
    const turns = (status: number) =>
      until(async () => {
        const reply = await callOnce(gateway, { headers: { 'x-sandbox-chunks': '1' } });
        if (reply.status === 402) expectBudgetRefusals([reply], 'key');
        return reply.status === status;
      });
    const refusedMs = async () => {
      await space.budgets.update(CLI, id, { cap: '1' });
      await turns(200);
      await space.budgets.update(CLI, id, { cap: '0.00000001' });
      return turns(402);
    };
    const { answers } = await play(
      gateway.url,
      send(chatOf(gateway, { stream: true }, SLOW)),
      meanwhile(async () => {
        await until(() => calls() === 1);
        gateway.clock.advance(PAUSE_MS);
      }),
      readUntil('data: '),
      meanwhile(async () => {
        expect(await quickest(OBEYED_MS, TRIES, refusedMs)).toBeLessThan(OBEYED_MS);
        // The others are settled, the stream is under way.
        await until(async () => (await holds()) === 1);
        await until(() => {
          gateway.clock.advance(PAUSE_MS);
          return finished() === calls();
        });
      }),
      answered(),
    );
    expect(answers[0]?.status).toBe(200);
    expect(answers[0]?.body).toContain('[DONE]');
    const served = calls();
    await expectLedgerOfWitness(gateway, served);
    await expectNothingHeld(gateway, [id]);
    expect((await callOnce(gateway)).status).toBe(402);
    expect(calls()).toBe(served);
  },
);
