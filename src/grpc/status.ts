import { Metadata, status } from '@grpc/grpc-js';
import type { StatusObject } from '@grpc/grpc-js';
import type { GatewayError, Mistake } from '../errors/gateway-error.ts';
import type { BadRequest } from './generated/google/rpc/BadRequest.ts';
import type { ErrorInfo } from './generated/google/rpc/ErrorInfo.ts';
import type { RequestInfo } from './generated/google/rpc/RequestInfo.ts';
import type { RetryInfo } from './generated/google/rpc/RetryInfo.ts';
import { loadErrorDetails } from './protos.ts';
import type { ErrorDetails } from './protos.ts';

export const REQUEST_ID = 'x-request-id';
const DETAILS = 'grpc-status-details-bin';
const DOMAIN = 'tollgate';

/**
 * Bytes. Clients take 8 KiB of metadata in all, where the message is told twice, once percent-encoded
 * and once, like the mistakes, in base64.
 */
const MESSAGE_BYTES_MAX = 768;
const MISTAKES_BYTES_MAX = 1536;

/** These are over some day, and always say when (trust §10): soon, if nobody knows. */
const PASSING: ReadonlySet<string> = new Set(['UNAVAILABLE', 'RESOURCE_EXHAUSTED']);
const RETRY_MS = 1000;

const messages = loadErrorDetails();

/** A message among the details of an error, which says what it is. */
const detail = (name: Exclude<keyof ErrorDetails, 'google.rpc.Status'>, value: Buffer) => ({
  type_url: `type.googleapis.com/${name}`,
  value,
});

const errorInfo = (info: ErrorInfo) =>
  detail('google.rpc.ErrorInfo', messages['google.rpc.ErrorInfo'].serialize(info));
const requestInfo = (info: RequestInfo) =>
  detail('google.rpc.RequestInfo', messages['google.rpc.RequestInfo'].serialize(info));
const retryInfo = (info: RetryInfo) =>
  detail('google.rpc.RetryInfo', messages['google.rpc.RetryInfo'].serialize(info));
const badRequest = (info: BadRequest) =>
  detail('google.rpc.BadRequest', messages['google.rpc.BadRequest'].serialize(info));

/** An error as a caller is told it: the status, what programs can act on, and the id of the request. */
export function statusOf(error: GatewayError, requestId: string): StatusObject {
  const code = status[error.row.grpc];
  const message = cut(error.message, MESSAGE_BYTES_MAX);
  const metadata = new Metadata();
  metadata.set(REQUEST_ID, requestId);
  const details = detailsOf(error, requestId);
  metadata.set(DETAILS, messages['google.rpc.Status'].serialize({ code, message, details }));
  return { code, details: message, metadata };
}

function detailsOf(error: GatewayError, requestId: string) {
  const { code, row, mistakes } = error;
  const told = [
    errorInfo({
      reason: code.toUpperCase(),
      domain: DOMAIN,
      metadata: { fault: row.fault, retryable: String(row.retryable) },
    }),
    requestInfo({ requestId }),
  ];
  const retryMs = error.retryAfterMs ?? (row.retryable && PASSING.has(row.grpc) ? RETRY_MS : null);
  if (retryMs !== null) told.push(retryInfo({ retryDelay: durationOf(retryMs) }));
  if (mistakes.length > 0) told.push(badRequest({ fieldViolations: violationsOf(mistakes) }));
  return told;
}

/** As many as there is room for; the rest shows when these are mended. */
function violationsOf(mistakes: readonly Mistake[]) {
  let room = MISTAKES_BYTES_MAX;
  const told = mistakes.map(({ field, text }) => ({
    field: cut(field, MESSAGE_BYTES_MAX),
    description: cut(text, MESSAGE_BYTES_MAX),
  }));
  return told.filter(({ field, description }) => {
    room -= Buffer.byteLength(field) + Buffer.byteLength(description);
    return room >= 0;
  });
}

function durationOf(ms: number) {
  const whole = Math.max(0, Math.ceil(ms));
  return { seconds: Math.floor(whole / 1000), nanos: (whole % 1000) * 1e6 };
}

const encoder = new TextEncoder();

/** So much of a text, without half a character: gRPC cannot send those. */
function cut(text: string, bytesMax: number): string {
  const whole = text.toWellFormed();
  const { read } = encoder.encodeInto(whole, new Uint8Array(bytesMax));
  return read === whole.length ? whole : `${whole.slice(0, read)}…`;
}
