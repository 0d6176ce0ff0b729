import { expect, test } from '@jest/globals';
import { mintVirtualKey } from '../../../src/lib/virtual-key-format.ts';
import type { CreateKeyInput } from '../../../src/services/key-input.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway, GatewayOptions } from '../../support/gateway.ts';
import { arrivals, until } from './fixture.ts';
import { CLI, SYSTEM } from '../../../src/services/actor.ts';

const DAY_MS = 86_400_000;

/** Enough for what one call holds, and for what it costs two calls beside; not for two holds. */
const CAP = '0.001';

interface Scene extends Gateway {
  /** Of a key of team `crew` whose user is `ada`, which is refused. */
  token: string;
  id: string;
  /** Of a second one of the same team and user, whose calls are good. */
  good: string;
  teamBudget: string;
}

/** Two keys of one team that allows little: two calls a minute, one at a time, and money for one hold. */
async function aScene(options: GatewayOptions = {}, input: Partial<CreateKeyInput> = {}) {
  const gateway = await startGateway(options);
  const { budgets, keys, teams, users } = gateway.space;
  await users.create(SYSTEM, { name: 'ada' });
  await teams.create(SYSTEM, { name: 'crew', rpmLimit: 2, tpmLimit: 1100, concurrencyLimit: 1 });
  const owners = { user: 'ada', team: 'crew' };
  const refused = await keys.create(SYSTEM, { name: 'refused', ...owners, ...input });
  const { key: good } = await keys.create(SYSTEM, { name: 'good', ...owners });
  const { budget } = await budgets.set(SYSTEM, {
    scope: 'team',
    subject: 'crew',
    cap: CAP,
    period: 'none',
  });
  const { id } = refused.virtualKey;
  return { ...gateway, token: refused.key, id, good, teamBudget: budget.id };
}

interface Refusal {
  what: string;
  options?: GatewayOptions;
  /** What the key is made with. */
  input?: Partial<CreateKeyInput>;
  /** Before it calls. */
  prepare?(scene: Scene): Promise<unknown>;
  path?: string;
  body?: string;
  /** Another key in the place of its own. */
  token?: string;
  status: number;
  code: string;
  type?: string;
  param?: string;
  /** Where the second key would be refused for the same reason. */
  lift?(scene: Scene): Promise<unknown>;
}

const INVALID_KEY = { status: 401, code: 'invalid_api_key', type: 'authentication_error' };
const DENIED = { status: 403, code: 'permission_denied', type: 'permission_error' };

const REFUSALS: Refusal[] = [
  {
    what: 'a model it may not use',
    input: { allowedModels: ['gpt-4o'] },
    ...DENIED,
    param: 'model',
  },
  {
    what: 'a model whose name only begins like one it may use',
    input: { allowedModels: ['gpt-4o', 'gpt-4o-mini-*', 'o?'] },
    ...DENIED,
    param: 'model',
  },
  { what: 'an endpoint it may not use', input: { allowedEndpoints: ['embeddings'] }, ...DENIED },
  {
    what: 'an endpoint without a model that it may not use',
    input: { allowedEndpoints: ['chat.completions'] },
    path: '/v1/moderations',
    body: '{"input":"x"}',
    ...DENIED,
  },
  {
    what: 'a network it may not be used from',
    input: { sourceNetworks: ['10.0.0.0/8', '127.0.0.2', 'fd00::/8'] },
    ...DENIED,
  },
  {
    what: 'a key that is switched off',
    prepare: ({ space, id }) => space.keys.update(CLI, id, { isActive: false }),
    ...INVALID_KEY,
  },
  {
    what: 'a key that has expired',
    input: { expiresInDays: 1 },
    prepare: async ({ clock }) => clock.advance(DAY_MS),
    ...INVALID_KEY,
  },
  {
    what: 'a key that was deleted',
    prepare: ({ space, id }) => space.keys.remove(CLI, id),
    ...INVALID_KEY,
  },
  {
    what: 'a key that was rotated',
    prepare: ({ space, id }) => space.keys.rotate(CLI, id),
    ...INVALID_KEY,
  },
  {
    what: 'a key whose overlap is over',
    async prepare({ space, id, clock }) {
      await space.keys.rotate(CLI, id, { overlapMs: DAY_MS });
      clock.advance(DAY_MS);
    },
    ...INVALID_KEY,
  },
  { what: 'a key that never was', token: mintVirtualKey(), ...INVALID_KEY },
  {
    what: 'a user who is disabled',
    prepare: ({ space }) => space.users.update(CLI, 'ada', { isEnabled: false }),
    lift: ({ space }) => space.users.update(CLI, 'ada', { isEnabled: true }),
    ...INVALID_KEY,
  },
  {
    what: 'a team that is disabled',
    prepare: ({ space }) => space.teams.update(CLI, 'crew', { isEnabled: false }),
    lift: ({ space }) => space.teams.update(CLI, 'crew', { isEnabled: true }),
    ...INVALID_KEY,
  },
  {
    what: 'a budget of its own that is used up',
    prepare: ({ space, id }) =>
      space.budgets.set(CLI, { scope: 'key', subject: id, cap: 0, period: 'none' }),
    status: 402,
    code: 'insufficient_quota',
    type: 'insufficient_quota',
  },
  {
    what: 'a model that nobody serves',
    body: '{"model":"nobody-has-it","messages":[]}',
    status: 404,
    code: 'model_not_found',
    param: 'model',
  },
  {
    what: 'a model without a price where that is needed',
    options: { pool: { unpriced: 'refuse' } },
    path: '/v1/rerank',
    body: '{"model":"rerank-v3.5","query":"x","documents":["y"]}',
    status: 400,
    code: 'model_not_priced',
    param: 'model',
  },
  { what: 'a body that is none', body: '{"model":', status: 400, code: 'invalid_request' },
];

const chatWith = ({ fetch }: Gateway, token: string, body?: string, path?: string) =>
  fetch(path ?? '/v1/chat/completions', {
    method: 'POST',
    body: body ?? '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello"}]}',
    headers: { authorization: `Bearer ${token}` },
  });

async function expectRefused(response: Response, { status, code, type, param }: Refusal) {
  expect(response.status).toBe(status);
  expect(response.headers.get('x-should-retry')).toBe('false');
  expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(response.headers.get('content-type')).toBe('application/json');
  const error = {
    message: expect.stringMatching(/./),
    type: type ?? 'invalid_request_error',
    param: param ?? null,
    code,
  };
  expect(await response.json()).toEqual({ error });
}

const takenOf = async ({ space, teamBudget }: Scene) => {
  const { settledNano, holds } = await space.budgets.explain(CLI, teamBudget);
  return { settledNano, holds };
};

test.each(REFUSALS)('$what: refused, and nothing is taken', async (refusal) => {
  const { options, input, prepare, path, body, lift } = refusal;
  const scene = await aScene(options, input);
  await prepare?.(scene);
  const token = refusal.token ?? scene.token;
  for (let round = 0; round < 3; round += 1) {
    await expectRefused(await chatWith(scene, token, body, path), refusal);
  }
  const together = Array.from({ length: 20 }, () => chatWith(scene, token, body, path));
  for (const response of await Promise.all(together)) await expectRefused(response, refusal);
  expect(arrivals(scene)).toEqual([]);
  expect(await scene.records()).toEqual([]);
  expect(await takenOf(scene)).toEqual({ settledNano: 0n, holds: [] });
  await lift?.(scene);
  await expectUntouched(scene);
});

/** All that the team allows is there for the second key: both calls, one at a time, and no third. */
async function expectUntouched(scene: Scene): Promise<void> {
  for (const status of [200, 200, 429]) {
    const response = await chatWith(scene, scene.good);
    await response.arrayBuffer();
    expect(response.status).toBe(status);
  }
  expect(arrivals(scene)).toHaveLength(2);
  expect(await scene.records()).toHaveLength(2);
}

test('who is refused for want of money burns no request, who is over the limit holds no money', async () => {
  const scene = await aScene();
  const { space, teamBudget } = scene;
  await space.budgets.update(CLI, teamBudget, { cap: 0 });
  const poor = await Promise.all(Array.from({ length: 20 }, () => chatWith(scene, scene.good)));
  expect(new Set(poor.map(({ status }) => status))).toEqual(new Set([402]));
  await space.budgets.update(CLI, teamBudget, { cap: CAP });
  await expectUntouched(scene);
  const before = await takenOf(scene);
  expect(before.holds).toEqual([]);
  const late = await Promise.all(Array.from({ length: 20 }, () => chatWith(scene, scene.good)));
  expect(new Set(late.map(({ status }) => status))).toEqual(new Set([429]));
  expect(await takenOf(scene)).toEqual(before);
  expect(await scene.records()).toHaveLength(2);
  // The minute over, what is left of the money decides alone.
  scene.clock.advance(60_000);
  expect((await chatWith(scene, scene.good)).status).toBe(200);
});

test('who finds its team at work burns no request and holds no money', async () => {
  const scene = await aScene({ isClockShared: true });
  scene.sandbox.faults.set('cred-1', 'delay-head;ms=20000', { times: 1 });
  const first = chatWith(scene, scene.good);
  // Sent while its hold is still being written.
  await until(
    async () => arrivals(scene).length === 1 && (await takenOf(scene)).holds.length === 1,
  );
  const held = await takenOf(scene);
  const tokens = Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? scene.good : scene.token));
  const busy = await Promise.all(tokens.map((token) => chatWith(scene, token)));
  expect(new Set(busy.map(({ status }) => status))).toEqual(new Set([429]));
  expect((await takenOf(scene)).holds).toMatchObject(held.holds.map(({ id }) => ({ id })));
  scene.clock.advance(20_000);
  expect((await first).status).toBe(200);
  expect((await chatWith(scene, scene.token)).status).toBe(200);
  expect((await chatWith(scene, scene.good)).status).toBe(429);
  expect(arrivals(scene)).toHaveLength(2);
});

test.each<{ what: string; input: Partial<CreateKeyInput> }>([
  { what: 'a model by its name', input: { allowedModels: ['gpt-4o', 'gpt-4o-mini'] } },
  { what: 'models by a pattern', input: { allowedModels: ['gpt-4o-*'] } },
  {
    what: 'an endpoint by its name',
    input: { allowedEndpoints: ['embeddings', 'chat.completions'] },
  },
  { what: 'endpoints by a pattern', input: { allowedEndpoints: ['chat.*'] } },
  { what: 'an address', input: { sourceNetworks: ['::1', '127.0.0.1'] } },
  { what: 'networks', input: { sourceNetworks: ['10.0.0.0/8', '127.0.0.0/8'] } },
])('$what that a key is restricted to: served', async ({ input }) => {
  const scene = await aScene({}, input);
  expect((await chatWith(scene, scene.token)).status).toBe(200);
  expect(await scene.records()).toHaveLength(1);
});
