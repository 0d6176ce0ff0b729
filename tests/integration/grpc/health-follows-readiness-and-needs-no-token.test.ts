import { afterEach, expect, test } from '@jest/globals';
import { Client, Metadata, credentials, status } from '@grpc/grpc-js';
import type { ClientReadableStream, MethodDefinition, ServiceError } from '@grpc/grpc-js';
import { service as health } from 'grpc-health-check';
import { watching } from '../../support/grpc-client.ts';
import { startFace } from './face.ts';

interface Answer {
  status: string;
}

const clients: Client[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function definitionOf(method: string): MethodDefinition<object, object> {
  const definition = health[method];
  if (definition === undefined) throw new Error(`no ${method}`);
  return definition;
}

/** As balancers ask: without a token. */
function prober(address: string) {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  clients.push(client);
  const ask = <T>(method: 'Check' | 'List', asked: object) =>
    new Promise<T>((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = definitionOf(method);
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        asked,
        new Metadata(),
        (error: ServiceError | null, answer?: object) =>
          error === null ? resolve(answer as T) : reject(error),
      );
    });
  return {
    check: async (service = '') => (await ask<Answer>('Check', { service })).status,
    list: async () => (await ask<{ statuses: Record<string, Answer> }>('List', {})).statuses,
    watch(service = '') {
      const { path, requestSerialize, responseDeserialize } = definitionOf('Watch');
      const call = client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { service },
        new Metadata(),
      );
      return watching(call as unknown as ClientReadableStream<Answer>);
    },
  };
}

const NAMES = [
  '',
  'tollgate.v1.KeyService',
  'tollgate.v1.LimitService',
  'tollgate.v1.OperationsService',
  'tollgate.v1.UsageService',
];

test('the server and each of its services are serving while it is ready', async () => {
  const face = await startFace();
  const { check, list } = prober(face.address);
  for (const name of NAMES) expect([name, await check(name)]).toEqual([name, 'SERVING']);
  face.notReady = 'the ledger cannot be written';
  for (const name of NAMES) expect([name, await check(name)]).toEqual([name, 'NOT_SERVING']);
  const statuses = await list();
  expect(Object.keys(statuses).toSorted()).toEqual(NAMES);
  expect(Object.values(statuses).map((one) => one.status)).toEqual(NAMES.map(() => 'NOT_SERVING'));
});

test('a service that is none is not found, and unknown to those that watch it', async () => {
  const face = await startFace();
  const { check, watch } = prober(face.address);
  await expect(check('tollgate.v2.KeyService')).rejects.toMatchObject({ code: status.NOT_FOUND });
  expect(await watch('tollgate.v2.KeyService').nth(0)).toEqual({ status: 'SERVICE_UNKNOWN' });
});

test('those that watch are told of each change, once', async () => {
  const face = await startFace();
  const watches = NAMES.map((name) => prober(face.address).watch(name));
  for (const watch of watches) expect(await watch.nth(0)).toEqual({ status: 'SERVING' });
  face.notReady = 'the ledger cannot be written';
  for (const watch of watches) expect(await watch.nth(1)).toEqual({ status: 'NOT_SERVING' });
  face.clock.advance(1000);
  face.notReady = null;
  for (const watch of watches) expect(await watch.nth(2)).toEqual({ status: 'SERVING' });
  for (const watch of watches) {
    expect(watch.answers).toHaveLength(3);
    watch.cancel();
  }
});

test('at a stop they hear of it before anything else does, and are the last to go', async () => {
  const face = await startFace();
  const watch = prober(face.address).watch();
  await watch.nth(0);
  await face.server.drain();
  expect(await watch.nth(1)).toEqual({ status: 'NOT_SERVING' });
  expect(await prober(face.address).check()).toBe('NOT_SERVING');
  await face.server.close();
  expect((await watch.ended)?.code).toBe('UNAVAILABLE');
});

test('who has no token takes no place of those who have one', async () => {
  const face = await startFace();
  const many = [prober(face.address), prober(face.address), prober(face.address)];
  const watches = Array.from({ length: 201 }, (_, nth) =>
    (many[nth % 3] ?? prober(face.address)).watch(),
  );
  const refused = await Promise.race(watches.map(({ ended }) => ended));
  expect(refused).toMatchObject({ code: 'UNAVAILABLE', reason: 'tollgate/OVERLOADED' });
  expect(await face.client().ask('LimitService', 'GetLimits', {})).toBeDefined();
  // Nor from those who only ask.
  const { check, list } = prober(face.address);
  expect(await check()).toBe('SERVING');
  expect(await list()).toBeDefined();
  for (const watch of watches) watch.cancel();
});
