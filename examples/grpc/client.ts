// What the examples share: where Tollgate is, who asks, how long an answer may take, and what a refusal
// says. To be copied, with the folder `protos`; the types are made of it by `proto-loader-gen-types`.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InterceptingCall, credentials, loadPackageDefinition, status } from '@grpc/grpc-js';
import type {
  ClientUnaryCall,
  Client,
  Interceptor,
  ServiceError,
  requestCallback,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { MessageTypeDefinition } from '@grpc/proto-loader';
import type { RetryInfo__Output } from '../../src/grpc/generated/google/rpc/RetryInfo.ts';
import type { Status__Output } from '../../src/grpc/generated/google/rpc/Status.ts';
import type { ProtoGrpcType as KeyTypes } from '../../src/grpc/generated/key_service.ts';
import type { ProtoGrpcType as LimitTypes } from '../../src/grpc/generated/limit_service.ts';
import type { ProtoGrpcType as OperationsTypes } from '../../src/grpc/generated/operations_service.ts';
import type { ProtoGrpcType as UsageTypes } from '../../src/grpc/generated/usage_service.ts';

/** Calls with one answer are given up after so long. Streams last as long as they last. */
const DEADLINE_MS = 5000;
/** Before it is tried again where nobody says how long to wait. */
const PAUSE_MS = 500;
const PATIENCE_MS = 30_000;

/** From the environment. */
export function setting(name: string, otherwise?: string): string {
  const value = process.env[name] ?? otherwise;
  if (value === undefined || value === '') throw new Error(`set ${name}`);
  return value;
}

const definition = loadSync(
  [
    ...['key', 'limit', 'operations', 'usage'].map((name) => `tollgate/v1/${name}_service.proto`),
    'google/rpc/status.proto',
    'google/rpc/error_details.proto',
  ],
  {
    includeDirs: [join(import.meta.dirname, '../../protos')],
    // Numbers of 64 bits as text: money does not fit into JavaScript's.
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  },
);

const { KeyService, LimitService, OperationsService, UsageService } = (
  loadPackageDefinition(definition) as unknown as KeyTypes &
    LimitTypes &
    OperationsTypes &
    UsageTypes
).tollgate.v1;

/** Shows who we are with each call, and bounds those that wait for one answer. */
const asUs: Interceptor = (options, next) => {
  const { requestStream, responseStream } = options.method_definition;
  const isStream = requestStream || responseStream;
  const deadline = isStream ? Number.POSITIVE_INFINITY : Date.now() + DEADLINE_MS;
  return new InterceptingCall(next({ deadline, ...options }), {
    start(metadata, listener, begin) {
      metadata.set('authorization', `Bearer ${setting('TOLLGATE_TOKEN')}`);
      begin(metadata, listener);
    },
  });
};

const address = setting('TOLLGATE_GRPC', '127.0.0.1:50051');
const { TOLLGATE_CA: ca } = process.env;
// In the clear only on the same machine. Where clients must show a certificate: createSsl(ca, key, cert).
const channel = ca ? credentials.createSsl(readFileSync(ca)) : credentials.createInsecure();
const options = {
  interceptors: [asUs],
  // A line that is dead without a word is found out, or a stream would wait on it for ever.
  'grpc.keepalive_time_ms': 15_000,
  'grpc.keepalive_timeout_ms': 5000,
};

/** They share one connection, which is made at the first call. */
export const keys = new KeyService(address, channel, options);
export const limits = new LimitService(address, channel, options);
export const operations = new OperationsService(address, channel, options);
export const usage = new UsageService(address, channel, options);

type Unary<Asked, Answer> = (asked: Asked, done: requestCallback<Answer>) => ClientUnaryCall;

/** A call with one answer. */
export const ask = <Asked, Answer>(
  client: Client,
  method: Unary<Asked, Answer>,
  asked: Asked,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    method.call(client, asked, (error, answer) => {
      if (error !== null) reject(error);
      else resolve(answer as Answer);
    });
  });

/** The same until it is answered, as long as we are told to come again soon. For what may be sent twice. */
export async function askPatiently<Asked, Answer>(
  client: Client,
  method: Unary<Asked, Answer>,
  asked: Asked,
): Promise<Answer> {
  const endMs = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask(client, method, asked);
    } catch (error) {
      await pauseAfter(error, endMs - Date.now());
    }
  }
}

/** Waits as long as a refusal says. @throws the refusal where waiting so long helps nobody */
export async function pauseAfter(error: unknown, patienceMs = PATIENCE_MS): Promise<void> {
  const waitMs = retryMs(error);
  if (waitMs === null || waitMs > patienceMs) throw error;
  console.error(`again in ${waitMs} ms: ${(error as Error).message}`);
  await sleep(waitMs);
}

/** Lost on the way, or not answered in time: perhaps it was done. */
const LOST: ReadonlySet<unknown> = new Set([status.UNAVAILABLE, status.DEADLINE_EXCEEDED]);

/** Until it may be asked again; null where that would be refused again. */
function retryMs(error: unknown): number | null {
  const { code, metadata } = error as Partial<ServiceError>;
  const [details] = metadata?.get('grpc-status-details-bin') ?? [];
  for (const { type_url: url, value } of detailsOf(details)) {
    if (!url.endsWith('/google.rpc.RetryInfo')) continue;
    const { retryDelay } = read('RetryInfo', value) as RetryInfo__Output;
    return Number(retryDelay?.seconds ?? 0) * 1000 + Math.ceil((retryDelay?.nanos ?? 0) / 1e6);
  }
  return LOST.has(code) ? PAUSE_MS : null;
}

const detailsOf = (bytes: unknown) =>
  bytes instanceof Buffer ? (read('Status', bytes) as Status__Output).details : [];

function read(name: string, bytes: Buffer): object {
  const message = definition[`google.rpc.${name}`] as MessageTypeDefinition<object, object>;
  return message.deserialize(bytes);
}

/** Nano-dollars as dollars, to the last digit. */
export function dollars(nanoUsd: string): string {
  const digits = nanoUsd.replace('-', '').padStart(10, '0');
  return `${nanoUsd.startsWith('-') ? '-' : ''}$${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
