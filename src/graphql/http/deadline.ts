import { GatewayError } from '../../errors/gateway-error.ts';
import type { Clock } from '../../lib/clock.ts';

/** Queries and mutations that take longer are answered so. */
export const OPERATION_MS_MAX = 30_000;

/**
 * What the work gives, unless the time is up or the server stops waiting. The work itself goes on: a
 * change that has begun is made.
 */
export async function beforeDeadline<T>(
  work: Promise<T>,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<T> {
  const { promise: end, reject } = Promise.withResolvers<never>();
  const timer = clock.after(OPERATION_MS_MAX, () => reject(tooLong()));
  const onAbort = () => reject(new GatewayError('draining', 'The server is stopping. Try again.'));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, end]);
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
  }
}

const tooLong = () =>
  new GatewayError(
    'operation_timeout',
    `The operation took longer than ${OPERATION_MS_MAX / 1000} seconds. A change that it began may still be made: ask again with the same clientMutationId.`,
  );
