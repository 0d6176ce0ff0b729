import { GatewayError } from '../errors/gateway-error.ts';
import type { Member } from '../pool/member.ts';
import type { Exchange } from './exchange.ts';
import type { Admitted, DataPlane } from './handle.ts';
import { clientHeaders } from './headers.ts';
import { settleDelivered } from './settle.ts';
import { isObject, parseObject } from './usage-readers.ts';

/**
 * Gives the upstream's own answer back to a client whose request was at fault: verbatim when it is
 * an OpenAI error object that does not quote our credential, else in our words.
 */
export async function handBack(
  admitted: Admitted,
  { exchange, member, body }: { exchange: Exchange; member: Member; body: Buffer | null },
  plane: DataPlane,
): Promise<void> {
  const { call, ticket } = admitted;
  const { status } = exchange;
  if (body === null || !isSafe(body, member)) {
    throw new GatewayError(
      status === 404 ? 'not_found' : 'invalid_request',
      `The upstream refused the request with status ${status}.`,
    );
  }
  await ticket.durable;
  const headers = clientHeaders(call, exchange.headers);
  headers['content-type'] = 'application/json';
  headers['content-length'] = String(body.length);
  headers['x-should-retry'] = 'false';
  call.sink.head(status, headers);
  call.sink.end(body);
  const reason = `upstream_${status}`;
  const nothing = { usage: null, usageSource: 'none', isStream: false } as const;
  settleDelivered(admitted, member, { status, outcome: 'voided', reason, ...nothing }, plane);
}

function isSafe(body: Buffer, member: Member): boolean {
  const text = body.toString('utf8');
  if (text.includes(member.secret.reveal())) return false;
  return isObject(parseObject(text)?.['error']);
}
