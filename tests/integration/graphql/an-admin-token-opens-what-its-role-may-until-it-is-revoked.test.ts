import { expect, test } from '@jest/globals';
import { systemClock } from '../../../src/lib/clock.ts';
import { createLogger } from '../../../src/lib/logger.ts';
import { CLI } from '../../../src/services/actor.ts';
import { openWorkspace } from '../../../src/workspace.ts';
import { quickest } from '../../support/fastest-of.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';
import { until } from '../../support/patience.ts';

const SECOND_MS = 1000;
const TRIES = 5;

const CREATE = `mutation Create($input: CreateAdminTokenInput!, $id: String) {
  createAdminToken(input: $input, clientMutationId: $id) { secret token { id name role hint createdBy } }
}`;

const me = async (gateway: Gateway, token: string) =>
  await graphqlClient(gateway, { token }).ask('{ me { name role userId } }');

test('a token is made, shown once, opens, and is revoked', async () => {
  const gateway = await startGateway();
  const { ask } = graphqlClient(gateway);
  const input = { name: 'deploy', role: 'OPERATOR', expiresInDays: 30 };
  const { data } = await ask(CREATE, { input, id: 'once' });
  const { secret, token } = data.createAdminToken;
  expect(token).toMatchObject({ name: 'deploy', role: 'OPERATOR', createdBy: 'admin' });
  const again = await ask(CREATE, { input, id: 'once' });
  expect(again.data.createAdminToken).toEqual({ secret: null, token });

  const shown = await me(gateway, secret);
  expect(shown.data.me).toEqual({ name: 'token:deploy', role: 'OPERATOR', userId: null });
  const all = await ask('{ adminTokens { name revokedAt expiresAt } }');
  expect(all.data.adminTokens).toMatchObject([{ name: 'deploy', revokedAt: null }]);

  const revoked = await ask('mutation { revokeAdminToken(id: "deploy") { id revokedAt } }');
  expect(revoked.data.revokeAdminToken).toEqual({ id: token.id, revokedAt: expect.any(String) });
  const refused = await me(gateway, secret);
  expect(refused).toMatchObject({ status: 401, data: null });
  expect(gateway.logs()).not.toContain(secret);
});

test('a token that another process revokes is refused within a second', async () => {
  const gateway = await startGateway();
  const other = await openWorkspace(
    gateway.space.config,
    systemClock,
    createLogger({ level: 'silent' }),
  );
  try {
    let serial = 0;
    const refusedMs = async () => {
      serial += 1;
      const name = `made-elsewhere-${serial}`;
      const { secret } = await other.tokens.create(CLI, { name, role: 'viewer' });
      await until(async () => (await me(gateway, secret)).status === 200);
      await other.tokens.revoke(CLI, name);
      return await until(async () => (await me(gateway, secret)).status === 401);
    };
    expect(await quickest(SECOND_MS, TRIES, refusedMs)).toBeLessThan(SECOND_MS);
  } finally {
    await other.close();
  }
});

test('a mistake is told with the field it is about', async () => {
  const gateway = await startGateway();
  const { ask } = graphqlClient(gateway);
  const { errors } = await ask(CREATE, { input: { name: '', role: 'VIEWER', expiresInDays: 0 } });
  expect(errors).toMatchObject([{ extensions: { code: 'INVALID_REQUEST', param: 'name' } }]);
  expect(errors[0]?.message).toContain('expiresInDays: ');
});

test('balances and metrics may be read by a viewer, and refreshed by an operator', async () => {
  const gateway = await startGateway({ env: { LB_ENDPOINTS_AUTH: 'admin' } });
  const bearers: Record<string, string> = { admin: gateway.space.secrets.admin.reveal() };
  for (const role of ['viewer', 'operator'] as const) {
    bearers[role] = (await gateway.space.tokens.create(CLI, { name: role, role })).secret;
  }
  const gone = await gateway.space.tokens.create(CLI, { name: 'gone', role: 'admin' });
  await gateway.space.tokens.revoke(CLI, 'gone');
  bearers['nobody'] = gone.secret;

  const statuses = async (method: string, path: string) => {
    const answers = Object.entries(bearers).map(async ([who, secret]) => {
      const headers = { authorization: `Bearer ${secret}` };
      const answer = await fetch(`${gateway.url}${path}`, { method, headers });
      return [who, answer.status] as const;
    });
    return Object.fromEntries(await Promise.all(answers));
  };
  const read = { admin: 200, operator: 200, viewer: 200, nobody: 401 };
  expect(await statuses('GET', '/lb/health')).toEqual(read);
  expect(await statuses('GET', '/metrics')).toEqual(read);
  expect(await statuses('POST', '/lb/refresh')).toEqual({ ...read, viewer: 403 });
});

test('the schema is told unless that is switched off', async () => {
  const document = '{ __schema { queryType { name } } }';
  const open = await graphqlClient(await startGateway()).ask(document);
  expect(open.data).toEqual({ __schema: { queryType: { name: 'Query' } } });
  const shut = await startGateway({ env: { GRAPHQL_INTROSPECTION: 'off' } });
  const { data, errors } = await graphqlClient(shut).ask(document);
  expect(data).toBeNull();
  expect(errors).toMatchObject([
    { extensions: { code: 'PERMISSION_DENIED', param: 'Query.__schema' } },
  ]);
  expect((await graphqlClient(shut).ask('{ __typename me { __typename } }')).status).toBe(200);
});
