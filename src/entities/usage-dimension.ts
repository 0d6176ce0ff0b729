/** What usage can be told apart by, and the column of records and roll-ups that says so. */
export const USAGE_DIMENSIONS = {
  key: 'key_id',
  team: 'team_id',
  user: 'user_id',
  pool: 'pool_id',
  model: 'model',
  endpoint: 'endpoint',
  credential: 'credential_id',
} as const;

export type UsageDimension = keyof typeof USAGE_DIMENSIONS;
