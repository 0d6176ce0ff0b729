import { UniqueConstraintViolationException } from '@mikro-orm/core';
import { GatewayError } from '../errors/gateway-error.ts';

/** The store decides whether a name is free: of two that want it at once, one gets it. */
export async function claimingName<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof UniqueConstraintViolationException)) throw error;
    throw new GatewayError('conflict', `Another ${what} has this name already.`, {
      param: 'name',
      cause: error,
    });
  }
}
