import type { ErrorCode } from '../errors/catalogue.ts';
import type { Effect } from '../pool/health.ts';
import type { Failure } from './exchange.ts';

/** What one attempt came to, before any byte reached the client. */
export type Answer =
  | { phase: 'failed'; failure: Failure; isSent: boolean }
  | {
      phase: 'answered';
      status: number;
      /** `error.code` or `error.type` of an error body; null when there is none. */
      errorCode: string | null;
      /** From Retry-After, milliseconds. */
      retryAfterMs: number | null;
    };

export interface Verdict {
  /** Name of the row, as recorded. */
  name: string;
  /** deliver: the answer is the client's · next: try another credential · refuse: the client's own fault, its answer goes back · stop: give up. */
  next: 'deliver' | 'next' | 'refuse' | 'stop';
  effect: Effect;
  /** What the client is told if this was the last attempt. */
  error: { code: ErrorCode; message: string } | null;
}

interface Row {
  name: string;
  applies(answer: Answer): boolean;
  next: Verdict['next'];
  effect: Effect['kind'];
  error: Verdict['error'];
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
const rows: readonly Row[] = [
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
    name: 'connect_failed',
    applies: failed('connect'),
    next: 'next',
    effect: 'origin',
    error: badGateway,
  },
  {
    name: 'never_sent',
    applies: (answer) => answer.phase === 'failed' && !answer.isSent,
    next: 'next',
    effect: 'origin',
    error: timedOut,
  },
  {
    name: 'first_byte_timeout',
    applies: failed('first_byte_timeout', 'idle_timeout'),
    next: 'stop',
    effect: 'origin',
    error: timedOut,
  },
  { name: 'lost', applies: failed('lost'), next: 'stop', effect: 'origin', error: badGateway },
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
  { name: 'unauthorized', applies: status(401), next: 'next', effect: 'suspect', error: unusable },
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
    effect: 'none',
    error: badGateway,
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
    applies: status(204, 205),
    next: 'stop',
    effect: 'none',
    error: error('empty_response', 'The upstream answered without content.'),
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

/** Rows that stop only because the call may have run already. */
const AMBIGUOUS = new Set(['first_byte_timeout', 'lost']);

export function judge(answer: Answer, isRepeatable: boolean): Verdict {
  const row = rows.find((candidate) => candidate.applies(answer));
  if (row === undefined) throw new Error('the last row of the verdict table applies to everything');
  const next = isRepeatable && AMBIGUOUS.has(row.name) ? 'next' : row.next;
  const effect: Effect =
    row.effect === 'cooling'
      ? { kind: 'cooling', ms: answer.phase === 'answered' ? answer.retryAfterMs : null }
      : { kind: row.effect };
  return { name: row.name, next, effect, error: row.error };
}
