import { GatewayError } from '../errors/gateway-error.ts';
import type { ErrorCode } from '../errors/catalogue.ts';
import type { Failure } from './exchange.ts';

const errors: Record<Failure, [ErrorCode, string]> = {
  connect: ['upstream_error', 'Bad gateway: the upstream could not be reached.'],
  lost: ['upstream_stream_interrupted', 'The upstream ended its answer early.'],
  first_byte_timeout: ['upstream_timeout', 'Gateway timeout - request took too long'],
  idle_timeout: ['stream_timeout', 'The upstream stopped sending its answer.'],
  deadline: ['stream_timeout', 'The call took longer than the pool allows.'],
  draining: ['draining', 'The server is stopping.'],
  client_gone: ['client_closed_request', 'The client closed the request.'],
  client_stalled: ['client_closed_request', 'The client stopped reading.'],
};

/** An answer that broke off, in the caller's terms. */
export function failureError(failure: Failure): GatewayError {
  const [code, message] = errors[failure];
  return new GatewayError(code, message);
}
