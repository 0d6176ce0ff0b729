import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { RateLimitError } from 'openai';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { quickest } from '../support/fastest-of.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { startServer } from '../support/server-process.ts';
import type { ServerProcess } from '../support/server-process.ts';
import {
  chat,
  createKey,
  fleet,
  HELLO,
  ledgerOf,
  onDataDir,
  poolOn,
  sdk,
  until,
  upstreamIds,
} from './fixture.ts';

const SECOND_MS = 1000;
const TRIES = 5;
const members = fleet('only');
let sandbox: Sandbox;
let server: ServerProcess;

beforeAll(async () => {
  sandbox = await startSandbox({ credentials: members });
  const file = { pools: [poolOn(sandbox, members)] };
  server = await startServer({ file, lifetime: 'file' });
});

afterAll(() => sandbox.close());

/** Calls until the answer has this status; the milliseconds that it took. */
const turns = (key: string, status: number) =>
  until(async () => (await chat(server, key)).status === status);

/** Each change that the run makes takes effect within a second, in one of a few runs. */
const withinASecond = (run: () => Promise<number[]>) => async () => {
  const ms = await quickest(SECOND_MS, TRIES, () => run().then((all) => Math.max(...all)));
  expect(ms).toBeLessThan(SECOND_MS);
};

/** The line of a key in `list-keys`. */
async function listed(id: string): Promise<string> {
  const { code, stdout } = await onDataDir(server, 'list-keys');
  expect(code).toBe(0);
  return stdout.split('\n').find((line) => line.startsWith(id)) ?? '';
}

async function update(id: string, ...flags: string[]): Promise<string> {
  const { code, stdout, stderr } = await onDataDir(server, 'update-key', id, ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

async function refusal(key: string): Promise<unknown> {
  const response = await chat(server, key);
  return { status: response.status, body: await response.json() };
}

const INVALID = {
  status: 401,
  body: {
    error: {
      message: 'Invalid or expired API key',
      type: 'authentication_error',
      param: null,
      code: 'invalid_api_key',
    },
  },
};

test(
  'a new key works, is refused once deactivated, and works again',
  withinASecond(async () => {
    const { key, id } = await createKey(server, '--name', 'phone');
    const madeMs = await turns(key, 200);

    expect(await update(id, '--deactivate')).toMatch(/^ {2}Status: +inactive$/m);
    const stoppedMs = await turns(key, 401);
    expect(await refusal(key)).toEqual(INVALID);
    const line = await listed(id);
    expect(line).toMatch(/ phone .* Inactive +Unlimited +Never /);
    expect(line).not.toContain(key);

    // The start of an id is enough to name a key.
    const told = await update(id.slice(0, -4), '--activate', '--name', 'tablet');
    expect(told).toContain(`Key updated: ${id}`);
    expect(told).toMatch(/^ {2}Name: +tablet\n {2}Status: +active$/m);
    return [madeMs, stoppedMs, await turns(key, 200)];
  }),
);

test(
  'the fourth call of a minute is refused under a limit of three',
  withinASecond(async () => {
    const { key, id } = await createKey(server, '--name', 'slow', '--rate-limit', '3');
    const madeMs = await turns(key, 200);
    expect((await chat(server, key)).status).toBe(200);
    expect((await chat(server, key)).status).toBe(200);
    const fourth = await chat(server, key);
    expect(fourth.status).toBe(429);
    expect(await fourth.json()).toEqual({
      error: {
        message: expect.stringMatching(
          /^Rate limit exceeded\. Limit: 3 requests\/minute for this key: 3 used, 1 needed for this call\. There is room again at 20\S+Z\.$/,
        ),
        type: 'rate_limit_error',
        param: null,
        code: 'rate_limit_exceeded',
      },
    });
    const seconds = Number(fourth.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThanOrEqual(60);
    const call = sdk(server, key, { maxRetries: 0 }).chat.completions.create(HELLO);
    await expect(call).rejects.toThrow(RateLimitError);

    await update(id, '--rate-limit', '0');
    return [madeMs, await turns(key, 200)];
  }),
);

test(
  'an expired key gets the same answer as one that never was',
  withinASecond(async () => {
    const { key, id } = await createKey(server, '--name', 'old', '--expires', '1');
    const madeMs = await turns(key, 200);
    expire(id);
    // Any change makes the running server read the key again.
    expect(await update(id, '--name', 'older')).toMatch(/^ {2}Status: +expired$/m);
    const expiredMs = await turns(key, 401);
    expect(await refusal(key)).toEqual(INVALID);
    expect(await refusal(`${key.slice(0, -1)}_`)).toEqual(INVALID);
    expect(await listed(id)).toMatch(/ Expired +Unlimited +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /);

    await update(id, '--expires', '0');
    return [madeMs, expiredMs, await turns(key, 200)];
  }),
);

/** A day that passed in no time. */
function expire(id: string): void {
  const database = new Database(join(server.dataDir, 'tollgate.db'), { timeout: PATIENCE_MS });
  const sql = 'update virtual_keys set expires_at = created_at - 1 where id = ?';
  const { changes } = database.prepare(sql).run(id);
  database.close();
  expect(changes).toBe(1);
}

test('refused calls are not on record', async () => {
  expect(await server.stop()).toBe(0);
  expect(ledgerOf(server.dataDir).map((record) => record['id'])).toEqual(upstreamIds(sandbox));
});
