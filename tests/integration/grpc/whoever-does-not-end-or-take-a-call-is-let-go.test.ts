import { expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { once } from 'node:events';
import { constants } from 'node:http2';
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { until } from '../../support/patience.ts';
import { framed, rawCall, rawSession, rawStream } from '../../support/raw-grpc.ts';
import { startFace } from './face.ts';
import type { Face } from './face.ts';

const GET_KEY = '/tollgate.v1.KeyService/GetKey';
const WATCH_KEYS = '/tollgate.v1.KeyService/WatchKeys';
const RECORD = '/tollgate.v1.UsageService/RecordUsageStream';
const EMPTY = framed(Buffer.alloc(0));

/** What a stream was told, and what became of it. */
async function fateOf(stream: ClientHttp2Stream) {
  const told: IncomingHttpHeaders = {};
  stream.on('response', (headers) => Object.assign(told, headers));
  stream.on('trailers', (trailers) => Object.assign(told, trailers));
  stream.resume();
  await new Promise<void>((resolve) => stream.on('close', () => resolve()));
  return { code: Number(told['grpc-status']), resetCode: stream.rstCode };
}

const { NGHTTP2_NO_ERROR, NGHTTP2_ENHANCE_YOUR_CALM } = constants;

test('a call that was refused is closed, though its caller never closes its half', async () => {
  const face = await startFace();
  const session = await rawSession(face.address);
  const paths = [GET_KEY, WATCH_KEYS, RECORD];
  const fates = paths.map((path) => fateOf(rawStream(session, { path })));
  const wanted = { code: status.UNAUTHENTICATED, resetCode: NGHTTP2_NO_ERROR };
  expect(await Promise.all(fates)).toEqual([wanted, wanted, wanted]);
});

test('so is a stream that was ended', async () => {
  const face = await startFace({
    methods: {
      UsageService: {
        async *RecordUsageStream(asked) {
          for await (const _one of asked) yield {};
        },
      },
    },
  });
  const session = await rawSession(face.address);
  const stream = rawStream(session, { path: RECORD, token: 'operator' });
  await once(stream, 'response');
  const fate = fateOf(stream);
  face.revoke('operator');
  expect(await fate).toEqual({ code: status.UNAUTHENTICATED, resetCode: NGHTTP2_NO_ERROR });
});

test('a question is kept a second for its caller to say that it was all', async () => {
  const asked: string[] = [];
  const face = await startFace({
    methods: {
      KeyService: {
        GetKey: () => (asked.push('GetKey'), {}),
        WatchKeys: async () => (asked.push('WatchKeys'), noAnswers()),
      },
    },
  });
  const session = await rawSession(face.address);
  const calls = [GET_KEY, WATCH_KEYS, '/grpc.health.v1.Health/Check'].map((path) =>
    fateOf(rawStream(session, { path, token: 'viewer', body: EMPTY })),
  );
  const fates = Promise.all(calls);
  await rawCall(session, { path: GET_KEY, token: 'viewer', body: EMPTY });
  face.clock.advance(1000);
  const wanted = { code: status.DEADLINE_EXCEEDED, resetCode: NGHTTP2_NO_ERROR };
  expect(await fates).toEqual([wanted, wanted, wanted]);
  expect(asked).toEqual(['GetKey']);
});

async function* noAnswers(): AsyncGenerator<never, void> {
  yield* [];
}

const countOf = async (face: Face, line: string) => (await face.metrics()).includes(`\n${line}\n`);

test('an answer that nobody takes is counted, and cut off after ten seconds', async () => {
  const done: string[] = [];
  const face = await startFace({
    methods: {
      KeyService: {
        GetKey: () => (done.push('GetKey'), { key: { id: 'x' } }),
        async WatchKeys() {
          done.push('WatchKeys');
          return (async function* () {
            yield { seq: '1' };
          })();
        },
      },
      UsageService: {
        async *RecordUsageStream() {
          done.push('RecordUsageStream');
          yield { results: [{ idempotencyId: 'x' }] };
        },
      },
    },
  });
  const session = await rawSession(face.address, { settings: { initialWindowSize: 0 } });
  const streams = [GET_KEY, WATCH_KEYS, RECORD].map((path) => {
    const stream = rawStream(session, { path, token: 'admin', body: EMPTY });
    stream.end();
    return fateOf(stream);
  });
  await until(() => done.length === 3);
  await until(() => countOf(face, 'tollgate_grpc_streams 2'));
  // Whoever watches takes no more of what is there than anybody else.
  await until(async () => {
    face.clock.advance(1000);
    return await countOf(face, 'tollgate_grpc_streams 0');
  });
  const resets = (await Promise.all(streams)).map(({ resetCode }) => resetCode);
  expect(resets).toEqual(streams.map(() => NGHTTP2_ENHANCE_YOUR_CALM));
  const ended = (await face.metrics()).match(/code="CANCELLED"} 1/g);
  expect(ended).toHaveLength(3);
});

test('questions about the contract are read no faster than their answers are taken', async () => {
  const face = await startFace({ settings: { grpcReflection: true } });
  const session = await rawSession(face.address, { settings: { initialWindowSize: 0 } });
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const stream = rawStream(session, { path, token: 'viewer' });
  const symbol = Buffer.from('tollgate.v1.UsageService');
  const question = framed(Buffer.concat([Buffer.from([0x22, symbol.length]), symbol]));
  const fate = fateOf(stream);
  const many = Buffer.alloc(1000 * question.length, question);
  for (let nth = 0; nth < 100; nth += 1) stream.write(many);
  await once(stream, 'response');
  let unread = 0;
  await until(async () => {
    unread = stream.writableLength || unread;
    face.clock.advance(1000);
    return await countOf(face, 'tollgate_grpc_streams 0');
  });
  expect((await fate).resetCode).toBe(NGHTTP2_ENHANCE_YOUR_CALM);
  // Most of it never was.
  expect(unread).toBeGreaterThan(50 * many.length);
});

test('what is asked with a token that has been revoked meanwhile is not done', async () => {
  const done: string[] = [];
  const face = await startFace({
    methods: { UsageService: { Reserve: () => (done.push('Reserve'), {}) } },
  });
  const session = await rawSession(face.address);
  const path = '/tollgate.v1.UsageService/Reserve';
  const stream = rawStream(session, { path, token: 'operator' });
  const fate = fateOf(stream);
  // It has been let in when the one after it is answered.
  await rawCall(session, { path: GET_KEY, token: 'admin', body: EMPTY });
  face.revoke('operator');
  stream.end(EMPTY);
  expect((await fate).code).toBe(status.UNAUTHENTICATED);
  expect(done).toEqual([]);
});

test('whoever opens calls and says nothing leaves places for others', async () => {
  const face = await startFace();
  const silent = { path: GET_KEY, token: 'viewer' };
  for (let nth = 0; nth < 10; nth += 1) {
    const session = await rawSession(face.address);
    for (let each = 0; each < 50; each += 1) rawStream(session, silent);
    // They have been let in when the one after them is answered.
    await rawCall(session, { ...silent, token: 'operator', body: EMPTY });
  }
  const session = await rawSession(face.address);
  const refused = await rawCall(session, { ...silent, body: EMPTY });
  expect([refused.code, refused.message]).toEqual([
    status.UNAVAILABLE,
    'You have 500 calls of this kind under way already.',
  ]);
  const served = await rawCall(session, { ...silent, token: 'operator', body: EMPTY });
  expect(served.code).toBe(status.OK);
});
