import type { ErrorCode } from '../errors/catalogue.ts';
import { GatewayError } from '../errors/gateway-error.ts';

/** Statuses of Fastify's own refusals that mean more than a bad request. */
const REFUSALS: Readonly<Record<number, readonly [code: ErrorCode, message: string]>> = {
  413: ['payload_too_large', 'The request body is too large.'],
  415: ['unsupported_media_type', 'Unsupported media type.'],
};

/** Fastify's own refusals carry a status; anything else unknown is ours to answer for. */
export function fromFramework(thrown: unknown): GatewayError {
  const { statusCode } = thrown as { statusCode?: unknown };
  if (thrown instanceof GatewayError || typeof statusCode !== 'number' || statusCode >= 500) {
    return GatewayError.from(thrown);
  }
  const [code, message] = REFUSALS[statusCode] ?? ['invalid_request', 'The request is not valid.'];
  return new GatewayError(code, message);
}
