import type { EntityManager } from '@mikro-orm/sqlite';
import { Event } from '../entities/event.ts';
import { Pool } from '../entities/pool.ts';
import { VirtualKey } from '../entities/virtual-key.ts';
import { GatewayError } from '../errors/gateway-error.ts';

/** No hash has a colon in it, so no secret opens a tombstone. */
const buriedAs = ({ id }: VirtualKey): string => `deleted:${id}:`;

/** Leaves of a key what keeps its history a name, and what it can be restored from. */
export function bury(row: VirtualKey, now: Date): void {
  Object.assign(row, {
    hash: `${buriedAs(row)}${row.hash}`,
    previousHash: null,
    previousUntil: null,
    isActive: false,
    deletedAt: now,
    updatedAt: now,
  });
}

/**
 * Makes a deleted key what it was, with the secret it had then: one that was switched off stays so.
 * What its last rotation still let work is over.
 */
export async function unbury(tx: EntityManager, row: VirtualKey, now: Date): Promise<void> {
  if (row.deletedAt === null) throw conflict(`Key ${row.id} is not deleted.`);
  const start = buriedAs(row);
  const hash = row.hash.startsWith(start) ? row.hash.slice(start.length) : '';
  if (hash === '') {
    throw conflict('What this key was opened by was not kept when it was deleted. Make a new one.');
  }
  if (await tx.findOne(VirtualKey, { $or: [{ hash }, { previousHash: hash }] })) {
    throw conflict("What this key was opened by is another key's now. Make a new one.");
  }
  if ((await tx.findOne(Pool, { id: row.poolId })) === null) {
    throw conflict('The pool of this key is gone. Make a new one in another pool.');
  }
  const isActive = await wasActive(tx, row);
  Object.assign(row, { hash, isActive, deletedAt: null, updatedAt: now });
}

/** As the event tells that was written with its deletion. */
async function wasActive(tx: EntityManager, { id }: VirtualKey): Promise<boolean> {
  const where = { type: 'virtual_key.deleted', subject: id };
  const [event] = await tx.find(Event, where, { orderBy: { seq: 'desc' }, limit: 1 });
  const { isActive = true } = (event?.before ?? {}) as { isActive?: boolean };
  return isActive;
}

const conflict = (message: string): GatewayError =>
  new GatewayError('conflict', message, { param: 'id' });
