import { expect, test } from '@jest/globals';
import { explanationLines } from '../../../src/cli/explanation-lines.ts';
import type { Gateway } from '../../support/gateway.ts';
import { MovableClock } from '../../support/movable-clock.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { HELD_MS, named, startFleet } from './fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

async function explained(gateway: Gateway, response: Response): Promise<string[]> {
  await response.arrayBuffer();
  await gateway.records();
  const id = response.headers.get('x-request-id') ?? '';
  return explanationLines(await gateway.space.requests.explain(CLI, id));
}

const lineOf = (lines: readonly string[], label: string): string =>
  lines.find((line) => line.startsWith(`  ${label} `)) ?? '';

const SIX = [
  // Lacks the model.
  { offers: ['gpt-4o'] },
  // Its minute is used up.
  { fields: { rpm: 1 } },
  // Rests after a 429.
  {},
  // Banned by an operator.
  {},
  // Refuses.
  {},
  {},
];

test('every reason that a credential was left out for, until when, and who was tried', async () => {
  const gateway = await startFleet({ pool: { strategy: 'weighted' }, members: SIX });
  const { sandbox, space, clock } = gateway;
  for (const name of ['cred-4', 'cred-5', 'cred-6']) {
    await space.bans.ban(CLI, { credential: `default/${name}` });
  }
  sandbox.faults.set('cred-3', 'status;code=429;retry-after=120', { times: 1 });
  // One uses up the minute of the second; the third has only its refusal to give.
  const beforeMs = clock.now();
  await (await gateway.chat()).arrayBuffer();
  await (await gateway.chat()).arrayBuffer();
  const afterMs = clock.now();
  for (const name of ['cred-5', 'cred-6']) {
    await space.bans.liftBans(CLI, { credential: `default/${name}` });
  }
  sandbox.faults.set('cred-5', 'status;code=403');
  sandbox.faults.set('cred-6', 'status;code=403');
  const response = await gateway.chat();
  expect(response.status).toBe(503);

  const record = (await gateway.records()).at(-1);
  const route = named(gateway, record?.route);
  expect(route).toMatchObject({ strategy: 'weighted' });
  expect(route.order.toSorted()).toEqual(['cred-5', 'cred-6']);
  expect(route.draws).toEqual([expect.any(Number)]);
  expect(route.excluded.toSorted((a, b) => (a.credential < b.credential ? -1 : 1))).toEqual([
    { credential: 'cred-1', reason: 'no_model' },
    { credential: 'cred-2', reason: 'limited', untilMs: expect.any(Number) },
    { credential: 'cred-3', reason: 'cooling', untilMs: expect.any(Number) },
    { credential: 'cred-4', reason: 'banned' },
  ]);
  const cooling = route.excluded.find(({ reason }) => reason === 'cooling');
  expect(cooling?.untilMs).toBeGreaterThanOrEqual(beforeMs + 120_000);
  expect(cooling?.untilMs).toBeLessThanOrEqual(afterMs + 120_000);

  const lines = await explained(gateway, response);
  const text = lines.join('\n');
  expect(lineOf(lines, 'Key')).toContain('test');
  expect(lineOf(lines, 'Asked')).toContain('gpt-4o-mini at chat.completions');
  expect(lineOf(lines, 'Strategy')).toContain('weighted');
  expect(lineOf(lines, 'Order')).toContain(route.order.map((name) => `default/${name}`).join(', '));
  expect(text).toContain('default/cred-1: no_model (does not serve this model)');
  expect(text).toMatch(/default\/cred-2: limited until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d /);
  expect(text).toMatch(/default\/cred-3: cooling until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d /);
  expect(text).toContain('default/cred-4: banned');
  expect(text).toMatch(/ {2}1 +default\/cred-[56] +as asked +403 +forbidden/);
  expect(text).toMatch(/ {2}2 +default\/cred-[56] +as asked +403 +forbidden/);
  expect(lineOf(lines, 'Client saw')).toContain('503 (no_credentials)');
});

test('a served call: the names sent, who served, what it cost', async () => {
  const gateway = await startFleet({
    pool: { strategy: 'priority', models: [{ name: 'fast', upstream: 'gpt-4o-mini' }] },
    members: [{}, { fields: { priority: 2 } }],
  });
  gateway.sandbox.faults.set('cred-1', 'status;code=503', { times: 1 });
  const lines = await explained(gateway, await gateway.chat({ model: 'fast', stream: true }));
  const text = lines.join('\n');
  expect(lineOf(lines, 'Asked')).toContain('fast at chat.completions, as a stream');
  expect(lineOf(lines, 'Order')).toContain('default/cred-1, default/cred-2');
  expect(text).not.toContain('Draws');
  expect(text).toMatch(/ {2}1 +default\/cred-1 +gpt-4o-mini +503 +server_error/);
  expect(text).toMatch(/ {2}2 +default\/cred-2 +gpt-4o-mini +200 +served/);
  expect(lineOf(lines, 'Served by')).toContain('default/cred-2');
  expect(lineOf(lines, 'Usage')).toContain('(reported)');
  expect(lineOf(lines, 'Cost')).toMatch(/\$0\.0000\d+$/);
});

test('what was excluded only when its turn came is on record too', async () => {
  const fleetClock = new MovableClock();
  const gateway = await startFleet({
    pool: { strategy: 'priority' },
    members: [{}, {}, {}],
    fleetClock,
  });
  // While the first is asked, the second is banned.
  const fault = `delay-head;ms=${HELD_MS}|status;code=500`;
  gateway.sandbox.faults.set('cred-1', fault, { times: 1 });
  const answered = gateway.chat();
  await gateway.sandbox.witness.waitFor(
    (entry) => entry.kind === 'received' && entry.path === '/v1/chat/completions',
    PATIENCE_MS,
  );
  await gateway.space.bans.ban(CLI, { credential: 'default/cred-2' });
  fleetClock.advance(HELD_MS);
  expect((await answered).status).toBe(200);
  const [record] = await gateway.records();
  const route = named(gateway, record?.route);
  expect(route.order).toEqual(['cred-1', 'cred-2', 'cred-3']);
  expect(route.excluded).toEqual([{ credential: 'cred-2', reason: 'banned' }]);
  expect(record?.attempts).toHaveLength(2);
});
