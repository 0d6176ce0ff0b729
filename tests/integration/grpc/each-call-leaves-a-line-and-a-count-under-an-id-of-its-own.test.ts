import { expect, test } from '@jest/globals';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { isId } from '../../../src/lib/ids.ts';
import { refusalFrom } from '../../support/grpc-client.ts';
import { until } from '../../support/patience.ts';
import { startFace } from './face.ts';

interface Line {
  msg: string;
  level: number;
  requestId: string;
  actor: string | null;
  method: string;
  code: string;
  durationMs: number;
}

const METHOD = 'tollgate.v1.KeyService/GetKey';

async function aFace() {
  const contexts: { requestId: string; actorRequestId: string | undefined }[] = [];
  const face = await startFace({
    methods: {
      KeyService: {
        GetKey({ key }, { requestId, actor }) {
          contexts.push({ requestId, actorRequestId: actor.requestId });
          if (key?.id === 'none') throw new GatewayError('not_found', 'There is no such key.');
          return {};
        },
      },
    },
  });
  const lines = () =>
    face
      .logs()
      .split('\n')
      .filter((text) => text.includes('grpc call'))
      .map((text) => JSON.parse(text) as Line);
  return { face, contexts, lines };
}

test('the id in the metadata is the one of the method, of its actor, and of the log', async () => {
  const { face, contexts, lines } = await aFace();
  const client = face.client('viewer');
  const first = await client.tell('KeyService', 'GetKey', {});
  const second = await client.tell('KeyService', 'GetKey', {});
  const ids = [first.requestId, second.requestId];
  expect(ids.map(isId)).toEqual([true, true]);
  expect(new Set(ids).size).toBe(2);
  expect(contexts).toEqual(ids.map((requestId) => ({ requestId, actorRequestId: requestId })));
  await until(() => lines().length === 2);
  expect(lines()).toMatchObject(
    ids.map((requestId) => ({
      requestId,
      msg: 'grpc call',
      level: 20,
      actor: 'token:viewer',
      method: METHOD,
      code: 'OK',
    })),
  );
});

test('a refusal has it too, and tells who was refused to those who look at the log', async () => {
  const { face, lines } = await aFace();
  const asked = { key: { id: 'none' } };
  const failed = await refusalFrom(face.client().ask('KeyService', 'GetKey', asked));
  const unknown = await refusalFrom(face.client(null).ask('KeyService', 'GetKey', {}));
  const mayNot = await refusalFrom(face.client('viewer').ask('UsageService', 'Reserve', {}));
  await until(() => lines().length === 3);
  expect(lines()).toMatchObject([
    { requestId: failed.requestId, code: 'NOT_FOUND', actor: 'token:admin', level: 20 },
    { requestId: unknown.requestId, code: 'UNAUTHENTICATED', actor: null, level: 30 },
    { requestId: mayNot.requestId, code: 'PERMISSION_DENIED', actor: 'token:viewer', level: 30 },
  ]);
});

test('calls are counted by method and code, and timed when they have one answer', async () => {
  const { face, lines } = await aFace();
  const client = face.client();
  for (let nth = 0; nth < 3; nth += 1) await client.ask('KeyService', 'GetKey', {});
  await refusalFrom(client.ask('KeyService', 'GetKey', { key: { id: 'none' } }));
  const watch = client.watch('KeyService', 'WatchKeys', {});
  expect(await watch.ended).toMatchObject({ code: 'INTERNAL' });
  await until(() => lines().length >= 5);
  const told = await face.metrics();
  expect(told).toContain(`tollgate_grpc_requests_total{method="${METHOD}",code="OK"} 3`);
  expect(told).toContain(`tollgate_grpc_requests_total{method="${METHOD}",code="NOT_FOUND"} 1`);
  expect(told).toContain(`tollgate_grpc_request_seconds_count{method="${METHOD}"} 4`);
  expect(told).toContain('method="tollgate.v1.KeyService/WatchKeys",code="INTERNAL"} 1');
  expect(told).not.toContain(
    'tollgate_grpc_request_seconds_count{method="tollgate.v1.KeyService/WatchKeys"}',
  );
});
