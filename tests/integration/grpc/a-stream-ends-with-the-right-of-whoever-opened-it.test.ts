import { expect, test } from '@jest/globals';
import { constants } from 'node:http2';
import type { Watch } from '../../../src/grpc/rpc.ts';
import type { WatchEventsRequest__Output } from '../../../src/grpc/generated/tollgate/v1/WatchEventsRequest.ts';
import type { WatchEventsResponse } from '../../../src/grpc/generated/tollgate/v1/WatchEventsResponse.ts';
import { Broadcast } from '../../../src/lib/broadcast.ts';
import { until } from '../../support/patience.ts';
import { framed, rawSession } from '../../support/raw-grpc.ts';
import { startFace } from './face.ts';

type WatchEvents = Watch<WatchEventsRequest__Output, WatchEventsResponse>;

const PATH = '/tollgate.v1.OperationsService/WatchEvents';

const event = (text: string) => ({ event: { type: text } });

/** Whoever watches is told what the test tells; how many watch. */
async function aWatchedFace() {
  const told = new Broadcast<WatchEventsResponse>();
  const state = { watching: 0 };
  const WatchEvents: WatchEvents = async (_asked, { signal }) =>
    (async function* () {
      state.watching += 1;
      try {
        yield* told.follow(signal);
      } finally {
        state.watching -= 1;
      }
    })();
  const face = await startFace({ methods: { OperationsService: { WatchEvents } } });
  return { face, told, state };
}

test('a token that is revoked takes its streams along, and no others', async () => {
  const { face, told, state } = await aWatchedFace();
  const gone = face.client('viewer').watch('OperationsService', 'WatchEvents', {});
  const stays = face.client('operator').watch('OperationsService', 'WatchEvents', {});
  await until(() => state.watching === 2);
  told.publish(event('before'));
  expect((await gone.nth(0)).event?.type).toBe('before');
  face.revoke('viewer');
  expect(await gone.ended).toMatchObject({
    code: 'UNAUTHENTICATED',
    message: 'What you showed opens nothing any more.',
  });
  await until(() => state.watching === 1);
  told.publish(event('after'));
  expect((await stays.nth(1)).event?.type).toBe('after');
  expect(gone.answers).toHaveLength(1);
});

test('also in the middle of what it is told', async () => {
  const { face, told, state } = await aWatchedFace();
  const watch = face.client('viewer').watch('OperationsService', 'WatchEvents', {});
  await until(() => state.watching === 1);
  for (let nth = 0; nth < 500; nth += 1) told.publish(event('x'.repeat(10_000)));
  await watch.nth(20);
  face.revoke('viewer');
  expect((await watch.ended)?.code).toBe('UNAUTHENTICATED');
  expect(watch.answers.length).toBeLessThan(500);
});

test('a reader that takes nothing is cut off, and what made its answers ends', async () => {
  const { face, told, state } = await aWatchedFace();
  const session = await rawSession(face.address);
  const headers = { ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc' };
  const stream = session.request({ ...headers, authorization: 'Bearer viewer', te: 'trailers' });
  stream.on('error', () => undefined);
  stream.end(framed(Buffer.alloc(0)));
  await until(() => state.watching === 1);
  for (let nth = 0; nth < 500; nth += 1) told.publish(event('x'.repeat(10_000)));
  await face.client().ask('LimitService', 'GetLimits', {});
  // It waits for the reader from now on; looked at once a second.
  const closed = new Promise<void>((resolve) => stream.on('close', () => resolve()));
  await until(() => {
    face.clock.advance(1000);
    return state.watching === 0;
  });
  stream.resume();
  await closed;
  expect(stream.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
});

test('a watcher that cannot keep up is told to go on where it was', async () => {
  const { face, told, state } = await aWatchedFace();
  const watch = face.client().watch('OperationsService', 'WatchEvents', {});
  await until(() => state.watching === 1);
  for (let nth = 0; nth < 1200; nth += 1) told.publish(event('all at once'));
  expect(await watch.ended).toMatchObject({ code: 'UNAVAILABLE', facts: { retryable: 'true' } });
  await until(() => state.watching === 0);
});

test('a stream stands before there is anything to tell, and ends when there is no more', async () => {
  const face = await startFace({
    methods: {
      OperationsService: {
        WatchEvents: async () =>
          (async function* () {
            yield event('one');
            yield event('two');
          })(),
      },
    },
  });
  const watch = face.client().watch('OperationsService', 'WatchEvents', {});
  await watch.stands;
  expect(await watch.ended).toBeNull();
  expect(watch.answers.map((answer) => answer.event?.type)).toEqual(['one', 'two']);
});

test('what fails on the way is told after what was told before it', async () => {
  const face = await startFace({
    methods: {
      OperationsService: {
        WatchEvents: async () =>
          (async function* () {
            for (let nth = 0; nth < 100; nth += 1) yield event(String(nth));
            throw new Error('password 123');
          })(),
      },
    },
  });
  const watch = face.client().watch('OperationsService', 'WatchEvents', {});
  expect(await watch.ended).toMatchObject({
    code: 'INTERNAL',
    message: 'An internal error occurred.',
  });
  expect(watch.answers).toHaveLength(100);
  expect(face.logs()).toContain('password 123');
});

test('there is room for a hundred calls of one connection at a time; the next one waits', async () => {
  const { face, state } = await aWatchedFace();
  const session = await rawSession(face.address);
  const wanted = { maxConcurrentStreams: 100, maxHeaderListSize: 8192 };
  expect(session.remoteSettings).toMatchObject(wanted);
  const client = face.client();
  for (let nth = 0; nth < 101; nth += 1) client.watch('OperationsService', 'WatchEvents', {});
  await until(() => state.watching === 100);
  await face.client().ask('LimitService', 'GetLimits', {});
  expect(state.watching).toBe(100);
  expect(await face.metrics()).toContain('tollgate_grpc_streams 100');
});
