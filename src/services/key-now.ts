import { statusOf } from '../entities/virtual-key.ts';
import type { VirtualKeyStatus } from '../entities/virtual-key.ts';
import type { IndexedKey, KeyIndex } from './key-index.ts';

/** A key with what it is at this moment. */
export interface KeyNow {
  readonly key: IndexedKey;
  /** Also `inactive` where its owner or its team is switched off, which goes before `expired`. */
  readonly status: VirtualKeyStatus;
}

export function keyNow(keys: KeyIndex, key: IndexedKey, nowMs: number): KeyNow {
  const own = statusOf(key, nowMs);
  if (own === 'deleted' || own === 'inactive') return { key, status: own };
  const { isActive, deletedAt, userId, teamId } = key;
  const lasting = { isActive, deletedAt, userId, teamId, expiresAt: null };
  return { key, status: keys.isActive(lasting, nowMs) ? own : 'inactive' };
}
