import { expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { connect } from 'node:net';
import type { RecordUsageStreamResponse } from '../../../src/grpc/generated/tollgate/v1/RecordUsageStreamResponse.ts';
import { refusalFrom } from '../../support/grpc-client.ts';
import { until } from '../../support/patience.ts';
import { framed, rawCall, rawSession } from '../../support/raw-grpc.ts';
import { startFace } from './face.ts';

const STOPPING = { code: 'UNAVAILABLE', reason: 'tollgate/DRAINING' };

/** Methods that go on for as long as the test likes. */
async function aBusyFace() {
  const asked: string[] = [];
  const answer = Promise.withResolvers<void>();
  const face = await startFace({
    methods: {
      KeyService: {
        async GetKey() {
          asked.push('GetKey');
          await answer.promise;
          return { key: { id: 'finished' } };
        },
      },
      OperationsService: {
        WatchEvents: async (_asked, { signal }) =>
          (async function* () {
            asked.push('WatchEvents');
            await new Promise<void>((resolve) => {
              signal.addEventListener('abort', () => resolve());
            });
            yield* [];
          })(),
      },
      UsageService: {
        async *RecordUsageStream(records) {
          const kept: string[] = [];
          for await (const { record } of records) {
            kept.push(record?.idempotencyId ?? '');
            asked.push('RecordUsageStream');
          }
          // All of them when no more come: also what came last is answered.
          yield toldOf(kept);
        },
      },
    },
  });
  return { face, asked, answer };
}

const toldOf = (ids: string[]): RecordUsageStreamResponse => ({
  results: ids.map((idempotencyId) => ({ idempotencyId })),
});

test('calls under way are answered, new ones refused, and watches ended', async () => {
  const { face, asked, answer } = await aBusyFace();
  const client = face.client();
  const late = face.client();
  await late.ask('LimitService', 'GetLimits', {});
  const call = client.ask('KeyService', 'GetKey', {});
  const watch = client.watch('OperationsService', 'WatchEvents', {});
  await until(() => asked.length === 2);
  let isDrained = false;
  const drained = face.server.drain().then(() => (isDrained = true));
  expect(await watch.ended).toMatchObject(STOPPING);
  expect(await refusalFrom(late.ask('LimitService', 'GetLimits', {}))).toMatchObject(STOPPING);
  // One that is new here hears the same.
  const news = face.client();
  expect(await refusalFrom(news.ask('LimitService', 'GetLimits', {}))).toMatchObject(STOPPING);
  expect(isDrained).toBe(false);
  answer.resolve();
  expect((await call).key?.id).toBe('finished');
  await drained;
});

test('what was sent to be recorded is answered before its stream ends', async () => {
  const { face, asked } = await aBusyFace();
  const stream = face.client().exchange('UsageService', 'RecordUsageStream');
  for (const idempotencyId of ['1', '2', '3']) stream.write({ record: { idempotencyId } });
  await until(() => asked.length === 3);
  await face.server.drain();
  expect(await stream.ended).toMatchObject(STOPPING);
  expect(stream.answers).toMatchObject([
    { results: [{ idempotencyId: '1' }, { idempotencyId: '2' }, { idempotencyId: '3' }] },
  ]);
});

test('a call that has not said all is waited for no longer', async () => {
  const { face, asked } = await aBusyFace();
  const session = await rawSession(face.address);
  const path = '/tollgate.v1.KeyService/GetKey';
  const calls = [undefined, framed(Buffer.alloc(0))].map((body) =>
    rawCall(session, { path, token: 'admin', isOpen: true, ...(body && { body }) }),
  );
  // They have arrived when the one after them is answered.
  await rawCall(session, { path: '/grpc.health.v1.Health/Check', body: framed(Buffer.alloc(0)) });
  await face.server.drain();
  for (const call of calls) expect((await call).code).toBe(status.UNAVAILABLE);
  expect(asked).toEqual([]);
});

test('connections are told to go, and go when what they carry is done', async () => {
  const { face, asked, answer } = await aBusyFace();
  const session = await rawSession(face.address);
  const idle = await rawSession(face.address);
  const goneAway = new Promise<number>((resolve) => session.on('goaway', resolve));
  const idleClosed = new Promise<void>((resolve) => idle.on('close', () => resolve()));
  const body = framed(Buffer.alloc(0));
  const call = rawCall(session, { path: '/tollgate.v1.KeyService/GetKey', token: 'admin', body });
  await until(() => asked.length === 1);
  const drained = face.server.drain();
  expect(await goneAway).toBe(0);
  await idleClosed;
  answer.resolve();
  expect((await call).code).toBe(status.OK);
  await drained;
});

test('what does not end is ended, and what does not go is cut off', async () => {
  const { face, asked } = await aBusyFace();
  const call = refusalFrom(face.client().ask('KeyService', 'GetKey', {}));
  await until(() => asked.length === 1);
  const { hostname: host, port } = new URL(`http://${face.address}`);
  const mute = connect({ host, port: Number(port) });
  const muteClosed = new Promise<void>((resolve) => mute.on('close', () => resolve()));
  mute.resume();
  const drained = face.server.drain();
  face.server.abort();
  expect(await call).toMatchObject(STOPPING);
  await drained;
  await face.server.close();
  await muteClosed;
  expect((await refusalFrom(face.client().ask('KeyService', 'GetKey', {}))).code).toBe(
    'UNAVAILABLE',
  );
});
