/**
 * The clients of the gRPC scenarios: frames of gRPC straight on one HTTP/2 connection, which costs a client less
 * than the library does. The result is that of `load.c`; what counts as a request is one of `REQUESTS`.
 */
import { connect } from 'node:http2';
import { join } from 'node:path';
import { type ServiceDefinition, loadSync } from '@grpc/proto-loader';
import { argument } from './arguments.ts';
import { USAGE } from './wire.ts';

const MOST_FAILURES = 200;
const PROTOS = join(import.meta.dirname, '../../protos');

const { TOLLGATE_TOKEN: token, TOLLGATE_KEY: secret } = process.env;
const connections = Number(argument('connections'));
const endMs = Number(argument('seconds')) * 1000;

const files = ['key', 'usage'].map((name) => `tollgate/v1/${name}_service.proto`);
const contract = loadSync(files, { includeDirs: [PROTOS], longs: String });
const session = connect(`http://127.0.0.1:${argument('port')}`);
const call = { key: { secret }, model: 'gpt-4o-mini', endpoint: 'chat.completions' };
const usage = { input: USAGE.prompt_tokens, output: USAGE.completion_tokens };

/** What a client does until it begins anew. Ids are given by number. */
const REQUESTS: Readonly<Record<string, (nth: number) => Promise<void>>> = {
  async ValidateKey() {
    const { valid } = await ask<{ valid: boolean }>('KeyService/ValidateKey', call);
    if (!valid) throw new Error('the key is not valid');
  },
  async ReserveAndSettle(nth) {
    const { reservation } = await ask<{ reservation: { id: string } }>('UsageService/Reserve', {
      ...call,
      idempotencyId: `bench-${process.pid}-${nth}`,
      provider: 'openai',
      estimate: { input: 100, output: 256 },
    });
    await ask('UsageService/Settle', { reservationId: reservation.id, usage });
  },
};

function ask<Answer>(path: string, message: object): Promise<Answer> {
  const [service = '', method = ''] = path.split('/');
  const definition = (contract[`tollgate.v1.${service}`] as ServiceDefinition)[method];
  if (definition === undefined) throw new Error(`there is no ${path}`);
  const body = definition.requestSerialize(message);
  const frame = Buffer.alloc(5 + body.length);
  frame.writeUInt32BE(body.length, 1);
  frame.set(body, 5);
  const stream = session.request({
    ':method': 'POST',
    ':path': definition.path,
    authorization: `Bearer ${token}`,
    'content-type': 'application/grpc',
    'grpc-timeout': '10S',
    te: 'trailers',
  });
  stream.end(frame);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let told: unknown;
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('response', (headers) => (told = headers['grpc-status']));
    stream.on('trailers', (trailers) => (told = trailers['grpc-status']));
    stream.on('error', reject);
    stream.on('close', () => {
      if (told !== '0') reject(new Error(`${path} ended with ${String(told)}`));
      else resolve(definition.responseDeserialize(Buffer.concat(chunks).subarray(5)) as Answer);
    });
  });
}

const counts = { started: 0, served: 0, failed: 0, wrong: 0 };
const micros = new Map<number, number>();
let firstFailure = '';

async function client(request: (nth: number) => Promise<void>): Promise<void> {
  while (performance.now() - beganAt < endMs && counts.failed < MOST_FAILURES) {
    const sinceMs = performance.now();
    counts.started += 1;
    try {
      await request(counts.started);
      counts.served += 1;
      const took = Math.round((performance.now() - sinceMs) * 1000);
      micros.set(took, (micros.get(took) ?? 0) + 1);
    } catch (error) {
      counts.failed += 1;
      firstFailure ||= String(error);
    }
  }
}

const beganAt = performance.now();
const startUse = process.cpuUsage();
const request = REQUESTS[argument('rpc')];
if (request === undefined) throw new Error('there is no such request');
await Promise.all(Array.from({ length: connections }, () => client(request)));
const use = process.cpuUsage(startUse);
session.close();
console.log(
  JSON.stringify({
    ...counts,
    seconds: (performance.now() - beganAt) / 1000,
    cpuSeconds: (use.user + use.system) / 1e6,
    firstFailure,
    histogram: [...micros]
      .toSorted(([left], [right]) => left - right)
      .map(([took, count]) => [took * 1000, count]),
  }),
);
