import { expect, test } from '@jest/globals';
import { PROTOCOL, RawSocket } from '../../support/raw-socket.ts';
import { rawSocket, socketServer, until } from './socket-server.ts';

const INIT = { type: 'connection_init', payload: { authorization: 'Bearer admin' } };
const subscription = (id: string) => ({
  id,
  type: 'subscribe',
  payload: { query: 'subscription { silent }' },
});

test.each([
  ['what is no JSON', 4400, ['{']],
  ['what is no message', 4400, [{ type: 'hello' }]],
  ['a message that only servers send', 4400, [INIT, { id: '1', type: 'next', payload: {} }]],
  ['a subscription before it has begun', 4401, [subscription('1')]],
  [
    'a secret that opens nothing',
    4403,
    [{ type: 'connection_init', payload: { authorization: 'Bearer me' } }],
  ],
  ['no secret', 4403, [{ type: 'connection_init' }]],
  [
    'a secret that is no text',
    4403,
    [{ type: 'connection_init', payload: { authorization: [1] } }],
  ],
  ['a beginning that comes twice', 4429, [INIT, INIT]],
  ['an id that is in use', 4409, [INIT, subscription('1'), subscription('1')]],
])('%s: %d', async (_what, code, messages) => {
  const socket = await rawSocket(await socketServer());
  for (const message of messages) {
    socket.send(message);
    if (message === INIT && messages[1] !== INIT) await socket.got('connection_ack');
  }
  expect(await socket.closed).toMatchObject({ code });
});

test('one more than the twenty that a user may have: 1013', async () => {
  const server = await socketServer();
  const [first] = await Promise.all(
    Array.from({ length: 20 }, async () => await (await rawSocket(server)).begun('Bearer ann')),
  );
  const ann = { type: 'connection_init', payload: { authorization: 'Bearer ann' } };
  const last = await rawSocket(server);
  last.send(ann);
  expect(await last.closed).toMatchObject({ code: 1013 });
  await (await rawSocket(server)).begun();
  first?.ws.close();
  await first?.closed;
  await until(() => server.connections.size === 20);
  await (await rawSocket(server)).begun('Bearer ann');
});

test('a binary message: 4400; one beyond 64 KiB: 1009', async () => {
  const server = await socketServer();
  const [binary, large, whole] = [
    await rawSocket(server),
    await rawSocket(server),
    await rawSocket(server),
  ];
  binary.ws.send(Buffer.from(JSON.stringify(INIT)));
  expect(await binary.closed).toMatchObject({ code: 4400 });
  large.send(`{"type":"ping","payload":{"x":"${'x'.repeat(64 * 1024)}"}}`);
  expect(await large.closed).toMatchObject({ code: 1009 });
  whole.send(`{"type":"ping","payload":{"x":"${'x'.repeat(63 * 1024)}"}}`);
  expect(await whole.got('pong')).toBeDefined();
});

test('another protocol than graphql-transport-ws, or none: 4406', async () => {
  const { url } = await socketServer();
  const none = await new RawSocket(url).opened();
  expect(await none.closed).toMatchObject({ code: 4406 });
  // Its client gives up by itself: no protocol was agreed upon.
  const other = new RawSocket(url, {}, 'graphql-ws');
  expect(await other.closed).toMatchObject({ code: 1006 });
});

test('who does not begin within three seconds: 4408', async () => {
  const server = await socketServer();
  const [late, intime] = [await rawSocket(server), await rawSocket(server)];
  await until(() => server.connections.size === 2);
  server.clock.advance(2999);
  await intime.begun();
  server.clock.advance(1);
  expect(await late.closed).toMatchObject({ code: 4408 });
  intime.send({ type: 'ping' });
  expect(await intime.got('pong')).toEqual({ type: 'pong' });
});

/** Whatever it had to say before has arrived. */
const pinged = async (socket: RawSocket) => {
  socket.ws.ping();
  await new Promise((resolve) => socket.ws.once('pong', resolve));
};

test('who answers no ping is cut after thirty seconds, and who answers stays', async () => {
  const server = await socketServer();
  const alive = await (await rawSocket(server)).begun();
  const dead = await (await rawSocket(server, { autoPong: false })).begun();
  for (let second = 0; second < 15; second += 1) server.clock.advance(1000);
  await pinged(alive);
  for (let second = 0; second < 14; second += 1) server.clock.advance(1000);
  expect(server.connections.size).toBe(2);
  server.clock.advance(1000);
  expect(await dead.closed).toMatchObject({ code: 1006 });
  await pinged(alive);
  await until(() => server.connections.size === 1);
});

test('a stop: 1001, and who does not go is cut', async () => {
  const server = await socketServer();
  const polite = await (await rawSocket(server)).begun();
  const stalled = await (await rawSocket(server)).begun();
  polite.subscribe('1', 'subscription { silent }');
  await until(() => server.underWay() === 1);
  stalled.ws.pause();
  const stopped = server.connections.close();
  expect(await polite.closed).toEqual({
    code: 1001,
    reason: 'The server is stopping: connect again.',
  });
  await until(() => server.underWay() === 0 && server.connections.size === 1);
  server.clock.advance(1000);
  await stopped;
  expect(server.connections.size).toBe(0);
  stalled.ws.resume();
  expect(await new RawSocket(server.url, {}, PROTOCOL).closed).toMatchObject({ code: 1006 });
});

test('an operation that fails tells nothing of us, and its socket goes on', async () => {
  const socket = await (await rawSocket(await socketServer())).begun();
  socket.subscribe('1', '{ hello broken }');
  const { payload } = await socket.got('next', '1');
  expect(payload).toMatchObject({ data: { hello: 'world', broken: null } });
  expect(payload).toMatchObject({
    errors: [{ path: ['broken'], extensions: { code: 'INTERNAL' } }],
  });
  expect(JSON.stringify(payload)).not.toContain('secret');
  await socket.got('complete', '1');
  for (const [id, query, code] of [
    ['2', '{', 'GRAPHQL_PARSE_FAILED'],
    ['3', '{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['4', 'query a { hello } query b { hello }', 'OPERATION_RESOLUTION_FAILURE'],
  ] as const) {
    socket.subscribe(id, query);
    const error = await socket.got('error', id);
    expect(error.payload).toMatchObject([{ extensions: { code, requestId: expect.any(String) } }]);
  }
});

test('a socket carries twenty operations; the next is refused until one is complete', async () => {
  const server = await socketServer();
  const socket = await (await rawSocket(server)).begun();
  for (let nth = 1; nth <= 21; nth += 1) socket.send(subscription(String(nth)));
  const refused = await socket.got('error', '21');
  expect(refused.payload).toMatchObject([{ extensions: { code: 'OVERLOADED', retryable: true } }]);
  expect(server.underWay()).toBe(20);
  socket.send({ id: '7', type: 'complete' });
  await until(() => server.underWay() === 19);
  socket.send(subscription('22'));
  await until(() => server.underWay() === 20);
});

test('what a socket has asked for ends with it', async () => {
  const server = await socketServer();
  const socket = await (await rawSocket(server)).begun();
  for (let nth = 1; nth <= 5; nth += 1) socket.send(subscription(String(nth)));
  await until(() => server.underWay() === 5);
  socket.ws.terminate();
  await until(() => server.underWay() === 0 && server.connections.size === 0);
  expect(server.clock.waits).toEqual([]);
});
