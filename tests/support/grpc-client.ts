import { afterEach } from '@jest/globals';
import { Client, Metadata, credentials, status } from '@grpc/grpc-js';
import type {
  CallOptions,
  ChannelCredentials,
  ClientReadableStream,
  ServiceError,
  StatusObject,
} from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import type { KeyServiceDefinition } from '../../src/grpc/generated/tollgate/v1/KeyService.ts';
import type { LimitServiceDefinition } from '../../src/grpc/generated/tollgate/v1/LimitService.ts';
import type { OperationsServiceDefinition } from '../../src/grpc/generated/tollgate/v1/OperationsService.ts';
import type { UsageServiceDefinition } from '../../src/grpc/generated/tollgate/v1/UsageService.ts';
import { loadErrorDetails, loadServices } from '../../src/grpc/protos.ts';

interface Contract {
  KeyService: KeyServiceDefinition;
  LimitService: LimitServiceDefinition;
  OperationsService: OperationsServiceDefinition;
  UsageService: UsageServiceDefinition;
}

type Named<Service> = {
  [Name in keyof Service as string extends Name ? never : Name]: Service[Name];
};
type Method<S extends keyof Contract> = keyof Named<Contract[S]> & string;
type Asked<S extends keyof Contract, M extends Method<S>> =
  Named<Contract[S]>[M] extends MethodDefinition<infer A, infer _B, infer _C, infer _D> ? A : never;
type Answer<S extends keyof Contract, M extends Method<S>> =
  Named<Contract[S]>[M] extends MethodDefinition<infer _A, infer _B, infer _C, infer D> ? D : never;

export interface ClientOptions {
  /** Shown with each call; nothing when null. */
  token: string | null;
  credentials?: ChannelCredentials;
}

/** Of one call. */
export interface AskOptions {
  /** Sent besides the token. */
  metadata?: Record<string, string>;
  timeoutMs?: number;
}

/** What a call that failed says of itself, with its details decoded. */
export interface Refusal {
  /** Such as `NOT_FOUND`. */
  code: string;
  message: string;
  reason?: string;
  facts?: Record<string, string>;
  requestId?: string;
  retryMs?: number;
  violations?: { field: string; description: string }[];
}

/** What came of a call with one answer. */
export interface Told<T> {
  answer: T;
  /** From the initial metadata. */
  requestId: string;
}

export class RpcFailure extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(`${refusal.code}: ${refusal.message}`);
    this.refusal = refusal;
  }
}

/** A stream of answers, those that came in order. */
export interface Watching<T> {
  answers: T[];
  /** Resolves with the answer of this number, counted from 0. */
  nth(index: number): Promise<T>;
  /** Resolves when the stream stands. */
  stands: Promise<void>;
  /** Resolves when it is over; with what ended it, null when it ended well. */
  ended: Promise<Refusal | null>;
  cancel(): void;
}

const services = loadServices();
const open = new Set<Client>();

afterEach(() => {
  for (const client of open) client.close();
  open.clear();
});

/** The client that people use, as they would use it; closed after the test. */
export function grpcClient(address: string, options: ClientOptions) {
  const client = new Client(address, options.credentials ?? credentials.createInsecure(), {
    // A connection of its own.
    'grpc.use_local_subchannel_pool': 1,
  });
  open.add(client);

  const metadataOf = (extra: Record<string, string> = {}) => {
    const metadata = new Metadata();
    if (options.token !== null) metadata.set('authorization', `Bearer ${options.token}`);
    for (const [name, value] of Object.entries(extra)) metadata.set(name, value);
    return metadata;
  };
  const self = {
    client,
    metadataOf,

    /** @throws RpcFailure */
    async ask<S extends keyof Contract, M extends Method<S>>(
      service: S,
      method: M,
      asked: Asked<S, M>,
      asking: AskOptions = {},
    ): Promise<Answer<S, M>> {
      return (await self.tell(service, method, asked, asking)).answer;
    },

    /** As `ask`, with what came along. */
    tell<S extends keyof Contract, M extends Method<S>>(
      service: S,
      method: M,
      asked: Asked<S, M>,
      asking: AskOptions = {},
    ): Promise<Told<Answer<S, M>>> {
      const { path, requestSerialize, responseDeserialize } = definitionOf(service, method);
      return new Promise((resolve, reject) => {
        let requestId = '';
        const call = client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          asked as object,
          metadataOf(asking.metadata),
          callOptions(asking),
          (error, answer) => {
            if (error !== null) reject(new RpcFailure(refusalOf(error)));
            else resolve({ answer: answer as Answer<S, M>, requestId });
          },
        );
        call.on('metadata', (metadata) => {
          requestId = String(metadata.get('x-request-id')[0] ?? '');
        });
      });
    },

    watch<S extends keyof Contract, M extends Method<S>>(
      service: S,
      method: M,
      asked: Asked<S, M>,
      asking: AskOptions = {},
    ): Watching<Answer<S, M>> {
      const { path, requestSerialize, responseDeserialize } = definitionOf(service, method);
      const call = client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        asked as object,
        metadataOf(asking.metadata),
        callOptions(asking),
      );
      return watching(call as unknown as ClientReadableStream<Answer<S, M>>);
    },

    /** Questions are written to it as they come. */
    exchange<S extends keyof Contract, M extends Method<S>>(service: S, method: M) {
      const { path, requestSerialize, responseDeserialize } = definitionOf(service, method);
      const call = client.makeBidiStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        metadataOf(),
      );
      return {
        ...watching(call as unknown as ClientReadableStream<Answer<S, M>>),
        write: (asked: Asked<S, M>) => call.write(asked as object),
        end: () => call.end(),
      };
    },
  };
  return self;
}

export type GrpcClient = ReturnType<typeof grpcClient>;

const callOptions = ({ timeoutMs }: AskOptions): CallOptions =>
  timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };

function definitionOf(service: string, method: string): MethodDefinition<object, object> {
  const definition = services.get(service)?.[method];
  if (definition === undefined) throw new Error(`no ${service}/${method}`);
  return definition;
}

export function watching<T>(call: ClientReadableStream<T>): Watching<T> {
  const answers: T[] = [];
  const waiting = new Map<number, PromiseWithResolvers<T>>();
  const ended = Promise.withResolvers<Refusal | null>();
  const stands = Promise.withResolvers<void>();
  call.on('metadata', () => stands.resolve());
  call.on('data', (answer: T) => {
    waiting.get(answers.length)?.resolve(answer);
    answers.push(answer);
  });
  // Told by the status as well.
  call.on('error', () => undefined);
  call.on('status', (told: StatusObject) => {
    const refusal = told.code === status.OK ? null : refusalOf(told);
    ended.resolve(refusal);
    stands.resolve();
    for (const one of waiting.values()) {
      one.reject(new Error(`it is over: ${JSON.stringify(refusal)}`));
    }
  });
  return {
    answers,
    nth(index) {
      const answer = answers[index];
      if (answer !== undefined) return Promise.resolve(answer);
      const one = waiting.get(index) ?? Promise.withResolvers<T>();
      waiting.set(index, one);
      return one.promise;
    },
    stands: stands.promise,
    ended: ended.promise,
    cancel: () => call.cancel(),
  };
}

/** What comes of a call that is to fail. */
export async function refusalFrom(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (error) {
    if (error instanceof RpcFailure) return error.refusal;
    throw error;
  }
  throw new Error('it did not fail');
}

const messages = loadErrorDetails();

export function refusalOf(error: ServiceError | StatusObject): Refusal {
  const refusal: Refusal = { code: status[error.code] ?? '', message: error.details };
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  if (bytes === undefined) return refusal;
  for (const { type_url: url, value } of messages['google.rpc.Status'].deserialize(bytes as Buffer)
    .details) {
    Object.assign(refusal, DETAILS[url.slice('type.googleapis.com/google.rpc.'.length)]?.(value));
  }
  return refusal;
}

const DETAILS: Record<string, (bytes: Buffer) => Partial<Refusal>> = {
  ErrorInfo(bytes) {
    const { reason, domain, metadata } = messages['google.rpc.ErrorInfo'].deserialize(bytes);
    return { reason: `${domain}/${reason}`, facts: metadata };
  },
  RequestInfo: (bytes) => ({
    requestId: messages['google.rpc.RequestInfo'].deserialize(bytes).requestId,
  }),
  RetryInfo(bytes) {
    const { retryDelay } = messages['google.rpc.RetryInfo'].deserialize(bytes);
    return { retryMs: Number(retryDelay?.seconds) * 1000 + Number(retryDelay?.nanos) / 1e6 };
  },
  BadRequest: (bytes) => ({
    violations: messages['google.rpc.BadRequest'].deserialize(bytes).fieldViolations,
  }),
};
