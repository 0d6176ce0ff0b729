import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { startServer } from '../support/server-process.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { chat, finishedOf, fleet, poolOn, query, recordOf } from './fixture.ts';
import { classesTold } from './usage-told.ts';

/** How a credential is dead, and what the record must say of it. */
interface Death {
  name: string;
  /** Null: nobody listens where its base URL points. */
  fault: string | null;
  status: number;
  verdict: string;
  isStream?: true;
}

const limited = { fault: 'status;code=429', status: 429, verdict: 'rate_limited' };
const refused = { fault: null, status: 0, verdict: 'connect_failed' };
const deaths: Death[] = [
  { name: 'refused', ...refused },
  { name: '401', fault: 'status;code=401', status: 401, verdict: 'unauthorized' },
  { name: '402', fault: 'status;code=402;body=empty', status: 402, verdict: 'payment_required' },
  { name: '402-quota', fault: 'status;code=402', status: 402, verdict: 'out_of_quota' },
  { name: '403', fault: 'status;code=403', status: 403, verdict: 'forbidden' },
  { name: '429', ...limited },
  { name: '429-quota', fault: 'insufficient-quota', status: 429, verdict: 'out_of_quota' },
  { name: '500', fault: 'status;code=500', status: 500, verdict: 'server_error' },
  { name: 'refused-before-a-stream', ...refused, isStream: true },
  { name: '429-before-a-stream', ...limited, isStream: true },
];

let sandbox: Sandbox;
let server: ServerProcess;
/** What the client got where the dead credential was the first to be asked. */
const answers = new Map<string, { status: number; id: string; text: string }>();

beforeAll(async () => {
  const members = deaths.flatMap(({ name }) => fleet(`${name}.dead`, `${name}.alive`));
  sandbox = await startSandbox({ credentials: members });
  const pool = poolOn(sandbox, members, { strategy: 'round_robin' });
  const closedUrl = `http://127.0.0.1:${await closedPort()}/v1`;
  for (const { name, fault } of deaths) {
    const dead = pool.credentials.find((each) => each['name'] === `${name}.dead`);
    if (fault !== null) sandbox.faults.set(`${name}.dead`, fault);
    else if (dead !== undefined) dead['base_url'] = closedUrl;
  }
  server = await startServer({ file: { pools: [pool] }, lifetime: 'file' });
  for (const { name, isStream = false } of deaths) {
    const answer = await chat(server, server.key, { body: isStream ? { stream: true } : {} });
    const id = answer.headers.get('x-request-id') ?? '';
    answers.set(name, { status: answer.status, id, text: await answer.text() });
    // Each call starts one credential further: this one takes the turn of the living.
    await (await chat(server, server.key)).text();
  }
});

afterAll(() => sandbox.close());

async function closedPort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

const idOf = (name: string) =>
  query(server.dataDir, 'select id from credentials where name = ?', name)[0]?.['id'];

test.each(deaths)('$name', async ({ name, fault, status, verdict, isStream = false }) => {
  const answer = answers.get(name);
  expect(answer).toMatchObject({
    status: 200,
    text: expect.stringContaining(isStream ? 'data: [DONE]' : '"finish_reason":"stop"'),
  });

  const id = answer?.id ?? '';
  const [served, failed, ...more] = finishedOf(sandbox, id).toReversed();
  expect(more).toEqual([]);
  expect(served).toMatchObject({ credential: `${name}.alive`, status: 200, outcome: 'completed' });
  if (fault === null) expect(failed).toBeUndefined();
  else expect(failed).toMatchObject({ credential: `${name}.dead`, status, fault, costNano: '0' });

  expect(await recordOf(server.dataDir, id)).toMatchObject({
    status: 200,
    outcome: 'settled',
    reason: 'ok',
    is_stream: isStream ? 1 : 0,
    credential: `${name}.alive`,
    attempts: [
      { credential: idOf(`${name}.dead`), status, verdict },
      { credential: idOf(`${name}.alive`), status: 200, verdict: 'served' },
    ],
    usage_source: 'reported',
    cost_nano: Number(served?.costNano),
    ...classesTold(served?.usage ?? {}),
  });
});
