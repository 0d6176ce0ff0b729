// Original file: protos/tollgate/v1/types.proto

export const KeyStatus = {
  KEY_STATUS_UNSPECIFIED: 'KEY_STATUS_UNSPECIFIED',
  KEY_STATUS_ACTIVE: 'KEY_STATUS_ACTIVE',
  KEY_STATUS_INACTIVE: 'KEY_STATUS_INACTIVE',
  KEY_STATUS_EXPIRED: 'KEY_STATUS_EXPIRED',
  KEY_STATUS_DELETED: 'KEY_STATUS_DELETED',
} as const;

export type KeyStatus =
  | 'KEY_STATUS_UNSPECIFIED'
  | 0
  | 'KEY_STATUS_ACTIVE'
  | 1
  | 'KEY_STATUS_INACTIVE'
  | 2
  | 'KEY_STATUS_EXPIRED'
  | 3
  | 'KEY_STATUS_DELETED'
  | 4

export type KeyStatus__Output = typeof KeyStatus[keyof typeof KeyStatus]
