import type { EntityManager } from '@mikro-orm/sqlite';
import type { z } from 'zod';
import { GatewayError } from '../errors/gateway-error.ts';
import type { EventDraft, EventLog } from '../events/log.ts';
import type { Clock } from '../lib/clock.ts';

/** Who performs an operation; written to the event. */
export type Actor = 'cli' | 'admin' | 'system';

export interface ServiceParts {
  em: EntityManager;
  events: EventLog;
  clock: Clock;
}

/**
 * Runs one change: a transaction of its own, its events appended in the same commit, and every
 * subscriber of this process told before the caller hears that it is done.
 */
export async function change<T>(
  { em, events }: ServiceParts,
  actor: Actor,
  work: (tx: EntityManager, note: (draft: Omit<EventDraft, 'actor'>) => void) => Promise<T>,
): Promise<T> {
  const result = await em.fork().transactional(async (tx) => {
    const drafts: EventDraft[] = [];
    const value = await work(tx, (draft) => drafts.push({ ...draft, actor }));
    events.append(tx, drafts);
    return value;
  });
  await events.caughtUp();
  return result;
}

/** Parsed input, or one error that names every mistake. */
export function validated<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map(
    (issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`,
  );
  const [first] = parsed.error.issues;
  throw new GatewayError('invalid_request', mistakes.join('; '), {
    param: first?.path.join('.') ?? '',
  });
}
