import { expect, test } from '@jest/globals';
import { CLI } from '../../../src/services/actor.ts';
import { startGateway } from '../../support/gateway.ts';

const CALLS = 20;
const LIMIT_MS = 10_000;
/** Reads and reads, until the reader's patience ends. */
const ENDLESS = `with recursive n(x) as (select 1 union all select x + 1 from n)
  select count(*) from n where unless_stopped(x)`;

test('calls are answered and recorded while it is read, and the next one is told after it', async () => {
  const gateway = await startGateway();
  const { reader, stats } = gateway.space;
  const order: string[] = [];
  const endless = reader.rows(ENDLESS).catch(({ code }: { code: string }) => order.push(code));
  const totals = stats.totals(CLI).then(({ calls }) => order.push(`${calls} calls`));
  for (let call = 1; call <= CALLS; call += 1) {
    const response = await gateway.chat();
    expect(response.status).toBe(200);
    await response.json();
  }
  expect(await gateway.records()).toHaveLength(CALLS);
  expect(order).toEqual([]);
  gateway.clock.advance(LIMIT_MS);
  await Promise.all([endless, totals]);
  expect(order).toEqual(['request_timeout', `${CALLS} calls`]);
});
