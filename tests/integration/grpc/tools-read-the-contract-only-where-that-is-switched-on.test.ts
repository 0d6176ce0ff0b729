import { expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { framed, rawCall, rawSession } from '../../support/raw-grpc.ts';
import { startFace } from './face.ts';
import type { Face } from './face.ts';

const PATHS = ['v1', 'v1alpha'].map(
  (version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
);
/** `list_services: "*"`. */
const LIST = framed(Buffer.from([0x3a, 1, 0x2a]));

const BUF = join(import.meta.dirname, '../../../node_modules/.bin/buf');

/** A tool that people use: it knows nothing of the contract but what the server says. */
async function curl({ address }: Face, ...args: string[]) {
  const plain = ['--http2-prior-knowledge', '--protocol', 'grpc'];
  return await promisify(execFile)(BUF, [
    'curl',
    ...plain,
    ...args.slice(0, -1),
    `http://${address}/${args.at(-1)}`,
  ]);
}

test('it is off unless it is switched on', async () => {
  const face = await startFace();
  const session = await rawSession(face.address);
  for (const path of PATHS) {
    const answer = await rawCall(session, { path, token: 'admin', body: LIST });
    expect(answer.code).toBe(status.UNIMPLEMENTED);
  }
});

test('it is for those who may ask anything at all', async () => {
  const face = await startFace({ settings: { grpcReflection: true } });
  const session = await rawSession(face.address);
  for (const path of PATHS) {
    expect((await rawCall(session, { path, body: LIST })).code).toBe(status.UNAUTHENTICATED);
    const user = await rawCall(session, { path, body: LIST, token: 'user' });
    expect(user.code).toBe(status.PERMISSION_DENIED);
    const viewer = await rawCall(session, { path, body: LIST, token: 'viewer' });
    expect(viewer.code).toBe(status.OK);
  }
});

test('a tool finds the services by it, and calls them', async () => {
  const face = await startFace({
    settings: { grpcReflection: true },
    methods: {
      KeyService: { GetKey: ({ key }) => ({ key: { id: key?.id ?? '', rpmLimit: '60' } }) },
    },
  });
  const token = 'authorization: Bearer viewer';
  const headers = ['-H', token, '--reflect-header', token];
  const body = ['-d', '{"key": {"id": "abc"}}'];
  const { stdout } = await curl(face, ...headers, ...body, 'tollgate.v1.KeyService/GetKey');
  expect(JSON.parse(stdout)).toEqual({ key: { id: 'abc', rpmLimit: '60' } });

  const listed = await curl(face, '--reflect-header', token, '--list-methods', '');
  const methods = listed.stdout.trim().split('\n');
  expect(methods).toContain('tollgate.v1.UsageService/Reserve');
  expect(new Set(methods.map((path) => path.split('/')[0]))).toEqual(
    new Set(['Key', 'Limit', 'Operations', 'Usage'].map((noun) => `tollgate.v1.${noun}Service`)),
  );
});
