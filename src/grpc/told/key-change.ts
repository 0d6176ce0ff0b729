import type { KeyChange } from '../../services/key-changes.ts';
import type { WatchKeysResponse } from '../generated/tollgate/v1/WatchKeysResponse.ts';
import { toldKey } from './key.ts';

export function toldKeyChange(change: KeyChange): WatchKeysResponse {
  const { kind, seq } = change;
  switch (kind) {
    case 'ready':
      return { seq, ready: { keys: change.keys } };
    case 'removed':
      return { seq, removedId: change.id };
    default:
      return { seq, [kind]: toldKey(change.now) };
  }
}
