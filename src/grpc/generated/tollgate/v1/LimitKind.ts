// Original file: protos/tollgate/v1/types.proto

export const LimitKind = {
  LIMIT_KIND_UNSPECIFIED: 'LIMIT_KIND_UNSPECIFIED',
  LIMIT_KIND_REQUESTS: 'LIMIT_KIND_REQUESTS',
  LIMIT_KIND_TOKENS: 'LIMIT_KIND_TOKENS',
  LIMIT_KIND_CONCURRENCY: 'LIMIT_KIND_CONCURRENCY',
} as const;

export type LimitKind =
  | 'LIMIT_KIND_UNSPECIFIED'
  | 0
  | 'LIMIT_KIND_REQUESTS'
  | 1
  | 'LIMIT_KIND_TOKENS'
  | 2
  | 'LIMIT_KIND_CONCURRENCY'
  | 3

export type LimitKind__Output = typeof LimitKind[keyof typeof LimitKind]
