import { expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { gatewayOfFile } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';
import { until } from '../../support/patience.ts';
import { PROTOCOL, RawSocket } from '../../support/raw-socket.ts';

const gateway = gatewayOfFile();
const EVENTS = 'subscription { events { seq } }';
const INIT = 'connection_init';

const address = (): string => `${gateway().url.replace('http', 'ws')}/graphql`;
const aSocket = async (): Promise<RawSocket> =>
  await new RawSocket(address(), {}, PROTOCOL).opened();
const anAdmins = async (): Promise<RawSocket> =>
  await (await aSocket()).begun(`Bearer ${gateway().space.secrets.admin.reveal()}`);

/** Whoever follows as they should is told, and nobody else's socket is open. */
async function expectServed(): Promise<void> {
  const socket = await anAdmins();
  socket.subscribe('1', EVENTS);
  const pong = socket.got('pong');
  socket.send({ type: 'ping' });
  await pong;
  await graphqlClient(gateway()).ask(
    `mutation { createTeam(input: { name: "${Math.random()}" }) { id } }`,
  );
  await socket.got('next', '1');
  socket.ws.close();
  const { url } = gateway();
  const told = async () => await (await fetch(`${url}/metrics`)).text();
  await until(async () => (await told()).includes('\ntollgate_graphql_connections 0\n'));
}

test('C33: who never begins is sent away after three seconds', async () => {
  const socket = await aSocket();
  gateway().clock.advance(5000);
  expect(await socket.closed).toMatchObject({ code: 4408 });
  await expectServed();
});

test('C33: who begins twice, or speaks before, is sent away', async () => {
  const twice = await anAdmins();
  twice.send({ type: INIT });
  expect(await twice.closed).toMatchObject({ code: 4429 });
  const early = await aSocket();
  early.subscribe('1', EVENTS);
  expect(await early.closed).toMatchObject({ code: 4401 });
  await expectServed();
});

test('C33: a message of a megabyte is not taken in', async () => {
  const socket = await aSocket();
  socket.send(`{"type":"ping","payload":{"x":"${'x'.repeat(1024 * 1024)}"}}`);
  expect(await socket.closed).toMatchObject({ code: 1009 });
  await expectServed();
});

test('C33: a thousand subscriptions of one socket: twenty are served', async () => {
  const socket = await anAdmins();
  for (let nth = 1; nth <= 1000; nth += 1) socket.subscribe(String(nth), EVENTS);
  await socket.got('error', '1000');
  const refused = socket.messages.filter(({ type }) => type === 'error');
  expect(refused).toHaveLength(980);
  socket.ws.close();
  await expectServed();
});

test('C33: ten thousand pings are answered, and hold up nobody', async () => {
  const socket = await anAdmins();
  for (let nth = 0; nth < 10_000; nth += 1) socket.send({ type: 'ping' });
  await expectAnswered();
  await until(async () => socket.messages.filter(({ type }) => type === 'pong').length === 10_000);
  socket.ws.close();
  await expectServed();
});

async function expectAnswered(): Promise<void> {
  expect((await graphqlClient(gateway()).ask('{ me { name } }')).status).toBe(200);
}

test('C33: text that is no UTF-8 ends its socket', async () => {
  const socket = await aSocket();
  // As text, which it is not.
  socket.ws.send(Buffer.from([0xc3, 0x28]), { binary: false });
  expect(await socket.closed).toMatchObject({ code: 1007 });
  await expectServed();
});

test('C33: no protocol, or another path, opens nothing', async () => {
  const other = new RawSocket(address());
  expect(await other.closed).toMatchObject({ code: 4406 });
  const elsewhere = new WebSocket(`${gateway().url.replace('http', 'ws')}/v1/realtime`, PROTOCOL);
  const refusal = await new Promise<Error>((resolve) => elsewhere.on('error', resolve));
  expect(refusal.message).toMatch(/Unexpected server response: 4\d\d/);
  await expectServed();
});
