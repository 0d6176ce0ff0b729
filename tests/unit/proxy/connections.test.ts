import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createRawServer } from 'node:net';
import type { AddressInfo, LookupFunction, Server, Socket } from 'node:net';
import { lookup } from 'node:dns';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { MemberFacts } from '../../../src/pool/member.ts';
import type { Member } from '../../../src/pool/member.ts';
import { CALLER } from '../../../src/proxy/caller-credential.ts';
import { Transport } from '../../../src/proxy/transport.ts';
import { HandClock, TIMEOUTS, aMember } from './fixture.ts';

const over: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of over.splice(0).toReversed()) await end();
});

/** Notes the connections it gets, and on which of them each request came. */
async function listening(server: Server) {
  const sockets: Socket[] = [];
  server.on('connection', (socket) => void sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  over.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { sockets, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function anOrigin(answer: RequestListener = (_request, response) => response.end('{}')) {
  const asked: number[] = [];
  const server = createServer((request, response) => {
    asked.push(origin.sockets.indexOf(request.socket));
    answer(request, response);
  });
  const origin = await listening(server);
  return { ...origin, asked };
}

/** Speaks HTTP by hand: what it says to each request, in order, on whatever connection it comes. */
async function aRawOrigin(...says: ((socket: Socket) => void)[]) {
  const server = createRawServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => says.shift()?.(socket));
  });
  return await listening(server);
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}';
const ok = (socket: Socket) => void socket.write(OK);

function aTransport(find: LookupFunction = lookup) {
  const clock = new HandClock();
  const transport = new Transport(clock, find);
  over.push(() => transport.close());
  return { clock, transport };
}

interface How {
  isFresh?: boolean;
  mayStart?: () => boolean;
}

/** A call that is read to its end. */
function send(
  transport: Transport,
  member: Member,
  { isFresh = false, mayStart = () => true }: How = {},
) {
  const exchange = transport.exchange(TIMEOUTS);
  const body = { kind: 'none' } as const;
  const rest = { method: 'GET', path: '/v1/models', headers: {}, body };
  transport.send(exchange, member, { ...rest, isFresh, mayStart });
  const answered = exchange.answered.then(async (failure) => {
    const { isReused, isSent, hasAnswered } = exchange;
    if (failure !== null) return { failure, isReused, isSent, hasAnswered };
    return await new Promise<{
      failure: string | null;
      isReused: boolean;
      isSent: boolean;
      hasAnswered: boolean;
    }>((resolve) => {
      const end = (ended: string | null) =>
        resolve({ failure: ended, isReused, isSent, hasAnswered });
      exchange.consume({ chunk: () => undefined, end: () => end(null), fail: end });
    });
  });
  return { exchange, answered };
}

const call = (transport: Transport, member: Member, how?: How) =>
  send(transport, member, how).answered;

const at = (origin: string, facts: Partial<MemberFacts> = {}, id = 'c1') =>
  aMember(id, { origin, ...facts });

describe('a connection', () => {
  test('that has carried an answer is used again, and known for it', async () => {
    const { origin, sockets, asked } = await anOrigin();
    const { transport } = aTransport();
    const member = at(origin);
    const reused: boolean[] = [];
    for (let turn = 0; turn < 3; turn += 1) reused.push((await call(transport, member)).isReused);
    expect(reused).toEqual([false, true, true]);
    expect([sockets.length, asked]).toEqual([1, [0, 0, 0]]);
  });

  test('that is made anew in the place of one that was closed is not', async () => {
    const { origin, sockets } = await anOrigin((_request, response) => {
      response.setHeader('connection', 'close').end('{}');
    });
    const { transport } = aTransport();
    const member = at(origin);
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await call(transport, member)).toMatchObject({ failure: null, isReused: false });
    }
    expect(sockets.length).toBe(3);
  });

  test('that is closed as the request sets out is one that had served, and brought no byte', async () => {
    const { origin } = await aRawOrigin(ok, (socket) => socket.destroy(), ok);
    const { transport } = aTransport();
    const member = at(origin);
    await call(transport, member);
    const stale = await call(transport, member);
    expect(stale).toEqual({ failure: 'lost', isReused: true, isSent: true, hasAnswered: false });
    expect(await call(transport, member)).toMatchObject({ failure: null, isReused: false });
  });

  test('that is closed at its first request is not one that had served', async () => {
    const { origin } = await aRawOrigin((socket) => socket.destroy());
    const { transport } = aTransport();
    expect(await call(transport, at(origin))).toMatchObject({ failure: 'lost', isReused: false });
  });

  test.each([
    ['no HTTP', 'SSH-2.0-x\r\n'],
    ['half a head', 'HTTP/1.1 200 OK\r\ncontent-'],
    ['an interim answer', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
  ])('that brings %s and is closed has brought something', async (_name, bytes) => {
    const { origin } = await aRawOrigin(ok, (socket) => void socket.end(bytes));
    const { transport } = aTransport();
    const member = at(origin);
    await call(transport, member);
    expect(await call(transport, member)).toEqual({
      failure: 'lost',
      isReused: true,
      isSent: true,
      hasAnswered: true,
    });
  });

  test('is new where a new one is wanted, and the other is kept', async () => {
    const { origin, sockets, asked } = await anOrigin();
    const { transport } = aTransport();
    const member = at(origin);
    await call(transport, member);
    expect(await call(transport, member, { isFresh: true })).toMatchObject({ isReused: false });
    expect(sockets.length).toBe(2);
    for (let turn = 0; turn < 2; turn += 1) await call(transport, member);
    expect(asked).toEqual([0, 1, 1, 1]);
  });

  test('carries one call at a time; the one that came back last goes out first', async () => {
    const { origin, sockets, asked } = await anOrigin();
    const { transport } = aTransport();
    const member = at(origin);
    await Promise.all(Array.from({ length: 5 }, () => call(transport, member)));
    expect(sockets.length).toBe(5);
    asked.length = 0;
    for (let turn = 0; turn < 5; turn += 1) await call(transport, member);
    expect([sockets.length, new Set(asked).size]).toEqual([5, 1]);
  });

  test('is a credential’s own, also to the same origin', async () => {
    const { origin, sockets, asked } = await anOrigin();
    const { transport } = aTransport();
    const members = [
      at(origin, {}, 'a'),
      at(origin, {}, 'b'),
      at(origin, {}, `${CALLER} x`),
      at(origin, {}, `${CALLER} y`),
    ];
    for (const member of [...members, ...members]) await call(transport, member);
    expect([sockets.length, asked]).toEqual([4, [0, 1, 2, 3, 0, 1, 2, 3]]);
  });
});

describe('a credential that was changed', () => {
  test('keeps its connections while its origin is the same', async () => {
    const { origin, sockets } = await anOrigin();
    const { transport } = aTransport();
    await call(transport, at(origin));
    expect((await call(transport, at(origin))).isReused).toBe(true);
    expect(sockets.length).toBe(1);
  });

  test('leaves them when it is another, and none of its calls is cut', async () => {
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
    const slow = await anOrigin((_request, response) => {
      // Left alone, the connection would be kept.
      response.setHeader('keep-alive', 'timeout=600').write('{');
      void finished.then(() => response.end('}'));
    });
    const other = await anOrigin();
    const { transport } = aTransport();
    const under = send(transport, at(slow.origin));
    expect(await under.exchange.answered).toBeNull();
    expect((await call(transport, at(other.origin))).failure).toBeNull();
    const [socket] = slow.sockets;
    if (socket === undefined) throw new Error('It should be connected.');
    const closed = once(socket, 'close');
    finish();
    expect((await under.answered).failure).toBeNull();
    await closed;
    expect([slow.asked, other.asked]).toEqual([[0], [0]]);
  });
});

describe('whether a call may start', () => {
  test('is asked when the connection is there; if not, nothing is sent', async () => {
    const { origin, sockets, asked } = await anOrigin();
    const { transport } = aTransport();
    const member = at(origin);
    let connections = 0;
    const mayStart = () => {
      connections = sockets.length;
      return false;
    };
    const refused = await call(transport, member, { mayStart });
    expect(refused).toEqual({
      failure: 'withdrawn',
      isReused: false,
      isSent: false,
      hasAnswered: false,
    });
    await call(transport, at(origin, {}, 'other'));
    expect(asked).toHaveLength(1);
    expect(connections).toBeLessThanOrEqual(1);
    // Nor later, on a connection that is there already.
    await call(transport, member);
    expect((await call(transport, member, { mayStart: () => false })).failure).toBe('withdrawn');
    await call(transport, member);
    expect(asked).toHaveLength(3);
  });

  test('is not asked of one that nobody waits for any more, which is not sent either', async () => {
    const { origin, asked } = await anOrigin();
    const { transport } = aTransport();
    const { exchange, answered } = send(transport, at(origin));
    exchange.abort('client_gone');
    expect(await answered).toMatchObject({ failure: 'client_gone', isSent: false });
    await call(transport, at(origin, {}, 'other'));
    expect(asked).toHaveLength(1);
  });
});

/** A name that nobody ever finds. */
const stuck: LookupFunction = () => undefined;

describe('a connection that cannot be made', () => {
  test('is told from one that was lost', async () => {
    const { origin } = await listeningNoMore();
    const { transport } = aTransport();
    expect(await call(transport, at(origin))).toMatchObject({ failure: 'connect', isSent: false });
  });

  test('is given up after its time, and the next call tries again', async () => {
    const { clock, transport } = aTransport(stuck);
    const member = at('http://stuck.test');
    for (let turn = 0; turn < 2; turn += 1) {
      const { answered } = send(transport, member);
      clock.advance(TIMEOUTS.connectMs);
      expect(await answered).toMatchObject({ failure: 'connect', isSent: false });
    }
  });

  test('does not hold up the end of everything', async () => {
    const { transport } = aTransport(stuck);
    const { answered } = send(transport, at('http://stuck.test'));
    await transport.close();
    expect(await answered).toMatchObject({ failure: 'connect', isSent: false });
  });
});

async function listeningNoMore() {
  const server = createRawServer();
  const { origin } = await listening(server);
  server.close();
  await once(server, 'close');
  return { origin };
}

const isOpen = (socket: Socket) => !socket.destroyed;

test('of callers no more than a hundred keep their connections, and no credential of a pool makes room', async () => {
  const { origin, sockets } = await anOrigin();
  const { transport } = aTransport();
  const own = at(origin, {}, 'own');
  await call(transport, own);
  for (let caller = 0; caller < 130; caller += 1) {
    await call(transport, at(origin, {}, `${CALLER} ${caller}`));
  }
  expect((await call(transport, own)).isReused).toBe(true);
  while (sockets.filter(isOpen).length > 102) await once(sockets.find(isOpen) as Socket, 'close');
  expect((await call(transport, at(origin, {}, `${CALLER} 129`))).isReused).toBe(true);
  expect((await call(transport, at(origin, {}, `${CALLER} 0`))).isReused).toBe(false);
});
