import { describe, expect, test } from '@jest/globals';
import { canaryFleet, startGateway } from '../../support/gateway.ts';
import { asking, expectKept, startSpareFleet } from './spare-fleet.ts';

const TEST = `mutation Test($input: TestCredentialInput!) {
  testCredential(input: $input) { ok finding status message balance usedTotal modelsCount models }
}`;

const IMPORT = `mutation Import($text: String!, $format: ImportFormat!, $dry: Boolean! = false, $change: String) {
  importCredentials(
    input: { pool: "default", format: $format, text: $text, isDryRun: $dry }
    clientMutationId: $change
  ) {
    line name credential { id name weight models rpmLimit } error { code field message }
  }
}`;

async function world() {
  const spare = await startSpareFleet(20, 0.001, 0);
  const gateway = await startGateway({ fleet: canaryFleet(10) });
  const at = (nth: number) => {
    const { provider, secret, baseUrl } = spare.adding(nth) as Record<
      'provider' | 'secret' | 'baseUrl',
      string
    >;
    return { provider, secret, baseUrl };
  };
  return { spare, gateway, at, ...asking(gateway) };
}

interface Row {
  line: number;
  name: string | null;
  credential: { weight: number } | null;
  error: { code: string; field: string | null } | null;
}

const csv = (rows: readonly (readonly string[])[]) =>
  [['name', 'provider', 'api_key', 'base_url', 'weight', 'models'], ...rows]
    .map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))
    .join('\r\n');

/** Of each row: its line, its name, the weight that was stored, what is wrong with it. */
const expected = (isDry: boolean) => [
  [2, 'good', isDry ? null : 7, null],
  [3, 'Bad Name', null, 'INVALID_REQUEST name'],
  [4, 'cred-1', null, 'CONFLICT name'],
  [5, 'good', null, 'CONFLICT name'],
  [6, 'lost', null, 'INVALID_REQUEST provider'],
  [7, 'bare', null, 'INVALID_REQUEST api_key'],
  [8, null, null, 'INVALID_REQUEST null'],
  [9, 'last', isDry ? null : 1, null],
];

const namesIn = '{ credentials { name } }';

describe('a test', () => {
  test('tells rich, poor and dead credentials apart, and stores none', async () => {
    const { spare, gateway, at, told, answers } = await world();
    const tested = async (input: object) => (await told(TEST, { input })).testCredential;
    expect(await tested(at(0))).toMatchObject({
      ok: true,
      finding: 'WORKS',
      status: 200,
      message: 'The provider accepts it.',
      balance: '20.00',
      usedTotal: '0.00',
      modelsCount: expect.any(Number),
      models: expect.arrayContaining([expect.any(String)]),
    });
    expect(await tested(at(2))).toMatchObject({ ok: false, finding: 'POOR', balance: '0.00' });
    spare.sandbox.revoke('cred-1');
    expect(await tested(at(0))).toMatchObject({
      ok: false,
      finding: 'REFUSED',
      status: 401,
      message: 'The provider refuses it.',
      balance: null,
    });
    const nowhere = { ...at(1), baseUrl: 'http://127.0.0.1:1/v1' };
    expect(await tested(nowhere)).toMatchObject({
      ok: false,
      finding: 'UNCLEAR',
      status: null,
      message: 'The provider gave no clear answer: no connection (ECONNREFUSED).',
      models: [],
      modelsCount: null,
    });
    expect((await told(namesIn)).credentials).toHaveLength(1);
    await expectKept(
      gateway,
      spare.accounts.map(({ key }) => key),
      answers,
    );
  });

  test('of one that is stored goes by what its pool wants left in it', async () => {
    const { spare, told } = await world();
    const input = spare.adding(1);
    await told('mutation($input: AddCredentialInput!) { addCredential(input: $input) { id } }', {
      input,
    });
    const { testCredential } = await told(TEST, { input: { credential: 'spare-1' } });
    expect(testCredential).toMatchObject({ finding: 'POOR', balance: '0.001' });
    expect((await told(TEST, { input: { credential: 'cred-1' } })).testCredential.ok).toBe(true);
  });

  test('that is asked for at the same time is made once, and not too often', async () => {
    const { spare, at, ask, refused } = await world();
    const asked = Array.from({ length: 20 }, () => ask(TEST, { input: at(0) }));
    for (const { data } of await Promise.all(asked)) expect(data.testCredential.ok).toBe(true);
    const credits = spare.sandbox.witness.entries.filter(
      (entry) => entry.kind === 'received' && entry.path === '/v1/credits',
    );
    expect(credits.length).toBeLessThan(20);
    for (let nth = 20; nth < 30; nth += 1) await ask(TEST, { input: at(0) });
    expect(await refused(TEST, { input: at(0) })).toMatchObject({
      code: 'RATE_LIMIT_EXCEEDED',
      retryAfterMs: expect.any(Number),
    });
  });

  test('of nonsense is refused', async () => {
    const { refused } = await world();
    for (const [input, code] of [
      [{}, 'INVALID_REQUEST'],
      [{ credential: 'cred-1', secret: 'x' }, 'INVALID_REQUEST'],
      [{ credential: 'nobody' }, 'NOT_FOUND'],
      [{ provider: 'openai', secret: 'x', baseUrl: 'http://169.254.169.254/' }, 'INVALID_REQUEST'],
    ] as const) {
      expect(await refused(TEST, { input })).toMatchObject({ code });
    }
  });
});

describe('an import', () => {
  test('makes what is right, and says of each row what is wrong', async () => {
    const { spare, gateway, at, told, answers } = await world();
    const { provider, secret, baseUrl } = at(0);
    const text = csv([
      ['good', provider, secret, baseUrl, '7', 'gpt-4o gpt-4o-mini'],
      ['Bad Name', provider, secret, baseUrl, '0', ''],
      ['cred-1', provider, secret, baseUrl, '', ''],
      ['good', provider, secret, baseUrl, '', ''],
      ['lost', 'nobody', secret, '', '', ''],
      ['bare', provider, '', baseUrl, 'x', ''],
      ['more', provider, secret, baseUrl, '', '', 'seventh'],
      ['last', provider, secret, baseUrl, '', ''],
    ]);
    for (const dry of [true, false]) {
      const { importCredentials: rows } = await told(IMPORT, { text, format: 'CSV', dry });
      expect(
        rows.map(({ line, name, credential, error }: Row) => [
          line,
          name,
          credential?.weight ?? null,
          error === null ? null : `${error.code} ${error.field}`,
        ]),
      ).toEqual(expected(dry));
      expect(rows[1].error.message).toMatch(/name: .*weight: /);
      const { credentials } = await told('{ credentials { name models } }');
      expect(credentials.map(({ name }: { name: string }) => name)).toEqual(
        dry ? ['cred-1'] : ['cred-1', 'good', 'last'],
      );
    }
    for (let nth = 0; nth < 3; nth += 1) await gateway.chat();
    expect(spare.calls(0)).toBe(2);
    await expectKept(
      gateway,
      spare.accounts.map(({ key }) => key),
      answers,
    );
  });

  test('of JSON takes objects as the file spells them, and is done once under one change', async () => {
    const { at, told } = await world();
    const { provider, secret, baseUrl } = at(0);
    const one = { provider, api_key: secret, base_url: baseUrl, rpm: 9, models: ['m'] };
    const text = JSON.stringify([{ name: 'a', ...one }, 'b', { name: 'c', ...one, secret: 'x' }]);
    const variables = { text, format: 'JSON', change: 'i1' };
    const rows = (await told(IMPORT, variables)).importCredentials;
    expect(rows).toMatchObject([
      { line: 1, name: 'a', credential: { rpmLimit: 9, models: ['m'] }, error: null },
      { line: 2, name: null, error: { code: 'INVALID_REQUEST' } },
      { line: 3, name: 'c', error: { code: 'INVALID_REQUEST' } },
    ]);
    const again = (await told(IMPORT, variables)).importCredentials;
    expect(again[0].credential.id).toBe(rows[0].credential.id);
  });

  test('of many serves with all of them, in the order of the text', async () => {
    const { gateway, at, told } = await world();
    const { provider, secret, baseUrl } = at(0);
    const text = JSON.stringify(
      Array.from({ length: 300 }, (_each, nth) => ({
        name: `n-${String(nth).padStart(3, '0')}`,
        provider,
        api_key: secret,
        base_url: baseUrl,
      })),
    );
    const rows = (await told(IMPORT, { text, format: 'JSON' })).importCredentials;
    expect(rows.filter(({ error }: { error: unknown }) => error !== null)).toEqual([]);
    const names = gateway.app.pools.members().map(({ name }) => name);
    expect(names).toHaveLength(301);
    expect(names.slice(1)).toEqual(names.slice(1).toSorted());
  });

  test('of no rows is refused', async () => {
    const { refused } = await world();
    for (const [format, text, message] of [
      ['JSON', '{', 'text: is not JSON'],
      ['JSON', '{}', 'text: must be a list of objects'],
      [
        'JSON',
        JSON.stringify(Array.from({ length: 1001 }, () => ({}))),
        'text: must not have more than 1000 rows',
      ],
      ['CSV', '', 'text: has no line with the names of the columns'],
      ['CSV', 'name,sk-canary-secret\n', 'text: Column 2 of the first line must be'],
      ['CSV', 'name,name\n', 'text: The columns of the first line must be'],
      ['CSV', 'name\na"b', 'text: line 2: a quote'],
    ] as const) {
      const error = await refused(IMPORT, { text, format });
      expect(error).toMatchObject({ code: 'INVALID_REQUEST', param: 'text' });
      expect(error.message).toContain(message);
      expect(error.message).not.toContain('canary');
    }
  });
});

test('providers are asked for balances and models on demand', async () => {
  const { spare, gateway, told, refused } = await world();
  const add = 'mutation($input: AddCredentialInput!) { addCredential(input: $input) { id } }';
  const { addCredential } = await told(add, { input: spare.adding(0) });
  await gateway.app.balances.refresh();
  const account = spare.sandbox.credentials[0];
  account?.charge(3_000_000_000n);
  const ask = `mutation($one: ID, $pool: ID) {
    refreshBalances(credential: $one, pool: $pool) { credential { name } balance error }
    rediscoverModels(credential: $one, pool: $pool) { credential { name } count error }
  }`;
  const one = await told(ask, { one: addCredential.id });
  expect(one.refreshBalances).toEqual([
    { credential: { name: 'spare-0' }, balance: '17.00', error: null },
  ]);
  expect(one.rediscoverModels).toEqual([
    { credential: { name: 'spare-0' }, count: expect.any(Number), error: null },
  ]);
  spare.sandbox.revoke('cred-1');
  for (const which of [{ pool: 'default' }, {}]) {
    const { refreshBalances, rediscoverModels } = await told(ask, which);
    expect(refreshBalances).toEqual([
      { credential: { name: 'cred-1' }, balance: '10.00', error: null },
      {
        credential: { name: 'spare-0' },
        balance: '17.00',
        error: 'the provider answered 401',
      },
    ]);
    expect(rediscoverModels).toHaveLength(2);
  }
  expect(await refused(ask, { one: 'cred-1', pool: 'default' })).toMatchObject({
    code: 'INVALID_REQUEST',
  });
  await told('mutation { disableCredential(id: "spare-0") { id } }');
  expect(await refused(ask, { one: 'spare-0' })).toMatchObject({ code: 'CONFLICT' });
});
