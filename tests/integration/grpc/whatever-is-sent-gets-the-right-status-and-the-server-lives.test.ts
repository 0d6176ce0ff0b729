import { beforeEach, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import { connect } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import { framed, hastySession, rawCall, rawSession } from '../../support/raw-grpc.ts';
import type { RawCall } from '../../support/raw-grpc.ts';
import { refusalFrom } from '../../support/grpc-client.ts';
import { startFace } from './face.ts';
import type { Face } from './face.ts';

const PATH = '/tollgate.v1.KeyService/GetKey';
const MIB = 1024 * 1024;

let face: Face;
let session: ClientHttp2Session;
let asked: unknown[];

beforeEach(async () => {
  asked = [];
  face = await startFace({
    methods: {
      KeyService: {
        GetKey(question) {
          asked.push(question);
          return { key: { id: 'of the method' } };
        },
      },
      UsageService: {
        async *RecordUsageStream(questions) {
          for await (const question of questions) asked.push(question);
          yield* [];
        },
      },
    },
  });
  session = await rawSession(face.address);
});

/** Whatever it was: the server answers, on the same connection and on new ones. */
async function expectAlive() {
  asked = [];
  for (const any of [session, await rawSession(face.address)]) {
    const answer = await rawCall(any, {
      path: PATH,
      token: 'admin',
      body: framed(Buffer.alloc(0)),
    });
    expect(answer.code).toBe(status.OK);
  }
  const client = face.client();
  expect((await client.ask('KeyService', 'GetKey', {})).key?.id).toBe('of the method');
}

const codeOf = async (call: Partial<RawCall>): Promise<number | null> =>
  (await rawCall(session, { path: PATH, token: 'admin', ...call })).code;

/** A field that says it is longer than the message. */
const TOO_SHORT = Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x0f]);

test.each([
  ['a field cut off', framed(TOO_SHORT)],
  ['a number that never ends', framed(Buffer.alloc(64, 0xff))],
  ['a wire type that is none', framed(Buffer.from([0x7f, 0x00]))],
  ['groups within groups without end', framed(Buffer.alloc(200, 0x0b))],
])('%s is INTERNAL, as every gRPC server tells it', async (_what, body) => {
  expect(await codeOf({ body })).toBe(status.INTERNAL);
  expect(asked).toEqual([]);
  await expectAlive();
});

test.each([
  ['no message', Buffer.alloc(0), status.UNIMPLEMENTED],
  ['half a message', framed(Buffer.alloc(100)).subarray(0, 50), status.UNIMPLEMENTED],
  ['a head that is cut off', Buffer.from([0, 0, 0]), status.UNIMPLEMENTED],
  [
    'two messages',
    Buffer.concat([framed(Buffer.alloc(0)), framed(Buffer.alloc(0))]),
    status.UNIMPLEMENTED,
  ],
])('%s never comes to the method', async (_what, body, wanted) => {
  expect(await codeOf({ body })).toBe(wanted);
  expect(asked).toEqual([]);
  await expectAlive();
});

test('more than a mebibyte is RESOURCE_EXHAUSTED, also when only its length says so', async () => {
  const wanted = status.RESOURCE_EXHAUSTED;
  expect(await codeOf({ body: framed(Buffer.alloc(MIB + 1)) })).toBe(wanted);
  const claimed = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);
  expect(await codeOf({ body: claimed, isOpen: true })).toBe(wanted);
  const client = face.client();
  const metadataJson = 'x'.repeat(MIB);
  const refused = await refusalFrom(
    client.ask('KeyService', 'GetKey', { key: { secret: metadataJson } }),
  );
  expect(refused.code).toBe('RESOURCE_EXHAUSTED');
  expect(asked).toEqual([]);
  await expectAlive();
});

test.each([
  ['gzip', framed(gzipSync(Buffer.alloc(0)), true)],
  ['gzip', framed(gzipSync(Buffer.alloc(64 * MIB)), true)],
  ['gzip', framed(Buffer.alloc(0))],
  ['deflate', framed(deflateSync(Buffer.alloc(0)), true)],
  ['zstd', framed(Buffer.from('x'), true)],
  ['identity, gzip', framed(Buffer.from('x'), true)],
])(
  'nothing is unpacked: %s is UNIMPLEMENTED, and only identity is offered',
  async (encoding, body) => {
    const headers = { 'grpc-encoding': encoding };
    expect(await codeOf({ body, headers })).toBe(status.UNIMPLEMENTED);
    const path = '/grpc.health.v1.Health/Check';
    expect((await rawCall(session, { path, body, headers })).code).toBe(status.UNIMPLEMENTED);
    expect(asked).toEqual([]);
    const plain = { 'grpc-encoding': 'identity' };
    const answer = await rawCall(session, { path, body: framed(Buffer.alloc(0)), headers: plain });
    expect(answer).toMatchObject({ code: 0, headers: { 'grpc-accept-encoding': 'identity' } });
    await expectAlive();
  },
);

/** So many empty questions: two bytes each. */
const manyFields = (count: number) => framed(Buffer.alloc(2 * count, Buffer.from([0x0a, 0])));

test('more fields than any message has are refused before they are read', async () => {
  const path = '/tollgate.v1.KeyService/BatchValidateKeys';
  for (const count of [251, MIB / 2]) {
    const { code, message } = await rawCall(session, {
      path,
      token: 'viewer',
      body: manyFields(count),
    });
    const wanted = [status.INVALID_ARGUMENT, 'A message has at most 250 fields.'];
    expect([code, message]).toEqual(wanted);
  }
  expect(await codeOf({ path, body: manyFields(250) })).toBe(status.OK);
  // Groups count with what is in them: nothing is hidden there.
  const groups = framed(Buffer.alloc(500_000, 0x0b));
  expect(await codeOf({ body: groups })).toBe(status.INVALID_ARGUMENT);
  const stream = { path: '/tollgate.v1.UsageService/RecordUsageStream', isOpen: true };
  expect(await codeOf({ ...stream, body: manyFields(251) })).toBe(status.INVALID_ARGUMENT);
  expect(asked).toEqual([]);
  await expectAlive();
});

test('more than 8 KiB of metadata is RESOURCE_EXHAUSTED', async () => {
  const client = face.client();
  const big = { 'x-notes': 'x'.repeat(8 * 1024) };
  const refused = await refusalFrom(client.ask('KeyService', 'GetKey', {}, { metadata: big }));
  expect(refused.code).toBe('RESOURCE_EXHAUSTED');
  const many = Object.fromEntries(
    Array.from({ length: 110 }, (_, nth) => [`x-${nth}`, 'x'.repeat(50)]),
  );
  const refusedToo = await refusalFrom(client.ask('KeyService', 'GetKey', {}, { metadata: many }));
  expect(refusedToo.code).toBe('RESOURCE_EXHAUSTED');
  const room = { 'x-notes': 'x'.repeat(7 * 1024) };
  expect(await client.ask('KeyService', 'GetKey', {}, { metadata: room })).toBeDefined();
  expect(asked).toHaveLength(1);
  await expectAlive();
});

test('so it is before the client has heard of that', async () => {
  const headers = { 'x-notes': 'x'.repeat(8 * 1024) };
  const call = { path: PATH, token: 'admin', body: framed(Buffer.alloc(0)), headers };
  const { code, message } = await rawCall(hastySession(face.address), call);
  expect(code).toBe(status.RESOURCE_EXHAUSTED);
  expect(message).toBe('The metadata of a call has at most 8192 bytes.');
  const many = Object.fromEntries(
    Array.from({ length: 110 }, (_, nth) => [`x-${nth}`, 'x'.repeat(50)]),
  );
  const answer = await rawCall(hastySession(face.address), { ...call, headers: many });
  expect(answer.code).toBe(status.RESOURCE_EXHAUSTED);
  const room = { 'x-notes': 'x'.repeat(7 * 1024) };
  const served = await rawCall(hastySession(face.address), { ...call, headers: room });
  expect(served.code).toBe(status.OK);
  expect(asked).toHaveLength(1);
  await expectAlive();
});

test('a method or a service that is none is UNIMPLEMENTED, whoever asks', async () => {
  for (const path of [
    '/tollgate.v1.KeyService/DropKeys',
    '/tollgate.v2.KeyService/GetKey',
    '/tollgate.v1.KeyService',
    '/',
    '/__proto__/constructor',
    `/${'x'.repeat(2000)}/y`,
  ]) {
    expect([path, await codeOf({ path })]).toEqual([path, status.UNIMPLEMENTED]);
  }
  expect(await face.metrics()).toContain(
    'tollgate_grpc_requests_total{method="unknown",code="UNIMPLEMENTED"} 6',
  );
  await expectAlive();
});

test('a call of another kind than gRPC is refused by HTTP', async () => {
  const answer = await rawCall(session, {
    path: PATH,
    headers: { 'content-type': 'application/json' },
  });
  expect(answer).toMatchObject({ code: null, headers: { ':status': 415 } });
  await expectAlive();
});

test('a peer that does not speak HTTP/2 is let go', async () => {
  const { hostname: host, port } = new URL(`http://${face.address}`);
  for (const words of ['GET / HTTP/1.1\r\nhost: x\r\n\r\n', 'hello\n'.repeat(1000)]) {
    const socket = connect({ host, port: Number(port) });
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(words);
    await once(socket, 'close');
  }
  await expectAlive();
});

test('names, values and texts are the caller’s own, and go nowhere', async () => {
  const metadata = { 'x-canary': 'canary-of-metadata' };
  const client = face.client();
  await client.ask('KeyService', 'GetKey', { key: { secret: 'canary-of-message' } }, { metadata });
  const headers = { 'x-bad': 'canary-\u0080', 'x-bin': 'canary%%%' };
  await codeOf({ headers, body: framed(TOO_SHORT) });
  await codeOf({ path: '/canary/canary' });
  expect(face.logs()).not.toContain('canary');
  expect(await face.metrics()).not.toContain('canary');
  await expectAlive();
});
