import { beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { schemaOfDecorators } from '../../../src/graphql/schema.ts';
import { CLI, ROLES, hasRole } from '../../../src/services/actor.ts';
import type { Role } from '../../../src/services/actor.ts';
import { operations } from '../../../src/services/policy.ts';
import { gatewayOfFile } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';
import type { GraphqlClient } from '../../support/graphql-client.ts';
import { documentOf } from '../../support/root-field.ts';

const SECRET = 'a-shared-secret-of-more-than-32-bytes';

const running = gatewayOfFile({ env: { USER_JWT_SECRET: SECRET } });
const schema = schemaOfDecorators();
const fields = [schema.getQueryType(), schema.getMutationType()].flatMap((type, index) =>
  Object.values(type?.getFields() ?? {}).map((field) => ({
    kind: index === 0 ? 'query' : 'mutation',
    coordinate: `${String(type?.name)}.${field.name}`,
    field,
  })),
);

const clients = {} as Record<Role, GraphqlClient>;

beforeAll(async () => {
  const { space, clock } = running();
  const { id } = await space.users.create(CLI, { name: 'ann' });
  const payload = { sub: id, exp: Math.floor(clock.now() / 1000) + 3600 };
  const jwt = await new SignJWT(payload)
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(SECRET));
  clients.user = graphqlClient(running(), { token: jwt });
  for (const role of ['viewer', 'operator', 'admin'] as const) {
    const { secret } = await space.tokens.create(CLI, { name: role, role });
    clients[role] = graphqlClient(running(), { token: secret });
  }
});

const rows = fields.map(({ coordinate, kind, field }) => [coordinate, kind, field] as const);

describe('over HTTP', () => {
  test.each(rows)('nobody is told anything by %s', async (_coordinate, kind, field) => {
    const { query, variables } = documentOf(kind, field);
    const { ask } = graphqlClient(running(), { token: null });
    const { status, data, errors } = await ask(query, variables);
    expect(status).toBe(401);
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });

  test.each(rows)('%s is for those the policy names', async (coordinate, kind, field) => {
    const { query, variables } = documentOf(kind, field);
    const least = (operations as Readonly<Record<string, Role>>)[field.name] ?? 'admin';
    for (const role of ROLES) {
      const { errors, data } = await clients[role].ask(query, variables);
      const denied = errors.filter(
        ({ extensions: { code, param } }) => code === 'PERMISSION_DENIED' && param === coordinate,
      );
      const isAllowed = hasRole({ name: role, role, userId: null }, least);
      expect([role, denied.length]).toEqual([role, isAllowed ? 0 : 1]);
      if (!isAllowed) expect(data).toBeNull();
      // What the dummies name is not there; nothing must fall over because of it.
      const codes = errors.map(({ extensions: { code } }) => code);
      expect([role, ...codes]).not.toContain('INTERNAL');
      expect([role, ...codes]).not.toContain('BAD_USER_INPUT');
      expect([role, ...codes]).not.toContain('GRAPHQL_VALIDATION_FAILED');
    }
  });
});
