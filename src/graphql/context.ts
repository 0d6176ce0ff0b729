import type { Actor } from '../services/actor.ts';
import type { ControlPlane } from '../services/control-plane.ts';
import { createLoaders } from './loaders.ts';
import type { Loaders } from './loaders.ts';

/** What every resolver is given, made anew for each operation. */
export interface Context {
  actor: Actor;
  services: ControlPlane;
  loaders: Loaders;
  requestId: string;
}

export const createContext = (
  services: ControlPlane,
  actor: Actor,
  requestId: string,
): Context => ({
  actor: { ...actor, requestId },
  services,
  loaders: createLoaders(services, actor),
  requestId,
});

/** The actor of a change that the caller has given an id, so that it is made once. */
export const doing = ({ actor }: Context, mutationId: string | undefined): Actor =>
  mutationId === undefined ? actor : { ...actor, mutationId };
