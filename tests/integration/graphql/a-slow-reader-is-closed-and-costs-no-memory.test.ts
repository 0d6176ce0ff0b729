import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { rawSocket, socketServer, until } from './socket-server.ts';
import type { SocketServer } from './socket-server.ts';

const TOO_SLOW = { code: 4413, reason: 'Too slow: read faster, or ask for less.' };

/** How many messages are made until no more are, because nobody takes them. */
async function standstill({ made }: SocketServer): Promise<number> {
  let [known, quiet] = [-1, 0];
  while (quiet < 200) {
    await turn();
    quiet = made() === known ? quiet + 1 : 0;
    known = made();
  }
  return known;
}

test('for who stops reading nothing more is made, and after ten seconds it is closed with 4413', async () => {
  const server = await socketServer();
  const slow = await (await rawSocket(server)).begun();
  const other = await (await rawSocket(server)).begun();
  slow.ws.pause();
  slow.subscribe('1', 'subscription { large }');
  other.subscribe('1', 'subscription { told }');
  // What the kernel takes for it, and one more.
  const made = await standstill(server);
  server.clock.advance(9999);
  await turn();
  expect(server.made()).toBe(made);
  server.told.publish('still here');
  expect(await other.got('next')).toMatchObject({ payload: { data: { told: 'still here' } } });
  server.clock.advance(1001);
  await until(() => server.underWay() === 1);
  slow.ws.resume();
  expect(await slow.closed).toEqual(TOO_SLOW);
  // Everything that was made was sent, but what came after the end.
  expect(slow.results).toBeGreaterThanOrEqual(made - 1);
  expect(server.made() - made).toBeLessThanOrEqual(1);
});

test('one that never reads again is cut', async () => {
  const server = await socketServer();
  const slow = await (await rawSocket(server)).begun();
  slow.ws.pause();
  slow.subscribe('1', 'subscription { large }');
  await standstill(server);
  server.clock.advance(11_000);
  expect(server.connections.size).toBe(1);
  server.clock.advance(5000);
  await until(() => server.connections.size === 0);
});

test('one that reads slowly but reads is left alone', async () => {
  const server = await socketServer();
  const slow = await (await rawSocket(server)).begun();
  slow.ws.pause();
  slow.subscribe('1', 'subscription { large }');
  for (let round = 0; round < 5; round += 1) {
    const made = await standstill(server);
    server.clock.advance(8000);
    slow.ws.resume();
    await until(() => server.made() >= made + 20);
    slow.ws.pause();
  }
  expect(slow.ws.readyState).toBe(slow.ws.OPEN);
});

test('what is not kept for later: who has left a thousand unread is closed, others go on', async () => {
  const server = await socketServer();
  const slow = await (await rawSocket(server)).begun();
  const quick = await (await rawSocket(server)).begun();
  slow.subscribe('1', 'subscription { told }');
  quick.subscribe('1', 'subscription { told }');
  await until(() => server.underWay() === 2);
  slow.ws.pause();
  const text = 'x'.repeat(32 * 1024);
  const tell = async () => {
    const known = quick.results;
    server.told.publish(text);
    await until(() => quick.results > known);
  };
  // More than the kernel takes, and a thousand.
  for (let nth = 0; nth < 1500; nth += 1) await tell();
  slow.ws.resume();
  expect(await slow.closed).toEqual(TOO_SLOW);
  expect(slow.results).toBeLessThan(500);
  await tell();
  expect(quick.results).toBe(1501);
});

test('one that asks and asks without reading the answers is closed before they fill the memory', async () => {
  const server = await socketServer();
  const greedy = await (await rawSocket(server)).begun();
  greedy.ws.pause();
  const ping = JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(60 * 1024) } });
  for (let nth = 0; nth < 300; nth += 1) {
    greedy.send(ping);
    await until(() => greedy.ws.bufferedAmount === 0);
  }
  greedy.ws.resume();
  expect(await greedy.closed).toEqual(TOO_SLOW);
  // What the kernel takes, and a megabyte.
  expect(greedy.messages.length).toBeLessThan(250);
});
