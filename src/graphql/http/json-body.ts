import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GatewayError } from '../../errors/gateway-error.ts';
import { JsonScanError, scanTopLevel } from '../../lib/json-scan.ts';
import { isUtf8 } from './media-types.ts';

/** Variables with an import of credentials are the largest there are. */
export const BODY_BYTES_MAX = 1024 * 1024;

const SHAPE = { depthMax: 64, membersMax: 20_000 };

const CHARSET = /;\s*charset=([^;]*)/i;

/**
 * JSON is the only thing that is read here, as bytes first: bad UTF-8 would be replaced unseen, two
 * members of one name would be two requests to two readers, and an array would be a batch.
 */
export function readJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX },
    (request, bytes, done) => {
      try {
        // oxlint-disable-next-line typescript/no-confusing-void-expression -- Fastify's own signature
        return parse(request, textOf(request, bytes), done);
      } catch (error) {
        return done(error as Error);
      }
    },
  );
}

function textOf({ headers }: FastifyRequest, bytes: Buffer): string {
  const charset = CHARSET.exec(headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !isUtf8(charset)) {
    throw new GatewayError('unsupported_media_type', 'The request body must be UTF-8.');
  }
  if (bytes.length === 0) throw invalid('The request body is empty.');
  assertShape(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid('The request body is not UTF-8.');
  }
}

function assertShape(bytes: Buffer): void {
  try {
    const [twice] = scanTopLevel(bytes, SHAPE).duplicates;
    if (twice !== undefined) throw invalid(`The request body has ${twice} twice.`);
  } catch (error) {
    if (!(error instanceof JsonScanError)) throw error;
    const isBatch = error.reason === 'not_object';
    throw invalid(
      isBatch ? 'The request body must be one JSON object: there are no batches.' : error.message,
    );
  }
}

const invalid = (message: string): GatewayError => new GatewayError('invalid_request', message);
