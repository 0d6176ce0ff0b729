import { createSourceEventStream, execute, getOperationAST } from 'graphql';
import type {
  ExecutionArgs,
  ExecutionResult,
  FormattedExecutionResult,
  GraphQLError,
  GraphQLFormattedError,
} from 'graphql';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Logger } from '../lib/logger.ts';
import { createContext } from './context.ts';
import type { Context } from './context.ts';
import { causeOf, codesIn, graphqlError, told } from './errors.ts';
import { beforeDeadline } from './http/deadline.ts';
import type { LiveParts } from './live-operation.ts';
import { NAME_CHARS_MAX } from './operation-metrics.ts';

export type Results = AsyncGenerator<ExecutionResult, void>;

/**
 * Starts a subscription. Each of its events is executed with loaders of its own: what they remember
 * of one event may not be so any more at the next.
 */
export async function subscribe(
  parts: LiveParts,
  args: ExecutionArgs,
): Promise<Results | ExecutionResult> {
  const source = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in source)) {
    note(parts, args, source);
    return source;
  }
  note(parts, args, {});
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
export async function perform(parts: LiveParts, args: ExecutionArgs): Promise<ExecutionResult> {
  const { clock } = parts;
  const startedMs = clock.monotonic();
  const result = await bounded(parts, args).catch((error: unknown): ExecutionResult => {
    const { requestId } = args.contextValue as Context;
    return { errors: [graphqlError(GatewayError.from(error), requestId)] };
  });
  note(parts, args, { ...result, durationMs: clock.monotonic() - startedMs });
  return result;
}

async function bounded(
  { operations, clock }: LiveParts,
  args: ExecutionArgs,
): Promise<ExecutionResult> {
  const operation = new AbortController();
  const { signal } = operation;
  const leave = () => operations.leave(operation);
  operations.enter(operation);
  signal.addEventListener('abort', leave, { once: true });
  const work = async () => await execute(args);
  // It counts until it is over, whenever it is answered.
  return await beforeDeadline(work().finally(leave), { clock, signal });
}

/** One log line for each operation, as those over HTTP have: never with its variables. */
function note(
  { logger, metrics }: LiveParts,
  { document, operationName, contextValue }: ExecutionArgs,
  { errors = [], durationMs }: Pick<ExecutionResult, 'errors'> & { durationMs?: number },
): void {
  const { requestId, actor } = contextValue as Context;
  const asked = getOperationAST(document, operationName);
  const kind = asked?.operation ?? 'unknown';
  const codes = codesIn(errors);
  if (durationMs === undefined) metrics.begun(kind, codes[0] ?? '');
  else metrics.ended(kind, codes[0] ?? '', durationMs / 1000);
  const operation = asked?.name?.value.slice(0, NAME_CHARS_MAX) ?? null;
  const facts = { requestId, actor: actor.name, kind, operation, codes };
  const time = durationMs === undefined ? {} : { durationMs: Math.round(durationMs) };
  logger.info({ ...facts, ...time }, 'graphql operation');
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
