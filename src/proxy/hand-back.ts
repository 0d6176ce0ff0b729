import { GatewayError } from '../errors/gateway-error.ts';
import { retryHeaders } from '../errors/openai.ts';
import type { Lease } from '../pool/lease.ts';
import type { Attempted } from './attempt.ts';
import type { Admitted, DataPlane } from './data-plane.ts';
import { costHeader } from './cost-header.ts';
import { clientHeaders } from './headers.ts';
import { isPassing } from './passing-status.ts';
import { settleDelivered } from './settle.ts';
import { isObject, parseObject } from './usage-readers.ts';

/** The upstream's own error is charged nothing. */
const NOTHING = { costNano: 0n, isPriced: true };

/**
 * Gives the upstream's own answer back to a client whose request, or own credential, was at fault:
 * verbatim when it is an OpenAI error object that does not quote the credential, else in our words.
 * True: it is a whole answer.
 */
export async function handBack(
  admitted: Admitted,
  lease: Lease,
  { exchange, answer, errorBody: body, sent }: Attempted,
  plane: DataPlane,
): Promise<boolean> {
  const { call, ticket } = admitted;
  // Of an error in a 200 the status it should have had.
  const status = answer.phase === 'answered' ? answer.status : exchange.status;
  const waitMs = answer.phase === 'answered' ? answer.retryAfterMs : null;
  if (body === null || !isSafe(body, [lease.member.secret.reveal(), sent]))
    throw inOurWords(status, waitMs);
  await ticket.durable;
  const headers = clientHeaders(call, exchange.headers);
  headers['content-type'] = 'application/json';
  headers['content-length'] = String(body.length);
  headers['x-should-retry'] = String(isPassing(status));
  if (waitMs !== null) Object.assign(headers, retryHeaders(waitMs));
  Object.assign(headers, costHeader(NOTHING));
  call.sink.head(status, headers);
  call.sink.end(body);
  const reason = `upstream_${status}`;
  const nothing = { usage: null, usageSource: 'none', isStream: false } as const;
  settleDelivered(admitted, lease, { status, outcome: 'voided', reason, ...nothing }, plane);
  return true;
}

function inOurWords(status: number, waitMs: number | null): GatewayError {
  if (status === 401 || status === 402 || status === 403) {
    return new GatewayError(
      'invalid_provider_credential',
      `The provider refused the credential that came with the request (status ${status}).`,
    );
  }
  if (isPassing(status)) {
    return new GatewayError(
      status === 429 ? 'upstream_rate_limited' : 'upstream_error',
      `The upstream could not serve the request now (status ${status}).`,
      waitMs === null ? {} : { retryAfterMs: waitMs },
    );
  }
  return new GatewayError(
    status === 404 ? 'not_found' : 'invalid_request',
    `The upstream refused the request with status ${status}.`,
  );
}

function isSafe(body: Buffer, secrets: readonly (string | null)[]): boolean {
  const text = body.toString('utf8');
  if (secrets.some((secret) => secret !== null && text.includes(secret))) return false;
  return isObject(parseObject(text)?.['error']);
}
