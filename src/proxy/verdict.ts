import type { ErrorCode } from '../errors/catalogue.ts';
import type { Effect } from '../pool/effect.ts';
import type { Failure } from './exchange.ts';

/** What one attempt came to, before any byte reached the client. */
export type Answer =
  | {
      phase: 'failed';
      failure: Failure;
      isSent: boolean;
      /** On a connection that had served before, and without a byte in answer. */
      isStale: boolean;
    }
  | {
      phase: 'answered';
      /** Also of an error that came in a 200: the status it should have had. */
      status: number;
      /** `error.code` or `error.type` of an error body; null when there is none. */
      errorCode: string | null;
      /** When to come back, milliseconds from now, if it said so. */
      retryAfterMs: number | null;
      /** The body is HTML: somebody in between speaks. */
      isPage?: boolean;
      /** A success that is not what the endpoint answers. */
      isUnreadable?: boolean;
    };

/** What else a verdict depends on. */
export interface Circumstances {
  /** A call that may have been executed may be sent again. */
  isRepeatable: boolean;
  /** The body is still at hand. */
  hasBody: boolean;
  /** Verdicts of the attempts before. */
  before: readonly string[];
}

export interface Verdict {
  /** Name of the row, as recorded. */
  name: string;
  /**
   * deliver: the answer is the client's · next: try another credential · again: the same one, on a new
   * connection · refuse: the client's own fault, its answer goes back · stop: give up.
   */
  next: 'deliver' | 'next' | 'again' | 'refuse' | 'stop';
  effect: Effect;
  /** What the client is told if this was the last attempt. */
  error: { code: ErrorCode; message: string } | null;
}

interface Row {
  name: string;
  applies(answer: Answer): boolean;
  next: Verdict['next'];
  effect: Effect['kind'] | 'whole_origin';
  error: Verdict['error'];
  /** A second time for the same call it is `next` no more, but this. */
  twice?: Verdict['next'];
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
    twice: 'stop',
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
    twice: 'refuse',
    effect: 'none',
    error: badGateway,
  },
  {
    name: 'model_missing',
    applies: (answer) =>
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
    applies: status(204, 205, 304),
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

/** The first row that applies, in the light of what came before. */
export function judge(answer: Answer, { isRepeatable, hasBody, before }: Circumstances): Verdict {
  const row = rows.find((candidate) => candidate.applies(answer));
  if (row === undefined) throw new Error('the last row of the verdict table applies to everything');
  const wished = before.includes(row.name) ? (row.twice ?? row.next) : row.next;
  const possible = wished === 'again' && !hasBody ? 'stop' : wished;
  const isSafe = isRepeatable && row.isAmbiguous === true;
  const next = possible === 'stop' && isSafe ? 'next' : possible;
  return { name: row.name, next, effect: effectOf(row, answer), error: row.error };
}

function effectOf({ effect: kind }: Row, answer: Answer): Effect {
  const ms = answer.phase === 'answered' ? answer.retryAfterMs : null;
  if (kind === 'cooling') return { kind, ms };
  if (kind === 'origin') return { kind, isWhole: false, ms };
  if (kind === 'whole_origin') return { kind: 'origin', isWhole: true, ms: null };
  return { kind };
}
