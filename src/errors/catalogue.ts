/** The status codes of gRPC that errors are told as, by their standard names. */
export type GrpcCode =
  | 'CANCELLED'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'UNAUTHENTICATED';

/**
 * Every error Tollgate makes, once. `type` is the OpenAI error type a `/v1` client sees, `fault` names
 * who must act (metric label and log level), `retryable` becomes `x-should-retry`, which the
 * OpenAI SDKs obey; `grpc` is the status that other services see.
 */
export interface ErrorRow {
  readonly http: number;
  readonly type: string;
  readonly fault: 'client' | 'capacity' | 'upstream' | 'platform';
  readonly retryable: boolean;
  readonly grpc: GrpcCode;
}

/** By HTTP status, where no row says otherwise. */
const GRPC_CODES = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  402: 'RESOURCE_EXHAUSTED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'UNIMPLEMENTED',
  406: 'INVALID_ARGUMENT',
  408: 'DEADLINE_EXCEEDED',
  409: 'ALREADY_EXISTS',
  413: 'RESOURCE_EXHAUSTED',
  415: 'UNIMPLEMENTED',
  417: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  431: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
} as const satisfies Record<number, GrpcCode>;

const row = (
  http: keyof typeof GRPC_CODES,
  type: string,
  fault: ErrorRow['fault'],
  retryable: boolean,
): ErrorRow => ({ http, type, fault, retryable, grpc: GRPC_CODES[http] });

/** What was asked for is right, but what it is about is not so that it could be done. */
const precondition = (of: ErrorRow): ErrorRow => ({ ...of, grpc: 'FAILED_PRECONDITION' });

export const catalogue = {
  invalid_request: row(400, 'invalid_request_error', 'client', false),
  invalid_api_key: row(401, 'authentication_error', 'client', false),
  key_revoked: row(401, 'authentication_error', 'client', false),
  invalid_provider_credential: row(401, 'authentication_error', 'client', false),
  invalid_admin_secret: row(401, 'authentication_error', 'client', false),
  unauthenticated: row(401, 'authentication_error', 'client', false),
  budget_exceeded: row(402, 'insufficient_quota', 'client', false),
  insufficient_quota: row(402, 'insufficient_quota', 'client', false),
  permission_denied: row(403, 'permission_error', 'client', false),
  not_found: row(404, 'invalid_request_error', 'client', false),
  model_not_found: row(404, 'invalid_request_error', 'client', false),
  method_not_allowed: row(405, 'invalid_request_error', 'client', false),
  not_acceptable: row(406, 'invalid_request_error', 'client', false),
  request_timeout: row(408, 'invalid_request_error', 'client', true),
  conflict: row(409, 'invalid_request_error', 'client', false),
  failed_precondition: precondition(row(409, 'invalid_request_error', 'client', false)),
  payload_too_large: row(413, 'invalid_request_error', 'client', false),
  unsupported_media_type: row(415, 'invalid_request_error', 'client', false),
  expectation_failed: row(417, 'invalid_request_error', 'client', false),
  header_fields_too_large: row(431, 'invalid_request_error', 'client', false),
  operation_too_complex: row(400, 'invalid_request_error', 'client', false),
  model_not_priced: precondition(row(400, 'invalid_request_error', 'client', false)),
  rate_limit_exceeded: row(429, 'rate_limit_error', 'client', true),
  upstream_rate_limited: row(429, 'rate_limit_error', 'capacity', true),
  client_closed_request: row(499, 'client_error', 'client', false),
  internal: row(500, 'server_error', 'platform', false),
  upstream_error: row(502, 'proxy_error', 'upstream', true),
  empty_response: row(502, 'proxy_error', 'upstream', true),
  upstream_stream_interrupted: row(502, 'proxy_error', 'upstream', true),
  no_credentials: row(503, 'server_error', 'capacity', true),
  overloaded: row(503, 'server_error', 'capacity', true),
  draining: row(503, 'server_error', 'capacity', true),
  storage_unavailable: row(503, 'server_error', 'platform', true),
  upstream_timeout: row(504, 'timeout_error', 'upstream', true),
  operation_timeout: row(504, 'timeout_error', 'platform', false),
  stream_timeout: row(504, 'timeout_error', 'upstream', true),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof catalogue;
