// Original file: protos/tollgate/v1/usage_service.proto

export const ExpiryAction = {
  EXPIRY_ACTION_UNSPECIFIED: 'EXPIRY_ACTION_UNSPECIFIED',
  EXPIRY_ACTION_CHARGE: 'EXPIRY_ACTION_CHARGE',
  EXPIRY_ACTION_RELEASE: 'EXPIRY_ACTION_RELEASE',
} as const;

export type ExpiryAction =
  | 'EXPIRY_ACTION_UNSPECIFIED'
  | 0
  | 'EXPIRY_ACTION_CHARGE'
  | 1
  | 'EXPIRY_ACTION_RELEASE'
  | 2

export type ExpiryAction__Output = typeof ExpiryAction[keyof typeof ExpiryAction]
