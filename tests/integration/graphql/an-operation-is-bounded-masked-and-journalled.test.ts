import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { CLI } from '../../../src/services/actor.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';
import { until } from '../../support/patience.ts';

const QUERY = 'query Look { adminTokens { name } }';
const CANARY = 'canary-in-an-error-that-nobody-expected';

/** Makes the service fail or wait; everything in front of it is the real thing. */
function listing(gateway: Gateway, list: () => Promise<never>): void {
  gateway.space.tokens.list = list;
}

/** Operations that end when they are told to. */
function heldUp(gateway: Gateway) {
  const { promise, resolve } = Promise.withResolvers<never>();
  let entered = 0;
  listing(gateway, async () => {
    entered += 1;
    return await promise;
  });
  return {
    release: () => resolve([] as never),
    hasEntered: (count: number) => until(() => entered === count),
  };
}

/** Signs a user's token, and publishes its key once it is told to. */
async function slowIssuer() {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const { promise: isTold, resolve: tell } = Promise.withResolvers<void>();
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }];
  const server = createServer((_request, response) => {
    void isTold.then(() => response.end(JSON.stringify({ keys })));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const token = await new SignJWT({ sub: 'ann' })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setExpirationTime('1h')
    .sign(privateKey);
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { issuer: `http://127.0.0.1:${port}/keys`, token, tell, close };
}

test('what nobody expected is told as nothing but its request id, and logged by it', async () => {
  const gateway = await startGateway();
  listing(gateway, () => Promise.reject(new TypeError(CANARY)));
  const { status, data, errors, headers } = await graphqlClient(gateway).ask(QUERY);
  expect(status).toBe(200);
  expect(data).toBeNull();
  const requestId = headers.get('x-request-id');
  expect(errors).toEqual([
    {
      message: 'An internal error occurred.',
      locations: [{ line: 1, column: 14 }],
      path: ['adminTokens'],
      extensions: { code: 'INTERNAL', retryable: false, requestId },
    },
  ]);
  const line = gateway
    .logs()
    .split('\n')
    .find((one) => one.includes(CANARY));
  expect(JSON.parse(line ?? '{}')).toMatchObject({ requestId, path: ['adminTokens'] });
});

test('what is expected to go wrong is told with all that a client can switch on', async () => {
  const gateway = await startGateway();
  const failure = new GatewayError('overloaded', 'Later.', { retryAfterMs: 1500, param: 'x' });
  listing(gateway, () => Promise.reject(failure));
  const { errors } = await graphqlClient(gateway).ask(QUERY);
  const facts = { code: 'OVERLOADED', param: 'x', retryAfterMs: 1500, retryable: true };
  expect(errors).toMatchObject([{ message: 'Later.', extensions: facts }]);
});

test('each operation has a line in the log, without what is in its variables', async () => {
  const gateway = await startGateway();
  const { secret } = await gateway.space.tokens.create(CLI, { name: 'ci', role: 'operator' });
  const { ask } = graphqlClient(gateway, { token: secret });
  const query = 'mutation Grow($name: String!) { createUser(input: {name: $name}) { id } }';
  const { headers } = await ask(query, { name: 'somebody-in-particular' });
  await ask(QUERY);
  await ask('{ me { nothing } }');
  const lines = gateway
    .logs()
    .split('\n')
    .filter((line) => line.includes('graphql operation'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toMatchObject([
    {
      actor: 'token:ci',
      kind: 'mutation',
      operation: 'Grow',
      codes: [],
      durationMs: expect.any(Number),
    },
    { actor: 'token:ci', kind: 'query', operation: 'Look', codes: ['PERMISSION_DENIED'] },
    { actor: 'token:ci', kind: 'unknown', operation: null, codes: ['GRAPHQL_VALIDATION_FAILED'] },
  ]);
  expect(lines[0]?.['requestId']).toBe(headers.get('x-request-id'));
  expect(gateway.logs()).not.toContain('somebody-in-particular');
  expect(gateway.logs()).not.toContain(secret);
  const [event] = await gateway.events('user.created');
  expect(event).toMatchObject({ actor: 'token:ci', requestId: headers.get('x-request-id') });
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).toContain('tollgate_graphql_operations_total{kind="mutation",code=""} 1');
  expect(metrics).toContain(
    'tollgate_graphql_operations_total{kind="query",code="PERMISSION_DENIED"} 1',
  );
});

test('one that takes too long is answered so', async () => {
  const gateway = await startGateway();
  const held = heldUp(gateway);
  const asking = graphqlClient(gateway).ask(QUERY);
  await held.hasEntered(1);
  gateway.clock.advance(30_000);
  const { status, errors } = await asking;
  expect(status).toBe(504);
  expect(errors).toMatchObject([{ extensions: { code: 'OPERATION_TIMEOUT', retryable: false } }]);
  held.release();
});

test('more than fifty at once are refused, and calls go on', async () => {
  const gateway = await startGateway();
  const held = heldUp(gateway);
  const { ask } = graphqlClient(gateway);
  const asking = Array.from({ length: 50 }, () => ask(QUERY));
  await held.hasEntered(50);
  const { status, errors, headers } = await ask('{ me { name } }');
  expect(status).toBe(503);
  expect(errors).toMatchObject([{ extensions: { code: 'OVERLOADED', retryable: true } }]);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await gateway.chat()).status).toBe(200);
  held.release();
  for (const answer of await Promise.all(asking)) expect(answer.data).toEqual({ adminTokens: [] });
  expect(await ask('{ me { name } }')).toMatchObject({ status: 200 });
});

const get = (token: string): string =>
  `GET /graphql?query=${encodeURIComponent(QUERY)} HTTP/1.1\r\nhost: x\r\napollo-require-preflight: 1\r\nauthorization: Bearer ${token}\r\n\r\n`;

test('those who leave before it is known who they are keep no place', async () => {
  const { issuer, token, tell, close } = await slowIssuer();
  const gateway = await startGateway({ env: { USER_JWKS_URL: issuer } });
  await gateway.space.users.create(CLI, { name: 'ann' });
  const { port, hostname } = new URL(gateway.url);
  const sockets = Array.from({ length: 50 }, () => connect(Number(port), hostname));
  for (const socket of sockets) socket.write(get(token));
  const seesAll = async () => expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  await seesAll();
  for (const socket of sockets) socket.resetAndDestroy();
  await seesAll();
  tell();
  const { ask } = graphqlClient(gateway);
  await until(async () => (await ask('{ me { name } }')).status === 200);
  await close();
});

test('one who never reads the answer keeps no place for long', async () => {
  const gateway = await startGateway();
  const large = { name: 'x'.repeat(32 * 1024 * 1024) };
  listing(gateway, async () => await Promise.resolve([large] as never));
  const { port, hostname } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.write(get(gateway.space.secrets.admin.reveal()));
  await once(socket, 'readable');
  const held = heldUp(gateway);
  const { ask } = graphqlClient(gateway);
  const asking = Array.from({ length: 49 }, () => ask(QUERY));
  await held.hasEntered(49);
  expect((await ask('{ me { name } }')).status).toBe(503);
  gateway.clock.advance(60_000);
  await until(async () => (await ask('{ me { name } }')).status === 200);
  socket.destroy();
  held.release();
  await Promise.all(asking);
});

test('one under way is answered before the server closes', async () => {
  const gateway = await startGateway();
  const held = heldUp(gateway);
  const asking = graphqlClient(gateway).ask(QUERY);
  await held.hasEntered(1);
  const closing = gateway.app.close(600_000);
  held.release();
  expect(await asking).toMatchObject({ status: 200, data: { adminTokens: [] } });
  await closing;
});

test('one that does not end keeps the server no longer than a stop may take', async () => {
  const gateway = await startGateway();
  const held = heldUp(gateway);
  const asking = graphqlClient(gateway).ask(QUERY);
  await held.hasEntered(1);
  const closing = gateway.app.close(5000);
  gateway.clock.advance(5000);
  const { status, errors } = await asking;
  expect(status).toBe(503);
  expect(errors).toMatchObject([{ extensions: { code: 'DRAINING', retryable: true } }]);
  await closing;
  held.release();
});
