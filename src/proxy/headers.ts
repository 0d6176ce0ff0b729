import type { IncomingHttpHeaders } from 'node:http';
import type { Member } from '../pool/member.ts';
import type { Call } from './call.ts';
import type { OutgoingBody } from './read-request.ts';

/** Client headers that may go upstream; the credential's own are added, all else stays here. */
const UPSTREAM_HEADERS = [
  'content-type',
  'accept',
  'openai-beta',
  'anthropic-version',
  'anthropic-beta',
  'idempotency-key',
];

/** Upstream headers a client may see; the rest is about our account or our connection. */
const CLIENT_HEADERS = [
  'content-type',
  'content-disposition',
  'openai-model',
  'openai-processing-ms',
  'openai-version',
];

const USER_AGENT = 'tollgate/0.1';

/**
 * Headers of an upstream call. Compression is refused: usage could not be read from it. Our request
 * id goes along, so that both sides' logs can be joined.
 */
export function upstreamHeaders(
  call: Call,
  member: Member,
  body: OutgoingBody,
): Record<string, string> {
  const headers: Record<string, string> = {
    ...member.kind.authorize(member.secret.reveal()),
    'user-agent': USER_AGENT,
    'accept-encoding': 'identity',
    'x-request-id': call.id,
  };
  for (const name of UPSTREAM_HEADERS) copy(call.headers, name, headers);
  for (const prefix of member.kind.clientHeaderPrefixes ?? []) {
    for (const name of Object.keys(call.headers)) {
      if (name.startsWith(prefix)) copy(call.headers, name, headers);
    }
  }
  if (body.kind === 'stream' && call.contentLength !== null) {
    headers['content-length'] = String(call.contentLength);
  }
  return headers;
}

/** Headers of the client's answer. */
export function clientHeaders(call: Call, upstream: IncomingHttpHeaders): Record<string, string> {
  const headers: Record<string, string> = { 'x-request-id': call.id };
  for (const name of CLIENT_HEADERS) copy(upstream, name, headers);
  const upstreamId = upstream['x-request-id'];
  if (typeof upstreamId === 'string' && isVisible(upstreamId)) {
    headers['x-upstream-request-id'] = upstreamId;
  }
  return headers;
}

function copy(
  from: Readonly<Record<string, string | string[] | undefined>>,
  name: string,
  to: Record<string, string>,
): void {
  const value = from[name];
  if (typeof value === 'string' && isVisible(value)) to[name] = value;
}

/** Visible ASCII and blanks only: nothing that could end a header early. */
const isVisible = (value: string): boolean => /^[\x20-\x7e\t]*$/.test(value);

/** `Retry-After` as milliseconds from now: seconds or an HTTP date (RFC 9110 §10.2.3), or `retry-after-ms`. */
export function retryAfterMs(headers: IncomingHttpHeaders, nowMs: number): number | null {
  const exact = Number(headers['retry-after-ms'] ?? Number.NaN);
  if (Number.isFinite(exact) && exact >= 0) return exact;
  const text = headers['retry-after'];
  if (typeof text !== 'string') return null;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}
