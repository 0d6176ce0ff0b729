import type { Clock } from '../lib/clock.ts';
import type { Member } from '../pool/member.ts';
import type { Pool } from '../pool/pool.ts';
import type { Call } from './call.ts';
import type { Exchange, Failure } from './exchange.ts';
import { retryAfterMs, upstreamHeaders } from './headers.ts';
import type { OutgoingBody } from './read-request.ts';
import type { Transport } from './transport.ts';
import { isObject, parseObject } from './usage-readers.ts';
import type { Answer } from './verdict.ts';

export interface Attempted {
  exchange: Exchange;
  answer: Answer;
  /** Body of an error answer, cut at the limit; null for answers that are to be delivered. */
  errorBody: Buffer | null;
}

/** Reasons of the call's signal that are not the client's doing. */
const endings: Record<string, Failure> = { deadline: 'deadline', draining: 'draining' };

const ERROR_BODY_BYTES_MAX = 64 * 1024;

/** One upstream call with one credential, up to its head; an error answer is read to its end. */
export async function attempt(
  call: Call,
  member: Member,
  outgoing: { body: OutgoingBody; pool: Pool },
  parts: { transport: Transport; clock: Clock },
): Promise<Attempted> {
  const exchange = parts.transport.send(member, {
    method: call.method,
    path: call.path + call.query,
    headers: upstreamHeaders(call, member, outgoing.body),
    body: outgoing.body,
    timeouts: outgoing.pool.policy.timeouts,
  });
  const onGone = () => exchange.abort(endings[String(call.signal.reason)] ?? 'client_gone');
  if (call.signal.aborted) onGone();
  else call.signal.addEventListener('abort', onGone, { once: true });

  const failure = await exchange.answered;
  const violation = outgoing.body.kind === 'stream' ? outgoing.body.rest.violation : null;
  if (failure !== null && violation !== null) throw violation;
  if (failure !== null) return { exchange, answer: failed(failure, exchange), errorBody: null };
  const { status, headers } = exchange;
  const head = {
    phase: 'answered',
    status,
    retryAfterMs: retryAfterMs(headers, parts.clock.now()),
  } as const;
  if (status < 300) return { exchange, answer: { ...head, errorCode: null }, errorBody: null };
  const body = await readError(exchange);
  if (!Buffer.isBuffer(body)) return { exchange, answer: failed(body, exchange), errorBody: null };
  return { exchange, answer: { ...head, errorCode: errorCode(body) }, errorBody: body };
}

/** Ended by us rather than by the upstream: what came of the body does not matter. */
const isOurs = (failure: Failure) =>
  failure === 'client_gone' || failure === 'deadline' || failure === 'draining';

const failed = (failure: Failure, exchange: Exchange): Answer => ({
  phase: 'failed',
  failure,
  isSent: exchange.isSent,
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
      fail: (failure) => (isOurs(failure) ? resolve(failure) : finish()),
    });
  });
}

function errorCode(body: Buffer): string | null {
  const error = parseObject(body.toString('utf8'))?.['error'];
  if (!isObject(error)) return null;
  const { code, type } = error;
  return typeof code === 'string' ? code : typeof type === 'string' ? type : null;
}
