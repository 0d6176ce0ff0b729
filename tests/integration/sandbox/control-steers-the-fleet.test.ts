import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DEFAULT_FLEET, startSandbox, type Sandbox } from '../../../src/sandbox/index.ts';
import { aChat, aSandbox, KEY, OTHER_KEY } from './fixture.ts';

describe('the control surface', () => {
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = await aSandbox();
  });

  afterEach(() => sandbox.close());

  async function control(method: string, path: string, body?: object): Promise<Response> {
    return fetch(`${sandbox.url}/__sandbox/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async function chat(key = KEY, fields: object = {}): Promise<number> {
    const reply = await fetch(`${sandbox.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify(aChat(fields)),
    });
    await reply.arrayBuffer();
    return reply.status;
  }

  async function creditsStatus(): Promise<number> {
    const headers = { authorization: `Bearer ${KEY}` };
    return (await fetch(`${sandbox.url}/v1/credits`, { headers })).status;
  }

  test('sets a fault for a number of calls, on one credential', async () => {
    await control('PUT', 'credentials/first', { fault: 'status;code=503', times: 2 });
    expect([await chat(), await chat(OTHER_KEY), await chat(), await chat()]).toEqual([
      503, 200, 503, 200,
    ]);
  });

  test('sets a fault for one model until it is lifted', async () => {
    await control('PUT', 'credentials/first', { fault: 'status;code=429', model: 'gpt-4o' });
    expect([await chat(), await chat(KEY, { model: 'gpt-4o' })]).toEqual([200, 429]);
    await control('DELETE', 'credentials/first/fault');
    expect(await chat(KEY, { model: 'gpt-4o' })).toBe(200);
  });

  test('spares the credits endpoint unless the fault names it', async () => {
    sandbox.faults.set('first', 'status;code=500');
    expect([await chat(), await creditsStatus()]).toEqual([500, 200]);
    sandbox.faults.clear();
    sandbox.faults.set('first', 'status;code=500', { path: '/v1/credits' });
    expect([await chat(), await creditsStatus()]).toEqual([200, 500]);
  });

  test('sets a balance and shows the state', async () => {
    await control('PUT', 'credentials/second', { balance: '0.000000001', fault: 'no-done' });
    const reply = await control('GET', 'credentials');
    const { credentials } = (await reply.json()) as { credentials: object[] };
    expect(credentials[1]).toEqual({
      name: 'second',
      balance: '0.000000001',
      total_used: '0.00',
      in_flight: 0,
      revoked: false,
      models: null,
      faults: [{ fault: 'no-done', times: null, model: null, path: null, from: 1 }],
    });
    expect(JSON.stringify(credentials)).not.toContain('vck_');
  });

  test('pages through the witness', async () => {
    await chat();
    await chat();
    const first = await (await control('GET', 'witness')).json();
    expect(first).toMatchObject({
      entries: [{ seq: 1 }, { seq: 2 }, { seq: 3 }, { seq: 4 }],
      next: 4,
    });
    const rest = await (await control('GET', 'witness?after=3')).json();
    expect(rest).toMatchObject({ entries: [{ seq: 4 }], next: 4 });
    const none = await (await control('GET', 'witness?after=4')).json();
    expect(none).toEqual({ entries: [], next: 4, dropped: 0 });
  });

  test('shows the table of faults', async () => {
    const { faults } = (await (await control('GET', 'faults')).json()) as {
      faults: { name: string }[];
    };
    expect(faults.find((fault) => fault.name === 'cut-after-bytes')).toMatchObject({
      description: expect.any(String),
      params: { n: { default: 100 }, mode: { oneOf: ['fin', 'rst'] } },
    });
  });

  test.each([
    ['PUT', 'credentials/nobody', {}, 404],
    ['PUT', 'credentials/first', { fault: 'no-such' }, 400],
    ['PUT', 'credentials/first', { fault: 'status;colour=red' }, 400],
    ['PUT', 'credentials/first', { fault: 'cut-after-bytes;mode=gently' }, 400],
    ['PUT', 'credentials/first', { fault: 'status', times: 0 }, 400],
    ['PUT', 'credentials/first', { balance: 'much' }, 400],
    ['POST', 'faults', {}, 404],
  ])('%s %s %j is refused with %i and changes nothing', async (method, path, body, status) => {
    expect((await control(method, path, body)).status).toBe(status);
    expect(sandbox.faults.rules('first')).toEqual([]);
    expect(sandbox.credentials[0]?.balanceNano).toBe(1_000_000_000n);
  });
});

test('the default fleet starts with three worthless keys', async () => {
  const sandbox = await startSandbox({ credentials: DEFAULT_FLEET });
  const shown = sandbox.credentials.map((each) => [each.name, each.balanceNano]);
  await sandbox.close();
  expect(DEFAULT_FLEET.every((each) => each.key.startsWith('vck_sandbox_'))).toBe(true);
  expect(shown).toEqual([
    ['sandbox-1', 10_000_000_000n],
    ['sandbox-2', 5_000_000_000n],
    ['sandbox-3', 5_000_000_000n],
  ]);
});
