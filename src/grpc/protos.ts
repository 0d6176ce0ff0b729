import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSync } from '@grpc/proto-loader';
import type {
  MessageTypeDefinition,
  Options,
  PackageDefinition,
  ServiceDefinition,
} from '@grpc/proto-loader';
import type { BadRequest, BadRequest__Output } from './generated/google/rpc/BadRequest.ts';
import type { ErrorInfo, ErrorInfo__Output } from './generated/google/rpc/ErrorInfo.ts';
import type { RequestInfo, RequestInfo__Output } from './generated/google/rpc/RequestInfo.ts';
import type { RetryInfo, RetryInfo__Output } from './generated/google/rpc/RetryInfo.ts';
import type { Status, Status__Output } from './generated/google/rpc/Status.ts';

/** Above the sources, and one further up above what is built of them. */
const FOLDERS = ['../../protos', '../../../protos'];

const folder: string = (() => {
  const found = FOLDERS.map((path) => join(import.meta.dirname, path)).find((path) =>
    existsSync(path),
  );
  if (found === undefined) throw new Error('the folder protos is missing');
  return found;
})();

const FILES = ['key', 'limit', 'operations', 'usage'].map(
  (name) => `tollgate/v1/${name}_service.proto`,
);

/** As the generated types were made (scripts/generate-protos.ts): numbers of 64 bits are text. */
const SHAPE = {
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
  includeDirs: [folder],
} as const satisfies Options;

const load = (files: readonly string[]): PackageDefinition => loadSync([...files], SHAPE);

const PACKAGE = 'tollgate.v1.';

/** The services of the contract by name, and how their messages are read and written. */
export function loadServices(): ReadonlyMap<string, ServiceDefinition> {
  const services = Object.entries(load(FILES)).flatMap(([name, definition]) =>
    isService(definition) ? [[name.slice(PACKAGE.length), definition] as const] : [],
  );
  return new Map(services);
}

/** The contract, compiled: a `google.protobuf.FileDescriptorSet`. */
export const readContract = (): Buffer => readFileSync(join(folder, 'baseline.binpb'));

/** The standard messages that tell what is wrong. */
export const loadErrorDetails = (): ErrorDetails =>
  load(['google/rpc/status.proto', 'google/rpc/error_details.proto']) as unknown as ErrorDetails;

export interface ErrorDetails {
  'google.rpc.Status': MessageTypeDefinition<Status, Status__Output>;
  'google.rpc.ErrorInfo': MessageTypeDefinition<ErrorInfo, ErrorInfo__Output>;
  'google.rpc.RequestInfo': MessageTypeDefinition<RequestInfo, RequestInfo__Output>;
  'google.rpc.RetryInfo': MessageTypeDefinition<RetryInfo, RetryInfo__Output>;
  'google.rpc.BadRequest': MessageTypeDefinition<BadRequest, BadRequest__Output>;
}

/** Services have methods, everything else has a format. */
const isService = (definition: PackageDefinition[string]): definition is ServiceDefinition =>
  !('format' in definition);
