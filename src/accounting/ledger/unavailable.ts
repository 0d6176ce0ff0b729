import { GatewayError } from '../../errors/gateway-error.ts';

/** The store fails, or is closed. */
export const unavailable = (cause?: string): GatewayError =>
  new GatewayError(
    'storage_unavailable',
    'The ledger cannot be written. No call is served without it.',
    { retryAfterMs: 1000, cause },
  );

/** Too much waits for the store. */
export const overloaded = (): GatewayError =>
  new GatewayError('overloaded', 'The ledger is not keeping up. Try again shortly.', {
    retryAfterMs: 1000,
  });
