import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { credentials } from '@grpc/grpc-js';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { grpcClient, refusalFrom } from '../../support/grpc-client.ts';
import { startFace } from './face.ts';

interface Pair {
  cert: string;
  key: string;
}

let folder: string;
let authority: Pair;
let server: Pair;
let client: Pair;
/** Issued by nobody we know. */
let stranger: Pair;

const named = (value: string) => [{ name: 'commonName', value }];
const common = {
  keyType: 'ec',
  algorithm: 'sha256',
  notBeforeDate: new Date('2020-01-01'),
  notAfterDate: new Date('2100-01-01'),
} as const;

const issued = async (name: string, ca?: Pair): Promise<Pair> => {
  const made = await generate(named(name), {
    ...common,
    extensions:
      name === 'authority'
        ? [{ name: 'basicConstraints', cA: true, critical: true }]
        : [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    ...(ca === undefined ? {} : { ca }),
  });
  return { cert: made.cert, key: made.private };
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-tls-'));
  authority = await issued('authority');
  server = await issued('server', authority);
  client = await issued('client', authority);
  stranger = await issued('client', await issued('authority'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const tls = async (isMutual: boolean) => ({
  grpcTlsCert: await file('server.pem', server.cert),
  grpcTlsKey: await file('server.key', server.key),
  ...(isMutual ? { grpcTlsClientCa: await file('authority.pem', authority.cert) } : {}),
});

/** This client library knows servers with a certificate by name alone. */
const nameOf = (address: string): string => address.replace('127.0.0.1', 'localhost');

/** A client that trusts the authority, and shows this of itself. */
function secureClient(address: string, shown?: Pair) {
  const own = shown === undefined ? [] : [Buffer.from(shown.key), Buffer.from(shown.cert)];
  const secure = credentials.createSsl(Buffer.from(authority.cert), ...own);
  return grpcClient(nameOf(address), { token: 'admin', credentials: secure });
}

const answered = async (address: string, shown?: Pair): Promise<string> => {
  const call = secureClient(address, shown).ask('LimitService', 'GetLimits', {});
  return await call.then(
    () => 'OK',
    async () => (await refusalFrom(call)).code,
  );
};

test('with a certificate calls are made by TLS, and in the clear no more', async () => {
  const face = await startFace({ settings: await tls(false) });
  expect(await answered(face.address)).toBe('OK');
  expect(await answered(face.address, stranger)).toBe('OK');
  const plain = grpcClient(face.address, { token: 'admin' });
  const refused = await refusalFrom(plain.ask('LimitService', 'GetLimits', {}));
  expect(refused.code).toBe('UNAVAILABLE');
});

test('a client is let in with a certificate of the authority, and else not even heard', async () => {
  const face = await startFace({ settings: await tls(true) });
  expect(await answered(face.address, client)).toBe('OK');
  expect(await answered(face.address)).toBe('UNAVAILABLE');
  expect(await answered(face.address, stranger)).toBe('UNAVAILABLE');
  const told = await face.metrics();
  expect(told).toContain(
    'tollgate_grpc_requests_total{method="tollgate.v1.LimitService/GetLimits",code="OK"} 1',
  );
});

test('a certificate opens no method by itself', async () => {
  const face = await startFace({ settings: await tls(true) });
  const secure = credentials.createSsl(
    Buffer.from(authority.cert),
    Buffer.from(client.key),
    Buffer.from(client.cert),
  );
  const { ask } = grpcClient(nameOf(face.address), { token: null, credentials: secure });
  const refused = await refusalFrom(ask('LimitService', 'GetLimits', {}));
  expect(refused.code).toBe('UNAUTHENTICATED');
});

test.each([
  [
    'a file that is not there',
    'GRPC_TLS_CERT',
    async () => ({ grpcTlsCert: join(folder, 'none') }),
  ],
  [
    'a certificate that is none',
    'GRPC_TLS_CERT',
    async () => ({ grpcTlsCert: await file('bad.pem', 'bad') }),
  ],
  [
    'a key of another certificate',
    'GRPC_TLS_KEY',
    async () => ({ grpcTlsKey: await file('other.key', client.key) }),
  ],
  [
    'an authority that is none',
    'GRPC_TLS_CLIENT_CA',
    async () => ({ grpcTlsClientCa: await file('bad.ca', 'bad') }),
  ],
])('%s is told with the setting that names it', async (_what, setting, wrong) => {
  const settings = { ...(await tls(true)), ...(await wrong()) };
  await expect(startFace({ settings })).rejects.toThrow(setting);
});
