import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError } from 'graphql';
import type { GraphQLFormattedError } from 'graphql';
import { GatewayError } from '../errors/gateway-error.ts';

/** A gateway error as GraphQL tells it: what a client can switch on is in `extensions`. */
export function graphqlError(error: GatewayError, requestId: string): GraphQLError {
  const { code, param, row, retryAfterMs } = error;
  return new GraphQLError(error.message, {
    originalError: error,
    extensions: {
      code: code.toUpperCase(),
      ...(param === null ? {} : { param }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      retryable: row.retryable,
      requestId,
    },
  });
}

/**
 * What a caller is told of a mistake: GraphQL's own words about the document, ours about everything
 * that is expected to go wrong, and nothing about the rest but the request id to look for in the log.
 */
export function told(
  formatted: GraphQLFormattedError,
  thrown: unknown,
  requestId: string,
): GraphQLFormattedError {
  const cause = unwrapResolverError(thrown);
  const isGraphqls = cause instanceof GraphQLError && cause.originalError === undefined;
  if (isGraphqls && formatted.extensions?.['code'] !== 'INTERNAL_SERVER_ERROR') {
    return { ...formatted, extensions: { ...formatted.extensions, requestId } };
  }
  const original = cause instanceof GraphQLError ? (cause.originalError ?? cause) : cause;
  const { message, extensions } = graphqlError(GatewayError.from(original), requestId);
  const { locations, path } = formatted;
  return {
    message,
    ...(locations === undefined ? {} : { locations }),
    ...(path === undefined ? {} : { path }),
    extensions,
  };
}
