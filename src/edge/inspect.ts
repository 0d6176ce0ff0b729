import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../errors/gateway-error.ts';
import type { ErrorCode } from '../errors/catalogue.ts';

const HEADERS_MAX = 100;

/** Headers that decide how a request is read; a second copy lets two readers see two requests. */
const SINGLE = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'http2-settings',
  'transfer-encoding',
  'upgrade',
  'x-api-key',
]);

/**
 * What a `Connection` header may name; anything else would ask us to drop a header on the way. `TE`
 * never goes further anyway, and libwww-perl always names it.
 */
const CONNECTION_TOKENS = new Set(['close', 'keep-alive', 'te']);

const UPGRADE_TOKENS = new Set([...CONNECTION_TOKENS, 'upgrade']);

const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/**
 * Dot segments, empty segments, backslashes and encoded separators: a path read in two ways. Model
 * names may have a slash, which SDKs encode: there the upstream alone reads it.
 */
const ODD_PATH = /\\|\/\/|\/\.{1,2}(?:\/|$)|%(?:2e|2f|5c|00|0a|0d)/i;

const MODEL_SLASH = /^(\/v1\/models\/[^/%]+)%2f(?=[^/%]+$)/i;

const BODILESS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

/** One thing that must not reach the router, and what its sender is told. */
interface Rule {
  code: ErrorCode;
  message: string;
  isBroken(
    request: IncomingMessage,
    headers: ReadonlyMap<string, string>,
    isUpgrade: boolean,
  ): boolean;
}

const rules: readonly Rule[] = [
  {
    code: 'invalid_request',
    message: 'Only HTTP/1.0 and HTTP/1.1 are spoken here.',
    isBroken: ({ httpVersionMajor }) => httpVersionMajor !== 1,
  },
  {
    code: 'header_fields_too_large',
    message: `A request may have at most ${HEADERS_MAX} headers.`,
    isBroken: ({ rawHeaders }) => rawHeaders.length > HEADERS_MAX * 2,
  },
  {
    code: 'invalid_request',
    message: 'The request target must be a plain path.',
    isBroken: ({ url }) =>
      url === undefined ||
      !url.startsWith('/') ||
      ODD_PATH.test(pathOf(url).replace(MODEL_SLASH, '$1/')) ||
      !isDecodable(pathOf(url)),
  },
  {
    code: 'invalid_request',
    message: 'The request needs one valid Host header.',
    isBroken: ({ httpVersionMinor }, headers) => {
      const host = headers.get('host');
      return host === undefined ? httpVersionMinor === 1 : !HOST.test(host);
    },
  },
  {
    code: 'invalid_request',
    message: 'HTTP/1.0 has no Transfer-Encoding.',
    isBroken: ({ httpVersionMinor }, headers) =>
      httpVersionMinor === 0 && headers.has('transfer-encoding'),
  },
  {
    code: 'invalid_request',
    message: 'This server does not switch protocols here.',
    isBroken: (_request, headers, isUpgrade) =>
      (headers.has('upgrade') && !isUpgrade) || headers.has('http2-settings'),
  },
  {
    code: 'invalid_request',
    message: 'The Connection header names other headers.',
    isBroken: (_request, headers, isUpgrade) => {
      const value = headers.get('connection');
      if (value === undefined) return false;
      const known = isUpgrade ? UPGRADE_TOKENS : CONNECTION_TOKENS;
      return value.split(',').some((token) => !known.has(token.trim().toLowerCase()));
    },
  },
  {
    code: 'expectation_failed',
    message: 'The Expect header asks for something unknown.',
    isBroken: (_request, headers) =>
      (headers.get('expect') ?? '100-continue').toLowerCase() !== '100-continue',
  },
  {
    code: 'invalid_request',
    message: 'The request carries two keys: send Authorization alone.',
    isBroken: (_request, headers) => headers.has('authorization') && headers.has('x-api-key'),
  },
  {
    code: 'unsupported_media_type',
    message: 'Compressed request bodies are not accepted.',
    isBroken: (_request, headers) =>
      (headers.get('content-encoding') ?? 'identity').toLowerCase() !== 'identity',
  },
  {
    code: 'invalid_request',
    message: 'This method takes no body.',
    isBroken: ({ method }, headers) =>
      BODILESS.has(method ?? '') &&
      (headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0),
  },
];

const pathOf = (url: string): string => {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
};

function isDecodable(path: string): boolean {
  if (!path.includes('%')) return true;
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * What is wrong with a request before anything else looks at it: all that Node's parser accepts but
 * two readers could understand differently (trust §5). Null when nothing is.
 * @param isUpgrade whether switching protocols is what the request is for
 */
export function inspect(request: IncomingMessage, isUpgrade = false): GatewayError | null {
  const headers = new Map<string, string>();
  const { rawHeaders } = request;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    if (!SINGLE.has(name)) continue;
    if (headers.has(name)) {
      return new GatewayError('invalid_request', `The header ${name} appears more than once.`, {
        param: name,
      });
    }
    headers.set(name, rawHeaders[at + 1] ?? '');
  }
  const broken = rules.find((rule) => rule.isBroken(request, headers, isUpgrade));
  return broken === undefined ? null : new GatewayError(broken.code, broken.message);
}
