import type { FilterQuery } from '@mikro-orm/sqlite';
import type { Ban } from '../entities/ban.ts';

export const OLDEST_BAN_FIRST = { orderBy: { startedAtMs: 'asc', id: 'asc' } } as const;

/** Of bans in force. A confirmed one whose time is over is, until its provider has said otherwise. */
export const inForce = (nowMs: number): FilterQuery<Ban> => ({
  endedAtMs: null,
  $or: [{ untilMs: null }, { untilMs: { $gt: nowMs } }, { reason: 'unauthorized' }],
});

/** What an event says of a ban. */
export const banFacts = ({ id, model, untilMs, reason, evidence }: Ban) => ({
  ban: id,
  model,
  until: untilMs === null ? null : new Date(untilMs).toISOString(),
  reason,
  note: evidence.note ?? null,
});
