import { HeaderMap } from '@apollo/server';
import type { ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { OperationTypeNode, getOperationAST } from 'graphql';
import type { DocumentNode, GraphQLError } from 'graphql';
import { GatewayError } from '../../errors/gateway-error.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Context } from '../context.ts';
import { causeOf, codesIn, graphqlError, told } from '../errors.ts';
import type { Judge } from '../guard/judge.ts';
import { NAME_CHARS_MAX } from '../operation-metrics.ts';
import type { OperationMetrics } from '../operation-metrics.ts';
import { mediaTypeFor } from './media-types.ts';

/** Everything that Apollo would do besides answering, such as reporting to its makers. */
export const nothingElse: ApolloServerPlugin<Context>[] = [
  ApolloServerPluginLandingPageDisabled(),
  ApolloServerPluginUsageReportingDisabled(),
  ApolloServerPluginSchemaReportingDisabled(),
  ApolloServerPluginInlineTraceDisabled(),
  ApolloServerPluginCacheControlDisabled(),
];

/** Refuses what the judge has something against, with all of it. */
export const judging = (judge: Judge): ApolloServerPlugin<Context> => ({
  async requestDidStart() {
    return {
      async responseForOperation(asked) {
        const { document, request, contextValue } = asked;
        const { actor, requestId } = contextValue;
        const errors = isSubscription(document, request.operationName)
          ? [graphqlError(notHere(), requestId)]
          : judge({ document, ...request, actor });
        if (errors.length === 0) return null;
        // As if Apollo had found them: what is logged and counted looks here.
        Object.assign(asked, { errors });
        const formatted = errors.map((error) => told(error.toJSON(), error, requestId));
        return {
          http: { headers: new HeaderMap() },
          body: { kind: 'single' as const, singleResult: { errors: formatted } },
        };
      },
    };
  },
});

const isSubscription = (document: DocumentNode, name: string | undefined): boolean =>
  getOperationAST(document, name)?.operation === OperationTypeNode.SUBSCRIPTION;

const notHere = () =>
  new GatewayError(
    'invalid_request',
    'Subscriptions are served at this path over WebSocket (graphql-transport-ws), or with `accept: text/event-stream` as server-sent events.',
  );

const NO_REQUEST: ReadonlySet<unknown> = new Set(['BAD_REQUEST', 'PERSISTED_QUERY_NOT_SUPPORTED']);

/** The status that the specification wants of an answer of this type. */
export const statuses: ApolloServerPlugin<Context> = {
  async requestDidStart() {
    return {
      async willSendResponse({ request, response, operation, errors }) {
        const { http, body } = response;
        const isExecuted = body.kind !== 'single' || body.singleResult.data !== undefined;
        // A change asked for by GET stays what Apollo made of it.
        if (isExecuted || http.status === 405) return;
        const [first] = errors ?? [];
        const isPlain = mediaTypeFor(request.http?.headers.get('accept')) === 'application/json';
        // No request of GraphQL at all, or none for this way of asking.
        const isMisplaced =
          NO_REQUEST.has(first?.extensions['code']) ||
          operation?.operation === OperationTypeNode.SUBSCRIPTION;
        http.status = isPlain && !isMisplaced ? 200 : statusOf(first);
      },
    };
  },
};

const statusOf = (error: GraphQLError | undefined): number =>
  (error === undefined ? null : causeOf(error))?.row.http ?? 400;

export interface JournalParts {
  clock: Clock;
  logger: Logger;
  metrics: OperationMetrics;
}

/** One log line for each operation, never with its variables, and one for each error nobody expected. */
export const journal = ({ clock, logger, metrics }: JournalParts): ApolloServerPlugin<Context> => ({
  async requestDidStart() {
    const startedMs = clock.monotonic();
    return {
      async willSendResponse(asked) {
        const { requestId, actor } = asked.contextValue;
        const durationMs = clock.monotonic() - startedMs;
        const kind = asked.operation?.operation ?? 'unknown';
        const codes = codesIn(asked.errors ?? []);
        metrics.ended(kind, codes[0] ?? '', durationMs / 1000);
        const operation = asked.operation?.name?.value.slice(0, NAME_CHARS_MAX) ?? null;
        const facts = { requestId, actor: actor.name, kind, operation, codes };
        logger.info({ ...facts, durationMs: Math.round(durationMs) }, 'graphql operation');
        for (const error of asked.errors ?? []) {
          const cause = causeOf(error);
          if (cause?.row.fault !== 'platform') continue;
          const err = cause.cause ?? cause;
          logger.error({ requestId, path: error.path, err }, 'graphql operation failed');
        }
      },
    };
  },
});
