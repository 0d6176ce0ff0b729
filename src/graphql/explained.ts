import type { RouteNote } from '../entities/call-record.ts';
import { catalogue } from '../errors/catalogue.ts';
import type { ErrorRow } from '../errors/catalogue.ts';
import type { Explanation } from '../services/explain.ts';
import { EXCLUSIONS, whatHappened } from '../services/explanation-texts.ts';
import type { Context } from './context.ts';
import { named } from './named.ts';
import type { RequestExplained, RouteDecision } from './types/request.ts';

/** What a record says in words, beside what it says in numbers. */
export function explained({
  record,
  remote,
}: Pick<Explanation, 'record' | 'remote'>): RequestExplained {
  // Of an older version, a code may be none of ours any more.
  const row = (catalogue as Partial<Record<string, ErrorRow>>)[record.reason];
  return {
    record,
    remote,
    whatHappened: whatHappened(record),
    fault: row?.fault ?? null,
    isRetryable: row?.retryable ?? false,
  };
}

/** Names for the ids of a route. */
export async function routeOf(context: Context, route: RouteNote): Promise<RouteDecision> {
  const { strategy, order, excluded, draws = [], isPanic = false } = route;
  const who = (id: string) => named(context, 'credential', id);
  const left = excluded.map(async ({ credential, reason, untilMs }) => ({
    credential: await who(credential),
    reason,
    why: EXCLUSIONS[reason],
    until: untilMs === undefined ? null : new Date(untilMs),
  }));
  return {
    strategy,
    order: await Promise.all(order.map(who)),
    excluded: await Promise.all(left),
    draws,
    isPanic,
  };
}
