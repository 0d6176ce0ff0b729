// Original file: protos/tollgate/v1/types.proto

export const Scope = {
  SCOPE_UNSPECIFIED: 'SCOPE_UNSPECIFIED',
  SCOPE_KEY: 'SCOPE_KEY',
  SCOPE_TEAM: 'SCOPE_TEAM',
  SCOPE_USER: 'SCOPE_USER',
  SCOPE_POOL: 'SCOPE_POOL',
} as const;

export type Scope =
  | 'SCOPE_UNSPECIFIED'
  | 0
  | 'SCOPE_KEY'
  | 1
  | 'SCOPE_TEAM'
  | 2
  | 'SCOPE_USER'
  | 3
  | 'SCOPE_POOL'
  | 4

export type Scope__Output = typeof Scope[keyof typeof Scope]
