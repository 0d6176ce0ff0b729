import type { ErrorCode } from '../errors/catalogue.ts';
import type { Effect } from '../pool/effect.ts';
import type { Failure } from './exchange.ts';
import type { Answer, Circumstances, Verdict } from './verdict.ts';

/** What an answer means. */
export interface Row {
  name: string;
  applies(answer: Answer, how: Circumstances): boolean;
  next: Verdict['next'];
  effect: Effect['kind'] | 'whole_origin';
  error: Verdict['error'];
  /** For the first time in a call only; then the rows behind it decide. */
  isOnce?: true;
  /** It stops only because the call may have run already. */
  isAmbiguous?: true;
}

const error = (code: ErrorCode, message: string) => ({ code, message });

const status =
  (...codes: number[]) =>
  (answer: Answer) =>
    answer.phase === 'answered' && codes.includes(answer.status);
const between = (low: number, high: number) => (answer: Answer) =>
  answer.phase === 'answered' && answer.status >= low && answer.status < high;
const failed =
  (...failures: Failure[]) =>
  (answer: Answer) =>
    answer.phase === 'failed' && failures.includes(answer.failure);

const QUOTA_CODES = new Set(['insufficient_quota', 'billing_hard_limit_reached']);
const isOutOfQuota = (answer: Answer) =>
  answer.phase === 'answered' &&
  answer.status >= 400 &&
  answer.errorCode !== null &&
  QUOTA_CODES.has(answer.errorCode);

const unusable = error('no_credentials', 'No available API keys with sufficient credit');
const badGateway = error('upstream_error', 'Bad gateway: the upstream failed to answer.');
const timedOut = error('upstream_timeout', 'Gateway timeout - request took too long');

/**
 * The table, first row that applies. Three facts decide: did we connect, did we get a head, what
 * did it say. A credential at fault is left for the next one; a client at fault gets its answer
 * back and nobody is blamed; where the call may have been executed it is not sent again, unless
 * the endpoint's row says that is safe.
 */
export const rows: readonly Row[] = [
  {
    name: 'client_gone',
    applies: failed('client_gone', 'client_stalled'),
    next: 'stop',
    effect: 'none',
    error: error('client_closed_request', 'The client closed the request.'),
  },
  { name: 'deadline', applies: failed('deadline'), next: 'stop', effect: 'none', error: timedOut },
  {
    name: 'draining',
    applies: failed('draining'),
    next: 'stop',
    effect: 'none',
    error: error('draining', 'The server is stopping. Try again.'),
  },
  {
    name: 'key_revoked',
    applies: failed('key_revoked'),
    next: 'stop',
    effect: 'none',
    error: error('invalid_api_key', 'Invalid or expired API key'),
  },
  {
    name: 'withdrawn',
    applies: failed('withdrawn'),
    next: 'next',
    effect: 'none',
    error: unusable,
  },
  {
    name: 'token_refused',
    applies: failed('token_refused'),
    next: 'next',
    effect: 'unauthorized',
    error: unusable,
  },
  {
    name: 'connect_failed',
    applies: failed('connect'),
    next: 'next',
    effect: 'whole_origin',
    error: badGateway,
  },
  {
    name: 'never_sent',
    applies: (answer) => answer.phase === 'failed' && !answer.isSent,
    next: 'next',
    effect: 'whole_origin',
    error: timedOut,
  },
  {
    // The upstream closed the idle connection as the request set out, which it never saw.
    name: 'stale_connection',
    applies: (answer) => answer.phase === 'failed' && answer.failure === 'lost' && answer.isStale,
    next: 'again',
    isOnce: true,
    effect: 'none',
    error: badGateway,
    isAmbiguous: true,
  },
  {
    name: 'first_byte_timeout',
    applies: failed('first_byte_timeout', 'idle_timeout'),
    next: 'stop',
    effect: 'origin',
    error: timedOut,
    isAmbiguous: true,
  },
  {
    name: 'lost',
    applies: failed('lost'),
    next: 'stop',
    effect: 'origin',
    error: badGateway,
    isAmbiguous: true,
  },
  {
    name: 'out_of_quota',
    applies: isOutOfQuota,
    next: 'next',
    effect: 'exhausted',
    error: unusable,
  },
  {
    name: 'payment_required',
    applies: status(402),
    next: 'next',
    effect: 'exhausted',
    error: unusable,
  },
  {
    // A short-lived token may end before its time; the secret it came from may still be good.
    name: 'token_stale',
    applies: (answer) =>
      status(401)(answer) && answer.phase === 'answered' && answer.hasToken === true,
    next: 'again',
    isOnce: true,
    effect: 'none',
    error: unusable,
  },
  {
    name: 'unauthorized',
    applies: status(401),
    next: 'next',
    effect: 'unauthorized',
    error: unusable,
  },
  {
    name: 'blocked',
    applies: (answer) =>
      status(403)(answer) && answer.phase === 'answered' && answer.isPage === true,
    next: 'next',
    effect: 'origin',
    error: badGateway,
  },
  { name: 'forbidden', applies: status(403), next: 'next', effect: 'forbidden', error: unusable },
  {
    name: 'rate_limited',
    applies: status(429),
    next: 'next',
    effect: 'cooling',
    error: error(
      'upstream_rate_limited',
      'All upstream credentials are rate limited. Try again later.',
    ),
  },
  {
    name: 'try_elsewhere',
    applies: status(408, 409, 425),
    next: 'next',
    isOnce: true,
    effect: 'none',
    error: badGateway,
  },
  {
    // A call without one, such as for a model's facts, is wrong about it everywhere.
    name: 'model_missing',
    applies: (answer, { hasModel }) =>
      hasModel &&
      answer.phase === 'answered' &&
      answer.status === 404 &&
      answer.errorCode === 'model_not_found',
    next: 'next',
    effect: 'forbidden',
    error: error('model_not_found', 'The model does not exist or no credential may use it.'),
  },
  { name: 'client_error', applies: between(400, 500), next: 'refuse', effect: 'none', error: null },
  {
    name: 'server_error',
    applies: between(500, 600),
    next: 'next',
    effect: 'origin',
    error: badGateway,
  },
  {
    name: 'empty',
    applies: (answer) =>
      status(204, 205, 304)(answer) || (answer.phase === 'answered' && answer.isEmpty === true),
    next: 'stop',
    effect: 'none',
    error: error('empty_response', 'The upstream answered without content.'),
  },
  {
    name: 'unreadable',
    applies: (answer) => answer.phase === 'answered' && answer.isUnreadable === true,
    next: 'next',
    effect: 'origin',
    error: error('upstream_error', 'Bad gateway: the upstream sent no answer that can be read.'),
  },
  { name: 'served', applies: between(200, 300), next: 'deliver', effect: 'served', error: null },
  {
    name: 'redirect',
    applies: between(300, 400),
    next: 'stop',
    effect: 'origin',
    error: error(
      'upstream_error',
      'Bad gateway: the upstream redirected, which is never followed.',
    ),
  },
  { name: 'odd_status', applies: () => true, next: 'next', effect: 'origin', error: badGateway },
];
