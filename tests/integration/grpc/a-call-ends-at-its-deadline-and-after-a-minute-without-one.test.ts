import { expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import type { RpcContext } from '../../../src/grpc/rpc.ts';
import { refusalFrom } from '../../support/grpc-client.ts';
import { until } from '../../support/patience.ts';
import { framed, rawCall, rawSession } from '../../support/raw-grpc.ts';
import { startFace } from './face.ts';

const PATH = '/tollgate.v1.KeyService/GetKey';
const MINUTE_MS = 60_000;

/** Whether a method was told that it is over. */
const hasLeft = (context: RpcContext | undefined): boolean => Boolean(context?.signal.aborted);

/** A face whose GetKey waits for the test, and WatchEvents for its caller. */
async function aSlowFace() {
  const contexts: RpcContext[] = [];
  const answers: PromiseWithResolvers<void>[] = [];
  const face = await startFace({
    methods: {
      KeyService: {
        async GetKey(_asked, context) {
          contexts.push(context);
          const answer = Promise.withResolvers<void>();
          answers.push(answer);
          await answer.promise;
          return { key: { id: 'late' } };
        },
      },
      OperationsService: {
        async WatchEvents(_asked, context) {
          contexts.push(context);
          return (async function* () {
            await new Promise<void>((resolve) => {
              context.signal.addEventListener('abort', () => resolve());
            });
            yield* [];
          })();
        },
      },
    },
  });
  return { face, contexts, answers };
}

test('the caller’s deadline ends the call for both, and a late answer does no harm', async () => {
  const { face, contexts, answers } = await aSlowFace();
  const session = await rawSession(face.address);
  const body = framed(Buffer.alloc(0));
  // A client that leaves the ending to us.
  const call = { token: 'admin', body, headers: { 'grpc-timeout': '100m' } };
  const ended = await rawCall(session, { ...call, path: PATH });
  expect(ended.code).toBe(status.DEADLINE_EXCEEDED);
  await until(() => hasLeft(contexts[0]));
  answers[0]?.resolve();
  const watch = await rawCall(session, {
    ...call,
    path: '/tollgate.v1.OperationsService/WatchEvents',
  });
  expect(watch.code).toBe(status.DEADLINE_EXCEEDED);
  await until(() => hasLeft(contexts[1]));
  const told =
    /method="tollgate.v1.(KeyService.GetKey|OperationsService.WatchEvents)",code="DEADLINE_EXCEEDED"} 1/g;
  expect((await face.metrics()).match(told)).toHaveLength(2);
});

test('a client that gives up is told so by its own library', async () => {
  const { face, contexts } = await aSlowFace();
  const client = face.client();
  await client.ask('LimitService', 'GetLimits', {});
  const refused = await refusalFrom(client.ask('KeyService', 'GetKey', {}, { timeoutMs: 100 }));
  expect(refused.code).toBe('DEADLINE_EXCEEDED');
  await until(() => hasLeft(contexts[0]));
});

test.each([
  ['no deadline', {}],
  ['a deadline of an hour', { 'grpc-timeout': '1H' }],
  ['a deadline beyond what timers count', { 'grpc-timeout': '99999999H' }],
  ['another deadline beyond that', { 'grpc-timeout': '2147484S' }],
])('with %s it is given up after a minute', async (_what, headers) => {
  const { face, contexts } = await aSlowFace();
  const session = await rawSession(face.address);
  const call = { path: PATH, token: 'admin', body: framed(Buffer.alloc(0)), headers };
  const answer = rawCall(session, call);
  await until(() => contexts.length === 1);
  face.clock.advance(MINUTE_MS - 1000);
  expect(contexts[0]?.signal.aborted).toBe(false);
  face.clock.advance(1000);
  const { code, message } = await answer;
  expect(code).toBe(status.DEADLINE_EXCEEDED);
  expect(message).toContain('longer than 60 seconds');
  expect(contexts[0]?.signal.aborted).toBe(true);
});

test('so is a call whose message does not come', async () => {
  const { face, contexts } = await aSlowFace();
  const session = await rawSession(face.address);
  const answer = rawCall(session, { path: PATH, token: 'admin', isOpen: true });
  // Not before it has arrived.
  await rawCall(session, { path: PATH });
  face.clock.advance(MINUTE_MS);
  expect((await answer).code).toBe(status.DEADLINE_EXCEEDED);
  expect(contexts).toEqual([]);
});

test('a stream goes on without one, also with one beyond what timers count', async () => {
  const { face, contexts } = await aSlowFace();
  const session = await rawSession(face.address);
  const client = face.client();
  const watch = client.watch('OperationsService', 'WatchEvents', {});
  await watch.stands;
  const body = framed(Buffer.alloc(0));
  const path = '/tollgate.v1.OperationsService/WatchEvents';
  const headers = { 'grpc-timeout': '99999999H' };
  void rawCall(session, { path, token: 'admin', body, headers });
  await until(() => contexts.length === 2);
  face.clock.advance(24 * 60 * MINUTE_MS);
  await client.ask('LimitService', 'GetLimits', {});
  expect(contexts.map(({ signal }) => signal.aborted)).toEqual([false, false]);
  watch.cancel();
  await until(() => hasLeft(contexts[0]));
});

test('a caller that leaves is heard of', async () => {
  const { face, contexts } = await aSlowFace();
  const session = await rawSession(face.address);
  const body = framed(Buffer.alloc(0));
  void rawCall(session, { path: PATH, token: 'admin', body });
  await until(() => contexts.length === 1);
  session.destroy();
  await until(() => hasLeft(contexts[0]));
  await until(async () => (await face.metrics()).includes('code="CANCELLED"} 1'));
});
