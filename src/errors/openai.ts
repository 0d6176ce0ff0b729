import type { GatewayError } from './gateway-error.ts';

/** The wire form of an error on every HTTP path: OpenAI's error object and its retry headers. */
export interface RenderedError {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

export function errorObject(error: GatewayError) {
  return {
    error: {
      message: error.message,
      type: error.row.type,
      param: error.param,
      code: error.code,
    },
  };
}

/** `retry-after` is whole seconds (RFC 9110); `retry-after-ms` is what OpenAI SDKs read first. */
export const retryHeaders = (waitMs: number): Record<string, string> => ({
  'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))),
  'retry-after-ms': String(Math.max(0, Math.ceil(waitMs))),
});

/** These are over some day, and always say when (trust §10): soon, if nobody knows. */
const PASSING = [429, 503];
const RETRY_MS = 1000;

export function renderOpenAiError(error: GatewayError): RenderedError {
  const body = Buffer.from(JSON.stringify(errorObject(error)));
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'content-length': String(body.length),
    'x-should-retry': String(error.row.retryable),
  };
  const { http } = error.row;
  const waitMs = error.retryAfterMs ?? (PASSING.includes(http) ? RETRY_MS : null);
  if (waitMs !== null) Object.assign(headers, retryHeaders(waitMs));
  return { status: http, headers, body };
}

/** The event that ends a stream we cannot complete. No `[DONE]` follows it, on purpose. */
export function errorEvent(error: GatewayError): Buffer {
  return Buffer.from(`data: ${JSON.stringify(errorObject(error))}\n\n`);
}
