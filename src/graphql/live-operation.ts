import { GraphQLError, getOperationAST, parse, specifiedRules, validate } from 'graphql';
import type { DocumentNode, ExecutionArgs, GraphQLSchema } from 'graphql';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { InFlight } from '../proxy/in-flight.ts';
import type { Actor } from '../services/actor.ts';
import type { ControlPlane } from '../services/control-plane.ts';
import { createContext } from './context.ts';
import { codesIn, graphqlError } from './errors.ts';
import type { Judge } from './guard/judge.ts';
import { TOKENS_MAX } from './guard/limits.ts';
import type { OperationMetrics } from './operation-metrics.ts';

export interface LiveParts {
  schema: GraphQLSchema;
  judge: Judge;
  services: ControlPlane;
  clock: Clock;
  logger: Logger;
  /** Queries and mutations under way, over whatever they came. */
  operations: InFlight;
  metrics: OperationMetrics;
}

/** What is asked for over a socket or a stream. */
export interface Wanted {
  query: string;
  operationName?: string | null | undefined;
  variables?: Record<string, unknown> | null | undefined;
}

/** Who asks, and by which request. */
export interface Asking {
  actor: Actor;
  requestId: string;
}

/** An operation that may be executed, or why it may not. */
export type Prepared = { args: ExecutionArgs } | { errors: readonly GraphQLError[] };

/**
 * Reads an operation and judges it by the rules that hold for every way in. What comes over a socket
 * or a stream does not pass Apollo: these are the same steps.
 */
export function prepare(parts: LiveParts, wanted: Wanted, asking: Asking): Prepared {
  const prepared = guarded(parts, wanted, asking);
  if ('errors' in prepared) {
    const codes = codesIn(prepared.errors);
    parts.metrics.begun('unknown', codes[0] ?? '');
    const { requestId, actor } = asking;
    parts.logger.info({ requestId, actor: actor.name, codes }, 'graphql operation refused');
  }
  return prepared;
}

function guarded(parts: LiveParts, wanted: Wanted, asking: Asking): Prepared {
  try {
    return judged(parts, wanted, asking);
  } catch (error) {
    // One operation that fails is not the end of the others on its socket.
    return { errors: [graphqlError(GatewayError.from(error), asking.requestId)] };
  }
}

function judged(
  { schema, judge, services }: LiveParts,
  { query, operationName, variables }: Wanted,
  { actor, requestId }: Asking,
): Prepared {
  const document = read(query);
  if (document instanceof GraphQLError) return { errors: [document] };
  const broken = validate(schema, document, specifiedRules).map((error) =>
    coded(error, 'GRAPHQL_VALIDATION_FAILED'),
  );
  if (broken.length > 0) return { errors: broken };
  if (!getOperationAST(document, operationName)) {
    const message =
      'Say by `operationName` which operation of the document is meant, unless it has one.';
    const extensions = { code: 'OPERATION_RESOLUTION_FAILURE' };
    return { errors: [new GraphQLError(message, { extensions })] };
  }
  const context = createContext(services, actor, requestId);
  const errors = judge({ document, operationName, variables, actor: context.actor });
  if (errors.length > 0) return { errors };
  const args = { schema, document, operationName, contextValue: context };
  return { args: { ...args, variableValues: variables ?? {} } };
}

function read(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query, { maxTokens: TOKENS_MAX });
  } catch (error) {
    return coded(error as GraphQLError, 'GRAPHQL_PARSE_FAILED');
  }
}

const coded = ({ message, nodes, source, positions }: GraphQLError, code: string): GraphQLError =>
  new GraphQLError(message, {
    ...(nodes === undefined ? {} : { nodes }),
    ...(source === undefined ? {} : { source }),
    ...(positions === undefined ? {} : { positions }),
    extensions: { code },
  });
