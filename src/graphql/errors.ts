import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, Kind, print } from 'graphql';
import type { ASTNode, GraphQLFormattedError } from 'graphql';
import { GatewayError } from '../errors/gateway-error.ts';

/** A gateway error as GraphQL tells it: what a client can switch on is in `extensions`. */
export function graphqlError(error: GatewayError, requestId: string): GraphQLError {
  const extensions = extensionsOf(error, requestId);
  return new GraphQLError(error.message, { originalError: error, extensions });
}

/** The same of a place in the document. */
export function graphqlErrorAt(
  error: GatewayError,
  requestId: string,
  node: ASTNode,
): GraphQLError {
  const extensions = extensionsOf(error, requestId);
  return new GraphQLError(error.message, { nodes: node, originalError: error, extensions });
}

const extensionsOf = ({ code, param, row, retryAfterMs }: GatewayError, requestId: string) => ({
  code: code.toUpperCase(),
  ...(param === null ? {} : { param }),
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  retryable: row.retryable,
  requestId,
});

/** GraphQL's own codes of what is wrong with a request; its words about them are safe. */
const OWN_CODES: ReadonlySet<unknown> = new Set([
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

/**
 * What is behind an error of GraphQL: one of the gateway's, or null for GraphQL's own words about
 * the request. Whatever nobody expected is `internal`.
 */
export function causeOf(thrown: unknown): GatewayError | null {
  const cause = unwrapResolverError(thrown);
  if (!(cause instanceof GraphQLError)) return GatewayError.from(cause);
  if (cause.originalError instanceof GatewayError) return cause.originalError;
  return OWN_CODES.has(cause.extensions['code'])
    ? null
    : GatewayError.from(cause.originalError ?? cause);
}

/** The code of each error, each once, in order. */
export const codesIn = (errors: readonly GraphQLError[]): string[] => [
  ...new Set(
    errors.map((error) => {
      const cause = causeOf(error);
      return cause === null ? String(error.extensions['code']) : cause.code.toUpperCase();
    }),
  ),
];

/**
 * What a caller is told of a mistake: GraphQL's own words about the document, ours about everything
 * that is expected to go wrong, and nothing about the rest but the request id to look for in the log.
 */
export function told(
  formatted: GraphQLFormattedError,
  thrown: unknown,
  requestId: string,
): GraphQLFormattedError {
  const cause = causeOf(thrown);
  if (cause === null) {
    const { code } = formatted.extensions ?? {};
    const message = withoutValues(formatted.message, thrown);
    return { ...formatted, message, extensions: { code, retryable: false, requestId } };
  }
  const { message, extensions } = graphqlError(cause, requestId);
  const { locations, path } = formatted;
  return {
    message,
    ...(locations === undefined ? {} : { locations }),
    ...(path === undefined ? {} : { path }),
    extensions,
  };
}

/** Variables that do not fit, in GraphQL's words, without what was in them. */
export const badVariables = (errors: readonly GraphQLError[]): GraphQLError[] =>
  errors.map(({ message, nodes = [], originalError }) => {
    const reason = originalError === undefined ? '' : `; ${originalError.message}`;
    const head = message.slice(0, message.length - reason.length);
    const bare = head.replace(INVALID_VALUE, ' got an invalid value$1');
    const extensions = { code: 'BAD_USER_INPUT' };
    return new GraphQLError(bare + withoutScalar(reason), { nodes, extensions });
  });

/** The value may be anything; where in the variable it is comes last, if it is said. */
const INVALID_VALUE = / got invalid value .*?( at "[^"]*")?$/s;

/** Numbers and truth values are no secrets. */
const SCALAR_VALUE = /( cannot represent [^:]{0,80}: )(?!-?[\d.e+]+$|true$|false$).*$/s;
const ENUM_VALUE = /^(; Value ").*(" does not exist in )/s;

const withoutScalar = (message: string): string =>
  message.replace(SCALAR_VALUE, '$1…').replace(ENUM_VALUE, '$1…$2');

const VALUES: readonly string[] = [Kind.STRING, Kind.LIST, Kind.OBJECT];

/** GraphQL's words about a value, without the value: secrets go in here, and never out. */
function withoutValues(message: string, thrown: unknown): string {
  const [node] = thrown instanceof GraphQLError ? (thrown.nodes ?? []) : [];
  const literal = node !== undefined && VALUES.includes(node.kind) ? print(node) : null;
  return withoutScalar(literal === null ? message : message.replaceAll(literal, '…'));
}
