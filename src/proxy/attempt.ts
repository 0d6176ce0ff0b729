import { hash } from 'node:crypto';
import type { Ticket } from '../accounting/ticket.ts';
import type { GatewayError } from '../errors/gateway-error.ts';
import type { AccessTokens } from '../pool/access-tokens.ts';
import type { Lease } from '../pool/lease.ts';
import type { Member } from '../pool/member.ts';
import type { Pool } from '../pool/pool.ts';
import { refusesCredential } from '../pool/upstream-kind.ts';
import type { Clock } from '../lib/clock.ts';
import { tokenFor } from './token-for.ts';
import type { Call } from './call.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import { errorCodeOf } from './error-in-answer.ts';
import { endingOf, isOfCall } from './exchange.ts';
import type { Exchange, Failure } from './exchange.ts';
import { isHtml, upstreamHeaders } from './headers.ts';
import { outputCapField } from './hold-for.ts';
import { isJson, openAnswer } from './open-answer.ts';
import type { Opened } from './open-answer.ts';
import { bodyFor } from './read-request.ts';
import type { ReadRequest } from './read-request.ts';
import { retryAfterMs } from './retry-after.ts';
import type { Transport } from './transport.ts';
import { parseObject } from './usage-readers.ts';
import type { Answer } from './verdict.ts';
import type { KeyEntry } from './virtual-keys.ts';

/** What one upstream call came to. */
export interface Attempted {
  exchange: Exchange;
  answer: Answer;
  /** Set when the answer can be delivered. */
  opened: Opened | null;
  /** Of an error answer, cut at the limit; null for answers that are to be delivered. */
  errorBody: Buffer | null;
  /** Monotonic: when the answer began. */
  answeredMs: number;
  /** What authorized the call: the credential's secret or a token; no answer may quote it. */
  sent: string | null;
  /** What was wrong with the client's body, if that is why the call ended. */
  violation: GatewayError | null;
}

/** What is to be sent, whoever serves it. */
export interface Outgoing {
  call: Call;
  endpoint: Endpoint;
  pool: Pool;
  request: ReadRequest;
  key: Pick<KeyEntry, 'id'>;
  ticket: Pick<Ticket, 'isStrict'>;
}

export interface AttemptParts {
  transport: Transport;
  clock: Clock;
  tokens: AccessTokens;
}

const ERROR_BODY_BYTES_MAX = 64 * 1024;

/**
 * One upstream call with one credential, up to the point where it is known what the answer is; an
 * error answer is read to its end.
 */
export async function attempt(
  outgoing: Outgoing,
  { lease: { member, served }, isFresh }: { lease: Lease; isFresh: boolean },
  parts: AttemptParts,
): Promise<Attempted> {
  const { call, pool, request } = outgoing;
  const cap = outgoing.ticket.isStrict ? outputCapField(outgoing, member.kind, served) : null;
  const body = bodyFor(request, served, cap);
  const exchange = parts.transport.exchange(pool.policy.timeouts);
  watch(call, exchange);
  // Without an await where there is no need: most credentials are what calls carry.
  const secret =
    member.kind.accessToken === undefined
      ? member.secret.reveal()
      : await tokenFor(member, parts.tokens, exchange);
  if (secret !== null) {
    parts.transport.send(exchange, member, {
      method: call.method,
      path: (member.kind.pathOf?.(call.path) ?? call.path) + call.query,
      headers: Object.assign(
        upstreamHeaders(call, member, body, secret),
        idempotencyHeader(outgoing),
      ),
      body,
      isFresh,
      // A ban that was imposed meanwhile is obeyed up to the moment of sending.
      mayStart: () =>
        member.health.exclusion(served.upstream, parts.clock.now())?.reason !== 'banned',
    });
  }
  const failure = await exchange.answered;
  const answeredMs = parts.clock.monotonic();
  // An answer that came all the same is the answer.
  const violation = failure !== null && body.kind === 'stream' ? body.rest.violation : null;
  const cause = violation === null ? failure : 'client_stalled';
  const result: Result =
    cause !== null
      ? failed(cause, exchange)
      : exchange.status < 300
        ? await success(exchange, outgoing, parts.clock)
        : await refusal(exchange, member, parts);
  // A token may have been withdrawn before its time; the secret it came from may still be good.
  if (exchange.status === 401 && secret !== null) parts.tokens.forget(member, secret);
  return { exchange, answeredMs, sent: secret, violation, ...result };
}

/**
 * The client's key for repeated calls, told apart from the same key of another virtual key: all of
 * them are one account to the upstream.
 */
function idempotencyHeader({ call, key }: Outgoing): Record<string, string> {
  const told = call.headers['idempotency-key'];
  return typeof told === 'string' ? { 'idempotency-key': hash('sha256', `${key.id} ${told}`) } : {};
}

type Result = Pick<Attempted, 'answer' | 'opened' | 'errorBody'>;

function watch(call: Call, exchange: Exchange): void {
  const onGone = () => exchange.abort(endingOf(call.signal));
  if (call.signal.aborted) onGone();
  else call.signal.addEventListener('abort', onGone, { once: true });
}

async function success(
  exchange: Exchange,
  { endpoint, pool, request }: Outgoing,
  clock: Clock,
): Promise<Result> {
  const { status } = exchange;
  const head = { phase: 'answered', status, errorCode: null, retryAfterMs: null } as const;
  if (status === 204 || status === 205) return { answer: head, opened: null, errorBody: null };
  const opened = await openAnswer(exchange, {
    endpoint,
    patience: { clock, ms: pool.policy.heartbeatMs },
    isStream: String(request.asked.fields['stream']) === 'true',
  });
  if (opened.form === 'failed') return failed(opened.failure, exchange);
  const isOver = opened.form === 'whole' && opened.failure === null;
  if (isOver && isCut(opened.body, exchange)) return failed('lost', exchange);
  if (opened.form === 'error') {
    exchange.abort('lost');
    const { error, body } = opened;
    const answer = { ...head, status: error.status, errorCode: error.code };
    return { answer, opened: null, errorBody: body };
  }
  const isEmpty = opened.form === 'whole' && opened.body.length === 0 && endpoint.isStructured;
  if (isEmpty === true) return { answer: { ...head, isEmpty }, opened: null, errorBody: null };
  const isUnreadable = opened.form === 'unreadable';
  if (isUnreadable) exchange.abort('lost');
  return { answer: { ...head, isUnreadable }, opened, errorBody: null };
}

/** A body that only the end of its connection ends may be cut, and nobody be told. */
function isCut(body: Buffer, { headers }: Exchange): boolean {
  const isFramed =
    headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  return !isFramed && !isJson(body);
}

async function refusal(exchange: Exchange, member: Member, parts: AttemptParts): Promise<Result> {
  const { status, headers } = exchange;
  const told = retryAfterMs(headers, { status, nowMs: parts.clock.now() });
  const isPage = isHtml(headers);
  const body = await readError(exchange);
  if (!Buffer.isBuffer(body)) return failed(body, exchange);
  const text = body.toString('utf8');
  const errorCode = errorCodeOf(parseObject(text)?.['error']);
  // Some say 400 where others say 401.
  const isDenied = status === 401 || (status === 400 && refusesCredential(member.kind, text));
  const answer = {
    phase: 'answered',
    status: isDenied ? 401 : status,
    errorCode,
    retryAfterMs: told,
    hasToken: member.kind.accessToken !== undefined,
    isPage,
  } as const;
  return { answer, opened: null, errorBody: body };
}

const failed = (failure: Failure, exchange: Exchange): Result => ({
  answer: {
    phase: 'failed',
    failure,
    isSent: exchange.isSent,
    isStale: exchange.isStale,
  },
  opened: null,
  errorBody: null,
});

/** The error body up to the limit; a broken body counts as what of it came. */
function readError(exchange: Exchange): Promise<Buffer | Failure> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let size = 0;
    const finish = () => resolve(Buffer.concat(pieces));
    exchange.consume({
      chunk(bytes) {
        pieces.push(bytes);
        size += bytes.length;
        if (size > ERROR_BODY_BYTES_MAX) exchange.abort('lost');
      },
      end: finish,
      fail: (failure) => (isOfCall(failure) ? resolve(failure) : finish()),
    });
  });
}
