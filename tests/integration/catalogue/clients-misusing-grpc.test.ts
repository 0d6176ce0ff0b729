import { expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { grpcOf } from '../../support/gateway-grpc.ts';
import { adminToken } from '../../support/live-client.ts';
import { until } from '../../support/patience.ts';
import { framed, rawCall, rawSession } from '../../support/raw-grpc.ts';
import type { RawCall } from '../../support/raw-grpc.ts';

const GET_KEY = '/tollgate.v1.KeyService/GetKey';
const MIB = 1024 * 1024;
const RESETS = 10_000;

/** A gateway, and what comes of one raw call of an administrator. */
async function aGateway() {
  const gateway = await startGateway({ env: { GRPC_PORT: '0' } });
  const address = gateway.app.grpcAddress ?? '';
  const session = await rawSession(address);
  const call = async (wrong: Partial<RawCall>) =>
    await rawCall(session, { path: GET_KEY, token: adminToken(gateway), ...wrong });
  return { gateway, address, session, call };
}

/** Whoever asks as they should is served, and no place is taken. */
async function expectServed(gateway: Gateway) {
  const key = { id: gateway.keyId };
  const { valid } = await grpcOf(gateway).ask('KeyService', 'ValidateKey', { key });
  expect(valid).toBe(true);
  const told = async () => await (await fetch(`${gateway.url}/metrics`)).text();
  await until(async () => (await told()).includes('\ntollgate_grpc_streams 0\n'));
}

test('C35: a message of 5 MB is refused', async () => {
  const { gateway, call } = await aGateway();
  const { code } = await call({ body: framed(Buffer.alloc(5 * MIB)), isOpen: true });
  expect(code).toBe(status.RESOURCE_EXHAUSTED);
  await expectServed(gateway);
});

test('C35: 100 KB of metadata are refused', async () => {
  const { gateway, session, call } = await aGateway();
  const headers = { 'x-notes': 'x'.repeat(100 * 1024) };
  expect((await call({ headers })).code).toBeNull();
  // So much cannot even be unpacked: it is the connection that ends.
  expect(session.destroyed).toBe(true);
  await expectServed(gateway);
});

test('C35: a call without a deadline that says nothing more is given up', async () => {
  const { gateway, call } = await aGateway();
  const answer = call({ isOpen: true });
  // It has arrived when the one after it is answered.
  await call({});
  gateway.clock.advance(60_000);
  expect((await answer).code).toBe(status.DEADLINE_EXCEEDED);
  await expectServed(gateway);
});

test('C35: ten thousand streams that are reset as soon as they are opened harm nobody else', async () => {
  const { gateway, session } = await aGateway();
  const headers = {
    ':method': 'POST',
    ':path': '/tollgate.v1.OperationsService/WatchEvents',
    'content-type': 'application/grpc',
    te: 'trailers',
    authorization: `Bearer ${adminToken(gateway)}`,
  };
  let opened = 0;
  while (opened < RESETS && !session.destroyed && !session.closed) {
    const stream = session.request(headers);
    stream.on('error', () => undefined);
    stream.end(framed(Buffer.alloc(0)));
    stream.close(constants.NGHTTP2_CANCEL);
    opened += 1;
    // What was written is on its way before the next.
    if (opened % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  // It is the connection that ends, long before the last of them.
  await until(() => session.destroyed);
  expect(opened).toBeLessThan(RESETS);
  await expectServed(gateway);
});

/** What every connection begins with. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

const [HEADERS, SETTINGS, CONTINUATION] = [1, 4, 9];

/** A connection that has said that it speaks HTTP/2, and no more. */
async function speaking(address: string): Promise<Socket> {
  const { hostname: host, port } = new URL(`http://${address}`);
  const socket = connect({ host, port: Number(port) });
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'connect');
  socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, Buffer.alloc(0))]));
  return socket;
}

test('C35: headers that never end cost the connection', async () => {
  const { gateway, address } = await aGateway();
  const socket = await speaking(address);
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  // `:method: POST`, by its number in the static table.
  socket.write(frame(HEADERS, 0, 1, Buffer.from([0x83])));
  // A header of its own each time: `x: yyy…`, not to be remembered.
  const more = Buffer.concat([Buffer.from([0x00, 1, 0x78, 100]), Buffer.alloc(100, 0x79)]);
  for (let nth = 0; nth < 100_000 && !socket.destroyed; nth += 1) {
    if (socket.write(frame(CONTINUATION, 0, 1, more))) continue;
    const drained = new Promise<void>((resolve) => socket.once('drain', () => resolve()));
    await Promise.race([drained, closed]);
  }
  await closed;
  await expectServed(gateway);
});

test('C35: a stream that is half closed before it has said anything is told so', async () => {
  const { gateway, call } = await aGateway();
  expect((await call({})).code).toBe(status.UNIMPLEMENTED);
  const half = framed(Buffer.alloc(100)).subarray(0, 50);
  expect((await call({ body: half })).code).toBe(status.UNIMPLEMENTED);
  await expectServed(gateway);
});

test('C35: what is compressed is not unpacked, whatever it is', async () => {
  const { gateway, call } = await aGateway();
  const bomb = framed(gzipSync(Buffer.alloc(64 * MIB)), true);
  for (const [encoding, body] of [
    ['zstd', framed(Buffer.from('not compressed'), true)],
    ['gzip', framed(Buffer.from('not compressed'), true)],
    ['gzip', bomb],
  ] as const) {
    const { code } = await call({ body, headers: { 'grpc-encoding': encoding } });
    expect(code).toBe(status.UNIMPLEMENTED);
  }
  await expectServed(gateway);
});

test('C35: a method that is none is told', async () => {
  const { gateway, call } = await aGateway();
  for (const path of ['/tollgate.v1.KeyService/Nothing', '/nothing.v1.Nothing/GetKey', '/x']) {
    expect((await call({ path })).code).toBe(status.UNIMPLEMENTED);
  }
  await expectServed(gateway);
});
