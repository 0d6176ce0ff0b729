import type { Actor } from './actor.ts';
import type { UsageFilter } from './usage-sql.ts';

/** What an actor may see of the usage it asks for: users theirs alone, whatever they ask for. */
export const ownUsage = ({ userId }: Actor, filter: UsageFilter): UsageFilter =>
  userId === null ? filter : { ...filter, user: [userId] };
