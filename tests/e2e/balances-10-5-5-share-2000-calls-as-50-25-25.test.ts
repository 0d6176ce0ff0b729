import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { Pool } from 'undici';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox, SandboxCredential } from '../../src/sandbox/index.ts';
import { judge, readLedger, toldCosts } from '../support/oracle.ts';
import { runCommand, startServer } from '../support/server-process.ts';

const PLAIN_CALLS = 2000;
const STREAMS = 200;
const PARALLEL = 200;
/** Four points are 3.7 standard deviations of the largest share over so many draws. */
const TOLERANCE = 0.04;

const fleet: SandboxCredential[] = [10n, 5n, 5n].map((dollars, index) => ({
  name: `cred-${index + 1}`,
  key: `vck_e2e_share_${index + 1}_${'x'.repeat(16)}`,
  balanceNano: dollars * 1_000_000_000n,
}));

const poolOf = (sandbox: Sandbox) => ({
  name: 'default',
  strategy: 'balance_weighted',
  credentials: fleet.map(({ name, key }) => ({
    name,
    provider: 'sandbox',
    api_key: key,
    base_url: `${sandbox.url}/v1`,
  })),
});

let sandbox: Sandbox | undefined;

afterEach(() => sandbox?.close());

test(`${PLAIN_CALLS} calls are shared as the balances are, and charged to the nano-dollar`, async () => {
  const fleetServer = await startSandbox({ credentials: fleet });
  sandbox = fleetServer;
  const server = await startServer({
    file: { pools: [poolOf(fleetServer)] },
    env: { LOG_LEVEL: 'warn' },
  });
  const pool = new Pool(server.url, { connections: PARALLEL });
  await pool.request({ method: 'POST', path: '/lb/refresh' }).then(({ body }) => body.dump());

  const ids: string[] = [];
  const call = async (turn: number): Promise<void> => {
    const isStream = turn % ((PLAIN_CALLS + STREAMS) / STREAMS) === 0;
    const { statusCode, headers, body } = await pool.request({
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: turn % 3 === 0 ? 'gpt-4o' : 'gpt-4o-mini',
        stream: isStream,
        // Prompts of many lengths, so that a wrong rounding shows.
        messages: [{ role: 'user', content: 'word '.repeat(1 + (turn % 17)) }],
      }),
    });
    const text = await body.text();
    if (statusCode !== 200 || (isStream && !text.endsWith('data: [DONE]\n\n')))
      throw new Error(`call ${turn} got ${statusCode}: ${text.slice(0, 300)}`);
    ids.push(String(headers['x-request-id']));
  };
  const turns = Array.from({ length: PLAIN_CALLS + STREAMS }, (_, turn) => turn).values();
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (const turn of turns) await call(turn);
    }),
  );
  await pool.close();

  expect(await server.stop()).toBe(0);
  const { entries } = fleetServer.witness;
  for (const [index, share] of [0.5, 0.25, 0.25].entries()) {
    const served = entries.filter(
      (entry) =>
        entry.kind === 'received' &&
        entry.credential === fleet[index]?.name &&
        entry.path === '/v1/chat/completions',
    ).length;
    expect(Math.abs(served / ids.length - share)).toBeLessThan(TOLERANCE);
  }

  const rows = readLedger(join(server.dataDir, 'tollgate.db'));
  expect(rows.map((row) => row.id)).toEqual(ids.toSorted());
  expect(rows.filter((row) => row.outcome !== 'settled')).toEqual([]);
  const judgement = judge(entries, rows);
  expect(judgement.differences).toEqual([]);
  expect(judgement.compared).toBe(PLAIN_CALLS + STREAMS);
  const told = [...toldCosts(entries).values()].reduce((sum, cost) => sum + cost, 0n);
  expect(rows.reduce((sum, row) => sum + row.costNano, 0n)).toBe(told);
  const charged = entries.reduce(
    (sum, entry) => sum + (entry.kind === 'finished' ? BigInt(entry.costNano) : 0n),
    0n,
  );
  expect(charged).toBe(told);

  const verified = await runCommand(['ledger', 'verify'], { TOLLGATE_DATA_DIR: server.dataDir });
  expect(verified).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('The books balance.'),
  });
}, 60_000);
