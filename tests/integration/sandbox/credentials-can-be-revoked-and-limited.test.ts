import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../../src/sandbox/index.ts';
import { aChat, aSandbox, KEY, nextFinished, OTHER_KEY } from './fixture.ts';

describe('a credential', () => {
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = await aSandbox();
  });

  afterEach(() => sandbox.close());

  const control = (change: object): Promise<Response> =>
    fetch(`${sandbox.url}/__sandbox/credentials/first`, {
      method: 'PUT',
      body: JSON.stringify(change),
    });

  async function ask(path: string, key = KEY, body?: object): Promise<[number, unknown]> {
    const reply = await fetch(`${sandbox.url}/v1/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return [reply.status, await reply.json()];
  }

  const listed = async (key = KEY): Promise<string[]> => {
    const [, list] = (await ask('models', key)) as [number, { data: { id: string }[] }];
    return list.data.map(({ id }) => id);
  };

  test.each([
    ['models', undefined],
    ['models/gpt-4o', undefined],
    ['credits', undefined],
    ['chat/completions', aChat()],
    ['anything/else', undefined],
  ])('that is revoked is refused on %s, and noted by its name', async (path, body) => {
    sandbox.revoke('first');
    const [status, refusal] = await ask(path, KEY, body);
    expect([status, refusal]).toEqual([
      401,
      { error: expect.objectContaining({ code: 'invalid_api_key' }) },
    ]);
    expect(await nextFinished(sandbox)).toMatchObject({ credential: 'first', status: 401 });
    expect((await ask(path, OTHER_KEY, body))[0]).toBe(200);
  });

  test('is revoked before any fault of its own', async () => {
    sandbox.faults.set('first', 'status;code=503');
    sandbox.revoke('first');
    expect((await ask('chat/completions', KEY, aChat()))[0]).toBe(401);
    expect(sandbox.faults.rules('first')).toHaveLength(1);
  });

  test('is revoked and restored from outside', async () => {
    expect(await (await control({ revoked: true })).json()).toMatchObject({ revoked: true });
    expect((await ask('credits'))[0]).toBe(401);
    await control({ revoked: false });
    expect((await ask('credits'))[0]).toBe(200);
  });

  test('is served the models it is offered alone', async () => {
    const all = await listed();
    sandbox.offer('first', ['gpt-4o', 'text-embedding-3-small']);
    expect(await listed()).toEqual(['gpt-4o', 'text-embedding-3-small']);
    expect(await listed(OTHER_KEY)).toEqual(all);
    const calls = [
      ask('chat/completions', KEY, aChat({ model: 'gpt-4o' })),
      ask('chat/completions', KEY, aChat({ model: 'openai/gpt-4o' })),
      ask('chat/completions', KEY, aChat()),
      ask('models/gpt-4o-mini'),
      ask('moderations', KEY, { input: 'hello' }),
      ask('chat/completions', OTHER_KEY, aChat()),
    ];
    const replies = await Promise.all(calls);
    expect(replies.map(([status]) => status)).toEqual([200, 404, 404, 404, 404, 200]);
    expect(replies[2]?.[1]).toMatchObject({ error: { code: 'model_not_found' } });
    await control({ models: null });
    expect(await listed()).toEqual(all);
  });

  test('is offered models from outside, which are shown', async () => {
    const shown = await (await control({ models: ['gpt-4o'] })).json();
    expect(shown).toMatchObject({ models: ['gpt-4o'] });
    expect(await listed()).toEqual(['gpt-4o']);
  });

  test('may fail on the list of models alone', async () => {
    sandbox.faults.set('first', 'status;code=500', { path: '/v1/models', times: 1 });
    expect((await ask('credits'))[0]).toBe(200);
    expect((await ask('models'))[0]).toBe(500);
    expect((await ask('models'))[0]).toBe(200);
  });

  test('that does not exist cannot be changed', () => {
    expect(() => sandbox.revoke('nobody')).toThrow("There is no credential 'nobody'");
    expect(() => sandbox.offer('first', ['gpt-none'])).toThrow('there is no gpt-none');
  });

  test('is told all mistakes of a change at once, and stays as it is', async () => {
    const change = {
      revoked: 'yes',
      models: ['gpt-none'],
      balance: 'much',
      fault: 'nope',
      times: 0,
      colour: 'red',
    };
    const reply = await control(change);
    const { error } = (await reply.json()) as { error: { message: string } };
    expect(reply.status).toBe(400);
    for (const name of Object.keys(change)) expect(error.message).toContain(name);
    const without = await control({ from: 2, revoked: true });
    expect(await without.text()).toContain('from: there is no fault to limit');
    expect((await ask('credits'))[0]).toBe(200);
  });
});

test('a fleet starts with the models it is given', async () => {
  const limited = { name: 'one', key: KEY, balanceNano: 1n, models: ['gpt-4o'] };
  const sandbox = await startSandbox({ credentials: [limited] });
  const shown = sandbox.credentials.map(({ models }) => models);
  await sandbox.close();
  expect(shown).toEqual([['gpt-4o']]);
  const unknown = startSandbox({ credentials: [{ ...limited, models: ['gpt-none'] }] });
  await expect(unknown).rejects.toThrow('there is no gpt-none');
});
