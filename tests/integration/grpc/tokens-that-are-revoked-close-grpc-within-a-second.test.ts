import { expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { ADMIN, CLI } from '../../../src/services/actor.ts';
import { quickest } from '../../support/fastest-of.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { grpcOf } from '../../support/gateway-grpc.ts';
import { refusalFrom } from '../../support/grpc-client.ts';

const ENV = { GRPC_PORT: '0' };
const SECRET = 'a-secret-of-users-that-is-long-enough-1234';
const DAY_MS = 86_400_000;

/** A watch of nothing that happens, which stands. */
async function standing(gateway: Gateway, token: string) {
  const watch = grpcOf(gateway, token).watch('OperationsService', 'WatchEvents', {
    types: ['nothing.*'],
  });
  await watch.stands;
  return watch;
}

test('what is open ends and nothing new begins, and nobody else is disturbed', async () => {
  const gateway = await startGateway({ env: ENV });
  const { tokens, events } = gateway.space;
  const kept = await tokens.create(ADMIN, { name: 'kept', role: 'viewer' });
  const other = await standing(gateway, kept.secret);
  let nth = 0;
  const ms = await quickest(1000, 5, async () => {
    nth += 1;
    const draft = { name: `revoked-${nth}`, role: 'viewer' } as const;
    const { secret, token } = await tokens.create(ADMIN, draft);
    const watch = await standing(gateway, secret);
    const startMs = performance.now();
    await tokens.revoke(ADMIN, token.id);
    expect(await watch.ended).toMatchObject({ code: 'UNAUTHENTICATED' });
    const took = performance.now() - startMs;
    const call = grpcOf(gateway, secret).ask('LimitService', 'GetLimits', {
      key: { id: gateway.keyId },
    });
    expect(await refusalFrom(call)).toMatchObject({ code: 'UNAUTHENTICATED' });
    return took;
  });
  expect(ms).toBeLessThan(1000);
  await events.record([{ type: 'nothing.happened', subject: 's', actor: 'system' }]);
  expect((await other.nth(0)).event?.type).toBe('nothing.happened');
  other.cancel();
});

test('so it is with one that expires', async () => {
  const gateway = await startGateway({ env: ENV });
  const draft = { name: 'short', role: 'admin', expiresInDays: 1 } as const;
  const { secret } = await gateway.space.tokens.create(ADMIN, draft);
  const watch = await standing(gateway, secret);
  gateway.clock.advance(DAY_MS + 1000);
  expect(await watch.ended).toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('a user of a tenant is let in nowhere, a virtual key even less', async () => {
  const gateway = await startGateway({ env: { ...ENV, USER_JWT_SECRET: SECRET } });
  const { id } = await gateway.space.users.create(CLI, { name: 'ann' });
  const jwt = await new SignJWT({ sub: id })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(Math.floor(gateway.clock.now() / 1000) + 3600)
    .sign(new TextEncoder().encode(SECRET));
  const key = { id: gateway.keyId };
  const asUser = await refusalFrom(grpcOf(gateway, jwt).ask('KeyService', 'GetKey', { key }));
  expect(asUser).toMatchObject({
    code: 'PERMISSION_DENIED',
    message: 'gRPC needs the role viewer.',
  });
  const asKey = await refusalFrom(
    grpcOf(gateway, gateway.key).ask('KeyService', 'GetKey', { key }),
  );
  expect(asKey.code).toBe('UNAUTHENTICATED');
  const { answer } = await grpcOf(gateway).tell('KeyService', 'GetKey', { key });
  expect(answer.key?.id).toBe(gateway.keyId);
});

test('it is counted with everything else', async () => {
  const gateway = await startGateway({ env: ENV });
  await grpcOf(gateway).ask('KeyService', 'GetKey', { key: { id: gateway.keyId } });
  const told = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(told).toContain(
    'tollgate_grpc_requests_total{method="tollgate.v1.KeyService/GetKey",code="OK"} 1',
  );
});

test('a gateway that stops says so, and then hears nobody', async () => {
  const gateway = await startGateway({ env: ENV });
  const admin = gateway.space.secrets.admin.reveal();
  const watch = await standing(gateway, admin);
  const later = grpcOf(gateway, admin);
  const closed = gateway.app.close();
  expect(await watch.ended).toMatchObject({ code: 'UNAVAILABLE', reason: 'tollgate/DRAINING' });
  await closed;
  const call = later.ask('KeyService', 'GetKey', { key: { id: gateway.keyId } });
  expect((await refusalFrom(call)).code).toBe('UNAVAILABLE');
});
