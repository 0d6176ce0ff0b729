import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { nanoFromUsd } from '../../src/lib/money.ts';
import { runCommand } from '../support/server-process.ts';

interface Told {
  key: {
    name: string;
    budgets: {
      cap: string;
      standing: { settled: string; held: string; remaining: string };
      explain: { recorded: string; isEqual: boolean };
    }[];
    stats: { totals: { calls: number; cost: string } };
  };
}

test('npm run demo: a stream, a fail-over, a ban, a falling balance, a budget and why', async () => {
  const { code, stdout, stderr } = await runCommand(['demo']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const steps = stdout.split(/^\d\. /m);
  expect(steps).toHaveLength(7);
  const [intro = '', stream, failOver, ban, balance = '', budget = '', why = ''] = steps;

  expect(stream).toContain('$ curl -sN $TOLLGATE/v1/chat/completions');
  expect(failOver).toMatch(/1 +demo\/alpha .*401 +unauthorized/);
  expect(failOver).toMatch(/2 +demo\/beta .*200 +served/);
  expect(ban).toContain('"reason": "UNAUTHORIZED"');

  const balances = [...balance.matchAll(/"credentialName":"beta","balance":"([\d.]+)"/g)].map(
    ([, usd]) => nanoFromUsd(usd ?? ''),
  );
  expect(balances.length).toBeGreaterThan(2);
  expect(balances).toEqual(balances.toSorted((left, right) => (left < right ? 1 : -1)));
  expect(balances.at(-1)).toBeLessThan(balances[0] ?? 0n);

  const costs = [...budget.matchAll(/HTTP 200, cost \$([\d.]+)/g)].map(([, usd]) =>
    nanoFromUsd(usd ?? ''),
  );
  const spentNano = costs.reduce((sum, nano) => sum + nano, 0n);
  expect(costs.length).toBeGreaterThan(2);
  expect(budget).toMatch(/HTTP 402\n.*insufficient_quota/);

  const { key } = JSON.parse(why.slice(why.indexOf('\n  {'), why.lastIndexOf('}') + 1)) as Told;
  expect(key.stats.totals.calls).toBe(costs.length);
  expect(nanoFromUsd(key.stats.totals.cost)).toBe(spentNano);
  const [{ standing, explain, cap }] = key.budgets as [Told['key']['budgets'][number]];
  expect(explain).toEqual({ recorded: standing.settled, isEqual: true });
  expect(nanoFromUsd(standing.settled)).toBe(spentNano);
  expect(spentNano).toBeLessThanOrEqual(nanoFromUsd(cap));

  const dataDir = /--data-dir (\S+)/.exec(failOver ?? '')?.[1] ?? '';
  expect(existsSync(dataDir)).toBe(false);
  expect(intro).toContain('TOLLGATE=http://127.0.0.1:');
});
