import {
  GraphQLError,
  createSourceEventStream,
  execute,
  getOperationAST,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type {
  DocumentNode,
  ExecutionArgs,
  ExecutionResult,
  FormattedExecutionResult,
  GraphQLFormattedError,
  GraphQLSchema,
} from 'graphql';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { InFlight } from '../proxy/in-flight.ts';
import type { Actor } from '../services/actor.ts';
import type { ControlPlane } from '../services/control-plane.ts';
import { createContext } from './context.ts';
import type { Context } from './context.ts';
import { causeOf, graphqlError, told } from './errors.ts';
import type { Judge } from './guard/judge.ts';
import { TOKENS_MAX } from './guard/limits.ts';
import { beforeDeadline } from './http/deadline.ts';

export interface LiveParts {
  schema: GraphQLSchema;
  judge: Judge;
  services: ControlPlane;
  clock: Clock;
  logger: Logger;
  /** Queries and mutations under way, over whatever they came. */
  operations: InFlight;
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

export type Results = AsyncGenerator<ExecutionResult, void>;

/**
 * Reads an operation and judges it by the rules that hold for every way in. What comes over a socket
 * or a stream does not pass Apollo: these are the same steps.
 */
export function prepare(parts: LiveParts, wanted: Wanted, asking: Asking): Prepared {
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

/**
 * Starts a subscription. Each of its events is executed with loaders of its own: what they remember
 * of one event may not be so any more at the next.
 */
export async function subscribe(args: ExecutionArgs): Promise<Results | ExecutionResult> {
  const source = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in source)) return source;
  const events = source[Symbol.asyncIterator]();
  const { services, actor, requestId } = args.contextValue as Context;
  const executed = async (rootValue: unknown) =>
    await execute({ ...args, rootValue, contextValue: createContext(services, actor, requestId) });
  const done = { done: true, value: undefined } as const;
  const results: Results = {
    async next() {
      const event = await events.next();
      return event.done === true ? done : { done: false, value: await executed(event.value) };
    },
    // The source has to hear of it while it waits, which a generator around it would prevent.
    async return() {
      await events.return?.();
      return done;
    },
    async throw(error) {
      await events.return?.();
      throw error;
    },
    [Symbol.asyncIterator]: () => results,
    async [Symbol.asyncDispose]() {
      await results.return();
    },
  };
  return results;
}

/** A query or a mutation: one of the few under way at a time, for as long as one may take. */
export async function perform(
  { operations, clock }: LiveParts,
  args: ExecutionArgs,
): Promise<ExecutionResult> {
  const operation = new AbortController();
  const { signal } = operation;
  const leave = () => operations.leave(operation);
  try {
    operations.enter(operation);
    signal.addEventListener('abort', leave, { once: true });
    // It counts until it is over, whenever it is answered.
    const work = Promise.resolve(execute(args)).finally(leave);
    return await beforeDeadline(work, { clock, signal });
  } catch (error) {
    const { requestId } = args.contextValue as Context;
    return { errors: [graphqlError(GatewayError.from(error), requestId)] };
  }
}

/** A result as the caller is told it; what nobody expected is in the log. */
export function shown(
  { errors, ...result }: ExecutionResult,
  requestId: string,
  logger: Logger,
): FormattedExecutionResult {
  return errors === undefined
    ? result
    : { ...result, errors: shownErrors(errors, requestId, logger) };
}

export function shownErrors(
  errors: readonly GraphQLError[],
  requestId: string,
  logger: Logger,
): GraphQLFormattedError[] {
  return errors.map((error) => {
    const cause = causeOf(error);
    if (cause?.row.fault === 'platform') {
      logger.error({ requestId, err: cause.cause ?? cause }, 'operation failed');
    }
    return told(error.toJSON(), error, requestId);
  });
}
