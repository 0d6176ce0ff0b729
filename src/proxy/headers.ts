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
  secret: string,
): Record<string, string> {
  const headers: Record<string, string> = {
    ...member.kind.authorize(secret),
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
    headers['content-length'] = String(call.contentLength + body.grownBy);
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

/** The headers of an answer whose form is known, under whatever label it came. */
export function labelled(headers: Record<string, string>, type: string): Record<string, string> {
  const isRight = headers['content-type']?.toLowerCase().startsWith(type) === true;
  return isRight ? headers : { ...headers, 'content-type': type };
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

export const isHtml = (headers: IncomingHttpHeaders): boolean =>
  (headers['content-type'] ?? '').toLowerCase().startsWith('text/html');
