import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../errors/gateway-error.ts';

/** Where the build puts it, seen from the source and from what that is compiled to. */
const BUILT = import.meta.url.endsWith('.ts') ? '../../dist/playground' : '../../playground';

const PAGE = 'index.html';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
};

/** The page may load and reach what is ours, and nothing else; nobody may frame it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  // The editor positions every line, and sets the colours of its theme, with styles made as it runs.
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "img-src 'self' data:",
  // Web sockets of the same origin are meant by this too (CSP 3).
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
};

export interface PlaygroundOptions {
  /** Holds the built files; that of the product's own build unless given. */
  directory?: string;
}

/**
 * GraphiQL from files of ours. They are read once: names that a request gives are looked up, never
 * opened. The page finds everything, `/graphql` included, relative to itself.
 */
export function playgroundPlugin(
  app: FastifyInstance,
  { directory = fileURLToPath(new URL(BUILT, import.meta.url)) }: PlaygroundOptions,
  done: () => void,
): void {
  const files = readFiles(directory);
  app.addHook('onRequest', (_request, reply, next) => {
    reply.headers(HEADERS);
    next();
  });

  app.get('/playground', (_request, reply) => reply.redirect('playground/'));

  app.get<{ Params: { '*': string } }>('/playground/*', async (request, reply) => {
    const name = request.params['*'] === '' ? PAGE : request.params['*'];
    const zipped = files.get(name);
    if (zipped === undefined) throw missing(name, files.size > 0);
    reply
      .type(TYPES[extname(name)] ?? 'application/octet-stream')
      // Every name but the page's holds a hash of the content.
      .header('cache-control', name === PAGE ? 'no-cache' : 'public, max-age=31536000, immutable')
      .header('vary', 'accept-encoding');
    if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return await unzip(zipped);
    return reply.header('content-encoding', 'gzip').send(zipped);
  });

  done();
}

const unzip = promisify(gunzip);

function missing(name: string, isBuilt: boolean): GatewayError {
  return new GatewayError(
    'not_found',
    isBuilt
      ? `The playground has no file ${name}.`
      : 'The playground is not built: run `npm run build` where its build tools are installed (`npm ci`), and start again.',
  );
}

/** Compressed they stay: that is what browsers ask for, and a quarter of the memory. */
function readFiles(directory: string): ReadonlyMap<string, Buffer> {
  if (!existsSync(directory)) return new Map();
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return new Map(
    names
      .filter((name) => name.endsWith('.gz'))
      .map((name) => [
        name.slice(0, -'.gz'.length).replaceAll('\\', '/'),
        readFileSync(join(directory, name)),
      ]),
  );
}
