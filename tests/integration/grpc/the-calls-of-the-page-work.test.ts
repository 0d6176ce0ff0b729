import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { loadServices } from '../../../src/grpc/protos.ts';
import { CLI } from '../../../src/services/actor.ts';
import { gatewayOfFile } from '../../support/gateway.ts';
import { adminToken } from '../../support/live-client.ts';

const ROOT = join(import.meta.dirname, '../../..');

const page = readFileSync(join(ROOT, 'docs/grpc.md'), 'utf8');
const blocks = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text = '']) => text);
const START = /^(?:tg [A-Z]|npx buf curl)/m;

/** Each with the lines that belong to it. */
const calls = blocks
  .flatMap((text) => text.split(/^(?=tg [A-Z]|npx buf curl)|\n\n/m))
  .filter((text) => START.test(text))
  .map((text) => [/\/([A-Z][A-Za-z]+)(?=["' ])/.exec(text)?.[1] ?? '', text.trim()] as const);

/** As the page defines it. */
const [tg = ''] = /^tg\(\) \{[^]*?^\}$/m.exec(page) ?? [];
/** What it finds is installed. */
const NPX = 'npx() { "$@"; }';

const running = gatewayOfFile({ env: { GRPC_PORT: '0', GRPC_REFLECTION: 'on' } });
const env: Record<string, string> = {};

beforeAll(async () => {
  const gateway = running();
  const { space, keyId: id } = gateway;
  const { leases, reservations } = gateway.app.services;
  await space.bans.ban(CLI, { credential: 'cred-1' });
  const key = { id };
  const held = async (idempotency_id: string) => {
    const asked = { idempotency_id, key, provider: 'openai', model: 'gpt-4o-mini' };
    const { reservation } = await reservations.reserve(CLI, { ...asked, amount_nano_usd: 1 });
    return reservation.id;
  };
  Object.assign(env, {
    PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH']}`,
    HOME: process.env['HOME'],
    TOLLGATE_GRPC: gateway.app.grpcAddress,
    TOLLGATE_TOKEN: adminToken(gateway),
    TOLLGATE_KEY: gateway.key,
    KEY_ID: id,
    RESERVATION_ID: await held('a'),
    OTHER_ID: await held('b'),
    LEASE_ID: leases.take(CLI, { key }).leaseId,
  });
});

test('it shows a call of each method that there is', () => {
  const methods = [...loadServices().values()].flatMap((service) => Object.keys(service));
  const shown = new Set(calls.map(([method]) => method));
  expect(methods.filter((method) => !shown.has(method))).toEqual([]);
});

test.each(calls)('%s', async (method, text) => {
  const isWatch = method.startsWith('Watch');
  const script = [NPX, tg, text].join('\n');
  const child = spawn('sh', ['-ec', script], { cwd: ROOT, env, detached: true });
  const closed = once(child, 'close');
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  if (isWatch) {
    await Promise.race([once(child.stdout, 'data'), closed]);
    // It would go on for ever.
    if (child.exitCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL');
  }
  await closed;
  expect([stderr, child.exitCode]).toEqual(['', isWatch ? null : 0]);
  expect(stdout).toMatch(/^\{/);
  // Of one of many that could not be done.
  expect(stdout).not.toMatch(/^ +"code":/m);
});
