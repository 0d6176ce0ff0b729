import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { CLI } from '../../../src/services/actor.ts';
import { canaryFleet } from '../../support/gateway.ts';
import { until } from '../../support/patience.ts';
import { adminToken } from '../../support/live-client.ts';
import { runExample, startExample } from './example.ts';
import { startKeyGateway } from './key-gateway.ts';
import type { KeyGateway } from './key-gateway.ts';
import { startRelay } from './relay.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples/grpc');

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function fileOf(text = ''): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-example-'));
  folders.push(folder);
  const file = join(folder, 'file');
  if (text !== '') writeFileSync(file, text);
  return file;
}

const capOf = ({ space, keyId }: KeyGateway, cap: string) =>
  space.budgets.set(CLI, { scope: 'key', subject: keyId, cap, period: 'none' });

test('the page about them names each of them, and this file runs each', () => {
  const page = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');
  const named = [...page.matchAll(/^\| \[`([a-z-]+\.ts)`\]/gm)].map(([, name]) => name);
  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.ts'));
  expect(named.toSorted()).toEqual(files.toSorted());
  const here = readFileSync(import.meta.filename, 'utf8');
  for (const file of files) {
    if (file !== 'client.ts') expect(here).toContain(`Example(gateway, '${file}'`);
  }
});

test('validate-key tells whether a key may be used, and what is left', async () => {
  const gateway = await startKeyGateway();
  await capOf(gateway, '2.5');
  await gateway.space.keys.update(CLI, gateway.keyId, { rpmLimit: 60 });
  const run = () => runExample(gateway, 'validate-key.ts', { words: ['gpt-4o-mini'] });
  expect(await run()).toEqual({
    code: 0,
    stdout: [
      'test may be used',
      'SCOPE_KEY LIMIT_KIND_REQUESTS: 60 of 60 left',
      'SCOPE_KEY budget: $2.500000000 of $2.500000000 left',
      '',
    ].join('\n'),
    stderr: '',
  });
  await gateway.space.keys.disable(CLI, gateway.keyId);
  const { code, stdout } = await run();
  expect([code, stdout.split('\n')[0]]).toEqual([1, 'KEY_REFUSAL_INACTIVE: Key is inactive']);
});

const callOf = (keyId: string, nth: number) =>
  JSON.stringify({
    id: `ours-${nth}`,
    keyId,
    provider: 'openai',
    model: 'gpt-4o-mini',
    input: 10,
    output: 5,
    at: new Date(Date.now() - 60_000).toISOString(),
  });

test('record-usage puts one call on record, once', async () => {
  const gateway = await startKeyGateway();
  const words = [await fileOf(callOf(gateway.keyId, 1))];
  expect(await runExample(gateway, 'record-usage.ts', { words })).toEqual({
    code: 0,
    stdout: '1 recorded (0 were already), 0 refused\ncharged $0.000004500\n',
    stderr: '',
  });
  const again = await runExample(gateway, 'record-usage.ts', { words });
  expect(again.stdout).toContain('1 recorded (1 were already), 0 refused\n');
  expect(await gateway.records()).toMatchObject([{ input: 10, output: 5, costNano: 4500n }]);
});

test('record-usage sends again what was not answered, and none of it is charged twice', async () => {
  const gateway = await startKeyGateway();
  const lines = Array.from({ length: 800 }, (_, nth) => callOf(gateway.keyId, nth));
  const words = [await fileOf([...lines, callOf('nobody', 800)].join('\n'))];
  await using relay = await startRelay(gateway.app.grpcAddress ?? '');
  // In the midst of the answers: those that are lost tell of what is on disk.
  relay.cutAfter(4000);
  const env = { TOLLGATE_GRPC: relay.address };
  const { code, stdout, stderr } = await runExample(gateway, 'record-usage.ts', { words, env });
  expect(stderr).toMatch(/^again in \d+ ms: 14 UNAVAILABLE/);
  expect(stderr).toContain('ours-800 is not on record: ');
  expect(stdout).toMatch(
    /^800 recorded \([1-9]\d* were already\), 1 refused\ncharged \$0\.003600000\n$/,
  );
  expect(code).toBe(1);
  const records = await gateway.records();
  expect(records).toHaveLength(800);
  expect(records.reduce((sum, { costNano }) => sum + costNano, 0n)).toBe(3_600_000n);
});

/** A provider for the programs: the sandbox, by the key of a credential. */
async function startWithUpstream() {
  const fleet = canaryFleet();
  const gateway = await startKeyGateway({ fleet });
  const [credential] = fleet;
  const env = { UPSTREAM: `${gateway.sandbox.url}/v1`, UPSTREAM_KEY: credential?.key ?? '' };
  return { gateway, env };
}

/** What the only budget of the key has in it, by the books. */
async function standingOf({ client, keyId }: KeyGateway) {
  const asked = { key: { id: keyId } };
  const { budgets } = await client.ask('KeyService', 'ValidateKey', asked);
  return budgets.map((one) => [one.settledNanoUsd, one.heldNanoUsd]);
}

const TURN_NANO = 2000 * 150 + 256 * 600;
const dollars = (nano: number) => `$${(nano / 1e9).toFixed(9)}`;

test('reserve-and-settle holds money for a conversation, more for its second turn, and settles it', async () => {
  const { gateway, env } = await startWithUpstream();
  await capOf(gateway, '1');
  const words = ['Name a river.', 'And a town.'];
  const { code, stdout } = await runExample(gateway, 'reserve-and-settle.ts', { words, env });
  const [record, ...others] = await gateway.records();
  const costNano = record?.costNano ?? 0n;
  expect(record).toMatchObject({ outcome: 'settled', model: 'gpt-4o-mini', credentialId: '' });
  expect(others).toEqual([]);
  expect(costNano).toBe(BigInt((record?.input ?? 0) * 150 + (record?.output ?? 0) * 600));
  expect(costNano).toBeGreaterThan(0n);
  expect(stdout.split('\n').filter((line) => line.includes('$'))).toEqual([
    `held ${dollars(TURN_NANO)}`,
    `holds ${dollars(2 * TURN_NANO)}`,
    `settled at ${dollars(Number(costNano))}`,
  ]);
  expect(code).toBe(0);
  expect(await standingOf(gateway)).toEqual([[costNano.toString(), '0']]);
});

test('reserve-and-settle gives back what it held for a call that the provider refused', async () => {
  const { gateway, env } = await startWithUpstream();
  await capOf(gateway, '1');
  const refused = { ...env, UPSTREAM_KEY: 'nobody' };
  const words = ['Name a river.'];
  const { code, stdout } = await runExample(gateway, 'reserve-and-settle.ts', {
    words,
    env: refused,
  });
  expect([code, stdout]).toEqual([1, expect.stringMatching(/\nrefused: 401 [^]*\nreleased\n$/)]);
  expect(await gateway.records()).toMatchObject([{ outcome: 'voided', costNano: 0n }]);
  expect(await standingOf(gateway)).toEqual([['0', '0']]);
});

test('reserve-and-settle settles what was used where a budget has no room for the next turn', async () => {
  const { gateway, env } = await startWithUpstream();
  await capOf(gateway, '0.0006');
  const words = ['Name a river.', 'And a town.'];
  const { code, stdout } = await runExample(gateway, 'reserve-and-settle.ts', { words, env });
  expect(code).toBe(1);
  expect(stdout).toContain('\nrefused: 8 RESOURCE_EXHAUSTED: Budget exceeded.');
  const [record] = await gateway.records();
  const costNano = Number(record?.costNano);
  expect(costNano).toBeGreaterThan(0);
  expect(stdout).toContain(`\nsettled at ${dollars(costNano)}\n`);
  expect(await standingOf(gateway)).toEqual([[`${costNano}`, '0']]);
});

test('reserve-and-settle leaves a call of which nobody knows to its expiry, which charges it', async () => {
  const { gateway, env } = await startWithUpstream();
  await capOf(gateway, '1');
  await using relay = await startRelay('127.0.0.1:1');
  const lost = { ...env, UPSTREAM: `http://${relay.address}` };
  const words = ['Name a river.'];
  const { code, stdout } = await runExample(gateway, 'reserve-and-settle.ts', { words, env: lost });
  expect([code, stdout]).toEqual([1, expect.stringContaining('\nleft to expire: ')]);
  expect(await standingOf(gateway)).toEqual([['0', `${TURN_NANO}`]]);
  gateway.clock.advance(121_000);
  await until(async () => (await gateway.records()).length === 1);
  const held = { outcome: 'unknown', reason: 'expired', costNano: BigInt(TURN_NANO) };
  expect(await gateway.records()).toMatchObject([held]);
});

/** 1500 tokens for a program of one line. */
const command = (text: string) => ['1500', process.execPath, '-e', text];

test('take-limits waits for room, and gives back the place and the tokens that were not used', async () => {
  const gateway = await startKeyGateway();
  const { client, keyId } = gateway;
  const key = { id: keyId };
  await gateway.space.keys.update(CLI, keyId, { concurrencyLimit: 1, tpmLimit: 10_000 });
  const { leaseId } = await client.ask('LimitService', 'TakeLimits', { key, tokens: 100 });
  const used = async () => {
    const { limits } = await client.ask('LimitService', 'GetLimits', { key });
    return limits.map((one) => one.used);
  };
  await using example = startExample(gateway, 'take-limits.ts', {
    words: command('console.log("in it")'),
  });
  await until(() => example.stderr().includes('again in 1000 ms: 8 RESOURCE_EXHAUSTED: Rate'));
  expect(example.stdout()).toBe('');
  await client.ask('LimitService', 'SettleLimits', { leaseId });
  expect(await example.ended).toBe(0);
  const left = 'SCOPE_KEY LIMIT_KIND_TOKENS: 8400 of 10000 left\n';
  expect(example.stdout()).toBe(`${left}SCOPE_KEY LIMIT_KIND_CONCURRENCY: 0 of 1 left\nin it\n`);
  expect(await used()).toEqual(['1600', '0']);
  const words = command('process.exit(3)');
  expect(await runExample(gateway, 'take-limits.ts', { words })).toMatchObject({ code: 1 });
  expect(await used()).toEqual(['1600', '0']);
});

test('watch-events goes on where it was, over a broken connection and its own restart', async () => {
  const gateway = await startKeyGateway();
  const { space } = gateway;
  await using relay = await startRelay(gateway.app.grpcAddress ?? '');
  const file = await fileOf();
  const settings = { words: [file, 'user.*'], env: { TOLLGATE_GRPC: relay.address } };
  const types: string[] = [];
  const told = (text: string) => {
    for (const line of text.trim().split('\n')) {
      const { type, now } = JSON.parse(line) as { type: string; now: { name: string } };
      types.push(`${type} ${now.name}`);
    }
  };
  {
    await using example = startExample(gateway, 'watch-events.ts', settings);
    await space.users.create(CLI, { name: 'ann' });
    await example.printed('"ann"');
    relay.cut();
    await space.users.create(CLI, { name: 'bob' });
    await example.printed('"bob"');
    told(example.stdout());
    // Stopped in between it would tell it once more.
    const [seq] = example.stdout().match(/(?<="seq":")\d+(?=".*"bob")/) ?? [];
    await until(() => readFileSync(file, 'utf8') === seq);
  }
  await space.users.create(CLI, { name: 'cleo' });
  await using example = startExample(gateway, 'watch-events.ts', settings);
  await example.printed('"cleo"');
  told(example.stdout());
  expect(types).toEqual(['ann', 'bob', 'cleo'].map((name) => `user.created ${name}`));
});

test('proxy lets calls in by an index of its own, and hears what changes', async () => {
  const { gateway, env } = await startWithUpstream();
  const { space, keyId } = gateway;
  await using relay = await startRelay(gateway.app.grpcAddress ?? '');
  await using example = startExample(gateway, 'proxy.ts', {
    env: {
      ...env,
      UPSTREAM: gateway.sandbox.url,
      TOLLGATE_GRPC: relay.address,
      PORT: '0',
    },
  });
  await example.printed('1 keys');
  await example.printed('listening on ');
  const port = /listening on (\d+)/.exec(example.stdout())?.[1] ?? '';
  const call = async (secret: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] }),
    });
    const { error, object } = (await answer.json()) as {
      error?: { message: string };
      object?: string;
    };
    return [answer.status, error?.message ?? object];
  };
  const asked = async () => {
    const metrics = await gateway.fetch('/metrics', {
      method: 'GET',
      headers: { authorization: `Bearer ${adminToken(gateway)}` },
    });
    const counted =
      /_requests_total\{method="tollgate.v1.KeyService\/ValidateKey",code="OK"\} (\d+)/;
    return counted.exec(await metrics.text())?.[1];
  };
  const IN = [200, 'chat.completion'];
  expect(await call(gateway.key)).toEqual(IN);
  expect(await call(gateway.key)).toEqual(IN);
  expect(await asked()).toBe('1');
  expect(await call('sk-tg-nobody')).toEqual([401, 'Invalid key format']);
  // The same key with another secret.
  const { key: rotated } = await space.keys.rotate(CLI, keyId);
  await until(async () => (await call(gateway.key))[0] === 401);
  expect(await call(rotated)).toEqual(IN);
  relay.cut();
  await space.keys.disable(CLI, keyId);
  await until(() => example.stdout().match(/following from [1-9]/) !== null);
  expect(await call(rotated)).toEqual([401, 'Key is inactive']);
  await space.keys.enable(CLI, keyId);
  await until(async () => (await call(rotated))[0] === 200);
});

test('proxy begins anew with a log that does not have its place, as one that was restored', async () => {
  const { gateway, env } = await startWithUpstream();
  const ADMIN_SECRET = adminToken(gateway);
  const restored = await startKeyGateway({ env: { ADMIN_SECRET } });
  for (const name of ['a', 'b', 'c', 'd']) await gateway.space.users.create(CLI, { name });
  await gateway.space.keys.create(CLI, { name: 'lost' });
  expect(gateway.space.events.seq).toBeGreaterThan(restored.space.events.seq);
  await using relay = await startRelay(gateway.app.grpcAddress ?? '');
  const settings = { ...env, TOLLGATE_GRPC: relay.address, PORT: '0' };
  await using example = startExample(gateway, 'proxy.ts', { env: settings });
  await example.printed('2 keys');
  relay.lead(restored.app.grpcAddress ?? '');
  relay.cut();
  await example.printed('1 keys');
  expect(example.stdout().match(/following from 0/g)).toHaveLength(2);
});
