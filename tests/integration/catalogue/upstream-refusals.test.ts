import { expect, test } from '@jest/globals';
import { Ban } from '../../../src/entities/ban.ts';
import { until } from '../proxy/fixture.ts';
import { expectStory, heldNow, prove } from './fixture.ts';
import type { Row, Story } from './fixture.ts';
import { MODEL, arrivalsAt, ask, memberOf, startScene } from './scene.ts';
import type { Scene } from './scene.ts';

const servedAfter = (...verdicts: string[]): Pick<Row, 'told' | 'verdicts'> => ({
  told: 'served',
  verdicts: [...verdicts, 'served'],
});

/** The credential is left alone for the model, and for no other. */
const FORBIDDEN: Story['held'] = [['forbidden', MODEL, 30_000]];

async function servesOtherModels({ gateway, bad }: Scene): Promise<void> {
  const before = arrivalsAt(bad).length;
  bad.faults.clear();
  const response = await gateway.chat({ model: 'gpt-4o' });
  await response.arrayBuffer();
  expect([response.status, arrivalsAt(bad).length]).toEqual([200, before + 1]);
}

const bansOf = ({ gateway }: Scene) => gateway.space.orm.em.fork().find(Ban, {});

async function bansNobody(scene: Scene): Promise<void> {
  expect(await bansOf(scene)).toEqual([]);
}

/** The balance that is asked for at once shows money: only the model has to wait. */
const moneyIsSeen = ({ gateway }: Scene): Promise<unknown> =>
  until(async () => (await gateway.events('credential_health.active')).length === 1);

const HAS_MONEY: Pick<Row, 'held' | 'events' | 'settled' | 'after'> = {
  held: FORBIDDEN,
  events: ['credential_health.exhausted', 'credential_health.active'],
  settled: moneyIsSeen,
  after: servesOtherModels,
};

test.each<Row>([
  {
    name: 'U17: a single 401 that our own probe does not confirm: nobody is banned',
    ...servedAfter('unauthorized'),
    fault: 'status;code=401',
    times: 1,
    held: FORBIDDEN,
    events: ['credential_health.suspect', 'credential_health.active'],
    after: async (scene) => {
      await bansNobody(scene);
      await servesOtherModels(scene);
    },
  },
  {
    name: 'U19: a 403 for one model: the credential serves the others',
    ...servedAfter('forbidden'),
    fault: 'status;code=403',
    held: FORBIDDEN,
    after: servesOtherModels,
  },
  {
    name: 'U20: a 403 that is a page of HTML: the origin is to blame, not the credential',
    ...servedAfter('blocked'),
    fault: 'status;code=403;body=html',
    ejected: 'model',
    after: bansNobody,
  },
  {
    name: 'U21: a 402 of a credential that has money',
    ...servedAfter('payment_required'),
    fault: 'status;code=402;type=billing;error-code=no_money',
    ...HAS_MONEY,
  },
  {
    name: 'U21: a 402 insufficient_quota of a credential that has money',
    ...servedAfter('out_of_quota'),
    fault: 'status;code=402',
    ...HAS_MONEY,
  },
  {
    name: 'U28: a 429 insufficient_quota is about money, not about a rate',
    ...servedAfter('out_of_quota'),
    fault: 'insufficient-quota',
    ...HAS_MONEY,
  },
  {
    name: 'U31: a 404 for a model that only this credential lacks',
    ...servedAfter('model_missing'),
    held: FORBIDDEN,
    before: ({ bad }) => bad.offer('cred-1', ['gpt-4o']),
    after: servesOtherModels,
  },
  {
    name: 'U34: a 500 with a page of HTML: the next credential serves',
    ...servedAfter('server_error'),
    fault: 'status;code=500;body=html',
    ejected: 'model',
  },
  {
    name: 'U34: the last 500 with a page of HTML: 502, and nothing of the page',
    told: [502, 'upstream_error'],
    verdicts: ['server_error', 'server_error'],
    fault: 'status;code=500;body=html',
    isEverywhere: true,
    ejected: 'model',
    events: ['origin_health.ejected', 'origin_health.ejected'],
  },
  ...[502, 503, 504, 529].map((code) => ({
    name: `U35: a ${code} counts against the origin`,
    ...servedAfter('server_error'),
    fault: `status;code=${code}`,
    ejected: 'model' as const,
    after: bansNobody,
  })),
  {
    name: 'U36: a 503 with Retry-After: the model waits so long, too',
    ...servedAfter('server_error'),
    fault: 'status;code=503;retry-after=7',
    ejected: 'model',
    held: [['cooling', MODEL, 7000]],
    events: ['origin_health.ejected', 'credential_health.cooling'],
  },
])('$name', prove);

test('U18: a 401 that our own probe confirms: banned with evidence, and asked nothing more', async () => {
  await using scene = await startScene();
  scene.bad.revoke('cred-1');
  const banned: Story = {
    ...servedAfter('unauthorized'),
    held: [
      ['forbidden', MODEL, 30_000],
      ['banned', null, Infinity],
    ],
    events: ['credential_health.suspect', 'credential_ban.imposed'],
  };
  const first = await ask(scene);
  await expectStory(scene, first, banned);
  expect(await bansOf(scene)).toMatchObject([
    {
      credentialId: memberOf(scene, 1).id,
      model: null,
      reason: 'unauthorized',
      evidence: { statuses: [401, 401], requestIds: [first.headers.get('x-request-id')] },
      actor: 'system',
    },
  ]);
  const held = heldNow(scene);
  await expectStory(scene, await ask(scene), { ...servedAfter(), held, events: [] });

  scene.good.revoke('cred-2');
  const told: Story['told'] = [503, 'no_credentials'];
  await expectStory(scene, await ask(scene), {
    told,
    verdicts: ['unauthorized'],
    retryAfter: '30',
    held,
    events: ['credential_health.suspect', 'credential_ban.imposed'],
  });
  await expectStory(scene, await ask(scene), {
    told,
    verdicts: [],
    retryAfter: '30',
    held,
    events: [],
  });
});

test('U21: a 402 of a credential without money: exhausted until a balance check shows some', async () => {
  await using scene = await startScene();
  const [account] = scene.bad.credentials;
  if (account === undefined) throw new Error('the first origin has a credential');
  account.balanceNano = 0n;
  const held: Story['held'] = [['exhausted', null, Infinity]];
  await expectStory(scene, await ask(scene), { ...servedAfter('out_of_quota'), held });
  await expectStory(scene, await ask(scene), { ...servedAfter(), held, events: [] });

  account.balanceNano = 10_000_000_000n;
  await scene.gateway.app.balances.refresh();
  await expectStory(scene, await ask(scene), {
    ...servedAfter(),
    events: ['credential_health.active'],
  });
  expect(arrivalsAt(scene.bad)).toHaveLength(2);
});

/** Whose fault it is: the answer goes back as it is, and nobody is tried or blamed. */
const clientFaults: Row[] = [400, 404, 422, 413].map((code) => ({
  name: `${code === 413 ? 'U33' : 'U30'}: a ${code} goes back to the client`,
  told: { handedBack: code },
  verdicts: ['client_error'],
  fault: `status;code=${code};error-code=unheard_of`,
}));

test.each<Row>([
  ...clientFaults,
  {
    name: 'U30: a 400 that quotes our credential goes back in our own words',
    told: [400, 'invalid_request'],
    verdicts: ['client_error'],
    fault: 'echo-authorization;code=400',
  },
  ...[408, 409, 425].flatMap((code): Row[] => [
    {
      name: `U32: a ${code} is tried elsewhere`,
      ...servedAfter('try_elsewhere'),
      fault: `status;code=${code};error-code=not_now`,
    },
    {
      name: `U32: a second ${code} goes back to the client`,
      told: { handedBack: code, isPassing: true },
      verdicts: ['try_elsewhere', 'client_error'],
      fault: `status;code=${code};error-code=not_now`,
      isEverywhere: true,
    },
  ]),
])('$name', prove);
