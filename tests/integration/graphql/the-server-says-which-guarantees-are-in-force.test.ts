import { expect, test } from '@jest/globals';
import { apply, prepare } from '../../../src/accounting/ledger/apply.ts';
import { holdRow } from '../../../src/accounting/ledger/rows.ts';
import { openSqlite } from '../../../src/lib/sqlite.ts';
import { CLI } from '../../../src/services/actor.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';
import { aHold } from '../../support/ledger-books.ts';
import { until } from '../../support/patience.ts';

const SERVER = `{ serverInfo {
  instanceId store { openHolds held lastEventSeq bytes } guarantees { id isInForce why }
} }`;

interface Told {
  instanceId: string;
  store: { openHolds: number; held: string; lastEventSeq: number; bytes: number };
  guarantees: { id: string; isInForce: boolean; why: string }[];
}

async function told(gateway: Gateway): Promise<Told> {
  const { data, errors } = await graphqlClient(gateway).ask(SERVER);
  expect(errors).toEqual([]);
  return data.serverInfo as Told;
}

const inForce = ({ guarantees }: Told): Record<string, boolean> =>
  Object.fromEntries(guarantees.map(({ id, isInForce }) => [id, isInForce]));

test('with the settings as they come, and with weaker ones', async () => {
  const gateway = await startGateway();
  expect(inForce(await told(gateway))).toEqual({
    held_before_first_byte: true,
    lost_calls_charged: true,
    all_or_nothing: true,
    hard_budgets: false,
    strict_budgets: false,
    loopback_only: true,
    lb_needs_secret: false,
    public_upstreams_only: true,
  });
  const terms = { scope: 'pool', subject: 'default', cap: 5 } as const;
  await gateway.space.budgets.set(CLI, { ...terms, isStrict: true });
  await gateway.space.budgets.set(CLI, { ...terms, period: 'daily', isHard: false });
  const now = await told(gateway);
  expect(inForce(now)).toMatchObject({ hard_budgets: true, strict_budgets: true });
  expect(now.guarantees.find(({ id }) => id === 'hard_budgets')?.why).toContain('1 of 2');

  const env = { ALLOW_PRIVATE_UPSTREAMS: 'true', LB_ENDPOINTS_AUTH: 'admin' };
  const weaker = await startGateway({ env });
  expect(inForce(await told(weaker))).toMatchObject({
    public_upstreams_only: false,
    lb_needs_secret: true,
  });
});

test('a call under way is an open hold', async () => {
  const gateway = await startGateway();
  const { sandbox, space } = gateway;
  for (const name of ['cred-1', 'cred-2', 'cred-3'])
    sandbox.faults.set(name, 'delay-head;ms=60000');
  const leaving = new AbortController();
  const call = gateway.fetch('/v1/chat/completions', {
    body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] },
    signal: leaving.signal,
  });
  await until(async () => (await told(gateway)).store.openHolds === 1);
  const { store, instanceId } = await told(gateway);
  expect(store.held).not.toBe('0.00');
  expect(store.bytes).toBeGreaterThan(4096);
  const events = await gateway.events();
  expect(store.lastEventSeq).toBe(events.at(-1)?.seq);
  const [hold] = await space.orm.em
    .getConnection()
    .execute<{ owner: string }[]>('select owner from holds');
  expect(hold?.owner).toBe(instanceId);
  leaving.abort();
  await expect(call).rejects.toThrow();
  await until(async () => (await told(gateway)).store.openHolds === 0);
});

test('what a dead process left open was charged at the start, and is told', async () => {
  const gateway = await startGateway();
  const { dataDir } = gateway.space.config;
  await gateway.app.close(0);
  await gateway.space.close();
  const database = openSqlite(gateway.space.file);
  apply(prepare(database), { holds: [holdRow(aHold(), 'a dead one')], settlements: [] });
  database.close();
  const again = await startGateway({ dataDir });
  const now = await told(again);
  const lost = now.guarantees.find(({ id }) => id === 'lost_calls_charged');
  expect(lost?.why).toBe('At this start there was one of them.');
  expect(now.store.openHolds).toBe(0);
  expect(await again.records()).toMatchObject([{ outcome: 'unknown' }]);
});
