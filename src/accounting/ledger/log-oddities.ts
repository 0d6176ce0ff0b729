import type { Logger } from '../../lib/logger.ts';
import type { Applied } from './apply.ts';

/** Tells of what a commit was asked for and did not do. */
export function logOddities(logger: Logger, applied: Applied): void {
  const { repeats, strays, refusedSettlements, refusedRemote } = applied;
  if (repeats > 0) logger.warn({ repeats }, 'repeated settlements');
  if (strays.length > 0) logger.error({ strays }, 'settlements without a hold were dropped');
  for (const { id, reason } of refusedSettlements)
    logger.error({ requestId: id, reason }, 'settlement refused: its hold stays until a restart');
  for (const { id, reason } of refusedRemote)
    logger.error({ requestId: id, reason }, 'write for another service refused');
}
