import { GatewayError } from '../errors/gateway-error.ts';
import type { ErrorCode } from '../errors/catalogue.ts';
import type { Admitted, DataPlane } from './data-plane.ts';
import type { Failure } from './exchange.ts';
import type { Answer, Verdict } from './verdict.ts';

/** Credentials come back by balance checks and probes, which take about as long. */
const NOBODY_RETRY_MS = 30_000;

const errors: Record<Failure, [ErrorCode, string]> = {
  connect: ['upstream_error', 'Bad gateway: the upstream could not be reached.'],
  token_refused: ['no_credentials', 'No available API keys with sufficient credit'],
  withdrawn: ['no_credentials', 'No available API keys with sufficient credit'],
  lost: ['upstream_stream_interrupted', 'The upstream ended its answer early.'],
  first_byte_timeout: ['upstream_timeout', 'Gateway timeout - request took too long'],
  idle_timeout: ['stream_timeout', 'The upstream stopped sending its answer.'],
  deadline: ['stream_timeout', 'The call took longer than the pool allows.'],
  draining: ['draining', 'The server is stopping.'],
  client_gone: ['client_closed_request', 'The client closed the request.'],
  budget_exceeded: [
    'budget_exceeded',
    'Budget exceeded: the answer was ended where its budget was.',
  ],
  key_revoked: ['key_revoked', 'The API key was revoked or has expired.'],
  client_stalled: ['client_closed_request', 'The client stopped reading.'],
};

/** An answer that broke off, in the caller's terms. */
export function failureError(failure: Failure): GatewayError {
  const [code, message] = errors[failure];
  return new GatewayError(code, message);
}

/** What the client is told if this verdict was the last. */
export function failureOf(
  verdict: Verdict,
  answer: Answer,
  admitted: Admitted,
  plane: DataPlane,
): GatewayError {
  if (verdict.error === null || verdict.effect.kind === 'cooling') return nobody(admitted, plane);
  if (admitted.route.isCallers && verdict.name === 'token_refused') {
    return new GatewayError(
      'invalid_provider_credential',
      'The provider refused the credential that came with the request.',
    );
  }
  const { code, message } = verdict.error;
  const told = answer.phase === 'answered' ? answer.retryAfterMs : null;
  const waitMs = told ?? (code === 'no_credentials' ? NOBODY_RETRY_MS : null);
  return new GatewayError(code, message, waitMs === null ? {} : { retryAfterMs: waitMs });
}

/** No credential can serve now: limited ones say when, the others need an operator. */
export function nobody({ route }: Admitted, { clock }: DataPlane): GatewayError {
  const until = route.limitedUntil();
  if (until !== null) {
    return new GatewayError(
      'upstream_rate_limited',
      'All upstream credentials are rate limited. Try again later.',
      { retryAfterMs: Math.max(0, until - clock.now()) },
    );
  }
  return new GatewayError('no_credentials', 'No available API keys with sufficient credit', {
    retryAfterMs: NOBODY_RETRY_MS,
  });
}
