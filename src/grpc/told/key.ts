import type { VirtualKeyStatus } from '../../entities/virtual-key.ts';
import type { KeyNow } from '../../services/key-now.ts';
import type { Key } from '../generated/tollgate/v1/Key.ts';
import type { KeyStatus__Output } from '../generated/tollgate/v1/KeyStatus.ts';
import { given } from './given.ts';
import { toldTime } from './time.ts';

const STATUSES = {
  active: 'KEY_STATUS_ACTIVE',
  inactive: 'KEY_STATUS_INACTIVE',
  expired: 'KEY_STATUS_EXPIRED',
  deleted: 'KEY_STATUS_DELETED',
} as const satisfies Record<VirtualKeyStatus, KeyStatus__Output>;

/** All but its secret and what that is told by. */
export function toldKey({ key, status }: KeyNow): Key {
  const { hint, createdAt, allowedModels, allowedEndpoints, metadata } = key.facts;
  const own = key.limits.find(({ scope }) => scope === 'key');
  return {
    id: key.id,
    name: key.name,
    hint,
    poolId: key.poolId,
    userId: key.userId,
    teamId: key.teamId,
    status: STATUSES[status],
    createdAt: toldTime(createdAt.getTime()),
    expiresAt: toldTime(key.expiresAt?.getTime() ?? null),
    ...given({ rpmLimit: own?.rpm, tpmLimit: own?.tpm, concurrencyLimit: own?.concurrency }),
    allowedModels: [...(allowedModels ?? [])],
    restrictsModels: allowedModels !== null,
    allowedEndpoints: [...(allowedEndpoints ?? [])],
    restrictsEndpoints: allowedEndpoints !== null,
    metadataJson: JSON.stringify(metadata),
  };
}
