import type { ServiceDefinition } from '@grpc/grpc-js';
import { hasMoreFields } from './wire.ts';

/** More than any question of the contract can have, its lists included. */
export const FIELDS_MAX = 250;

/** In place of a message that is not read: two bytes of it would make an object each. */
export const TOO_MANY_FIELDS = Symbol('too many fields');

/** The service with messages that are looked at before they are decoded. */
export function bounded(definition: ServiceDefinition): ServiceDefinition {
  const methods = Object.entries(definition).map(([name, method]) => {
    const requestDeserialize = (bytes: Buffer): unknown =>
      hasMoreFields(bytes, FIELDS_MAX) ? TOO_MANY_FIELDS : method.requestDeserialize(bytes);
    return [name, { ...method, requestDeserialize }] as const;
  });
  return Object.fromEntries(methods);
}
