import DataLoader from 'dataloader';
import type { User } from '../entities/user.ts';
import { SYSTEM } from '../services/actor.ts';
import type { ControlPlane } from '../services/control-plane.ts';

/** Batched lookups of one operation, so that a list of n things takes one statement and not n. */
export interface Loaders {
  user: DataLoader<string, User | null>;
}

/** What is looked up here belongs to things that the actor was shown. */
export function createLoaders({ users }: ControlPlane): Loaders {
  return {
    user: new DataLoader(async (ids) => inOrder(ids, await users.list(SYSTEM))),
  };
}

function inOrder<T extends { id: string }>(ids: readonly string[], rows: T[]): (T | null)[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}
