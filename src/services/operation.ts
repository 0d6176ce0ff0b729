import type { EntityManager } from '@mikro-orm/sqlite';
import type { z } from 'zod';
import { GatewayError } from '../errors/gateway-error.ts';
import type { EventDraft, EventLog } from '../events/log.ts';
import type { Clock } from '../lib/clock.ts';
import type { Actor } from './actor.ts';
import { doneOnce } from './done-once.ts';
import { mistakeText } from './mistake-texts.ts';
import { permitChange } from './policy.ts';
import type { Operation } from './policy.ts';

export interface ServiceParts {
  em: EntityManager;
  events: EventLog;
  clock: Clock;
}

/** Adds an event to the commit. */
export type Note = (
  draft: Omit<EventDraft, 'actor' | 'requestId'> & { requestId?: string },
) => void;

/** What is asked for, by whom. */
export interface Asked<S extends z.ZodType> {
  actor: Actor;
  operation: Operation;
  schema: S;
  input: z.input<S>;
  /** What the input is about, as the caller names it, where the input does not say. */
  of?: string;
}

export interface Work<T> {
  wanted: T;
  tx: EntityManager;
  note: Note;
}

/**
 * One operation that changes something, from permission to event: the actor may do it, the input is
 * right, it was not done before under the same mutation id; then the work in a transaction of its
 * own, with its events in the same commit. Secrets in the result are `Secret`s: what is kept for a
 * repetition is the result without them.
 */
export async function perform<S extends z.ZodType, T>(
  parts: ServiceParts,
  { actor, operation, schema, input, of = '' }: Asked<S>,
  work: (work: Work<z.output<S>>) => Promise<T>,
): Promise<T> {
  permitChange(actor, operation);
  const wanted = validated(schema, input);
  return await change(parts, actor, (tx, note) =>
    doneOnce({ tx, actor, operation, input: [of, input], nowMs: parts.clock.now() }, () =>
      work({ wanted, tx, note }),
    ),
  );
}

/**
 * Runs one change: a transaction of its own, its events appended in the same commit, and every
 * subscriber of this process told before the caller hears that it is done.
 */
export async function change<T>(
  { em, events }: ServiceParts,
  actor: Actor,
  work: (tx: EntityManager, note: Note) => Promise<T>,
): Promise<T> {
  const { name, requestId } = actor;
  const by = requestId === undefined ? { actor: name } : { actor: name, requestId };
  const result = await em.fork().transactional(async (tx) => {
    const drafts: EventDraft[] = [];
    const value = await work(tx, (draft) => drafts.push({ ...by, ...draft }));
    events.append(tx, drafts);
    return value;
  });
  await events.caughtUp();
  return result;
}

/** Parsed input, or one error that names every mistake. */
export function validated<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input, { error: mistakeText });
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map((issue) => ({
    field: issue.path.join('.') || 'input',
    text: issue.message,
  }));
  const message = mistakes.map(({ field, text }) => `${field}: ${text}`).join('; ');
  throw new GatewayError('invalid_request', message, {
    param: mistakes[0]?.field ?? 'input',
    mistakes,
  });
}
