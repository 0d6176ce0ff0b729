import { expect, test } from '@jest/globals';
import { startSandbox } from '../../src/sandbox/index.ts';
import { runCommand, startServer } from '../support/server-process.ts';
import { chat, fleet, poolOn, until } from './fixture.ts';

const SECOND_MS = 1000;
const DEFAULTS = {
  VIRTUAL_KEY_DEFAULT_RPM: '2',
  VIRTUAL_KEY_DEFAULT_TPM: '1000000',
  VIRTUAL_KEY_DEFAULT_BUDGET: '0.01',
};

test('by the command line, by the first start, and in force on the running server', async () => {
  const members = fleet('only');
  await using opened = new AsyncDisposableStack();
  const sandbox = await startSandbox({ credentials: members });
  opened.defer(() => sandbox.close());
  const file = { pools: [poolOn(sandbox, members)] };
  const server = await startServer({ file, env: DEFAULTS });
  const env = { TOLLGATE_DATA_DIR: server.dataDir, ...DEFAULTS };
  const made = async (...flags: string[]) => {
    const { code, stdout, stderr } = await runCommand(['create-key', '-n', 'x', ...flags], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return { key: /sk-tg-\S+/.exec(stdout)?.[0] ?? '', text: stdout };
  };
  const statusOf = async (key: string | null, body: object = {}) => {
    const answer = await chat(server, key, { body: { max_tokens: 5, ...body } });
    await answer.arrayBuffer();
    return answer.status;
  };

  const first = [
    await statusOf(server.key),
    await statusOf(server.key),
    await statusOf(server.key),
  ];
  expect(first).toEqual([200, 200, 429]);

  const plain = await made();
  expect(plain.text).toContain('  Rate Limit:  2 req/min\n');
  expect(plain.text).toMatch(/^ {2}Budget: +\$0\.01 ever \([0-9a-f-]{36}\)$/m);
  expect(plain.text).toContain('  Tokens:      1000000 tokens/min\n');
  expect(await until(async () => (await statusOf(plain.key)) !== 401)).toBeLessThan(SECOND_MS);
  // Each would probably cost more than a cent.
  expect(await statusOf(plain.key, { max_tokens: 20_000 })).toBe(402);

  const own = await made('--budget', '5', '--rate-limit', '0', '--tpm', '7');
  expect(own.text).toContain('  Rate Limit:  Unlimited\n');
  expect(own.text).toMatch(/^ {2}Budget: +\$5\.00 ever /m);
  expect(own.text).toContain('  Tokens:      7 tokens/min\n');

  const free = await made('--budget', '', '--rate-limit', '0', '--tpm', '0');
  expect(free.text).not.toContain('Budget:');
  expect(await until(async () => (await statusOf(free.key)) === 200)).toBeLessThan(SECOND_MS);
  const dear = { max_tokens: 20_000 };
  expect([await statusOf(free.key, dear), await statusOf(free.key, dear)]).toEqual([200, 200]);

  const wrong = await runCommand(['create-key', '-n', 'x', '--budget', 'much'], {
    ...env,
    VIRTUAL_KEY_DEFAULT_BUDGET: '0',
  });
  expect(wrong.stderr).toContain('  - --budget: must be an amount in dollars');
  expect(wrong.stderr).toContain('  - VIRTUAL_KEY_DEFAULT_BUDGET: must be an amount in dollars');
});
