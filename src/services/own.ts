import type { Actor } from './actor.ts';
import type { Condition } from './keyset.ts';

/** What a row must have for an actor to see it: users see what is theirs. */
export const ownedBy = ({ userId }: Actor): { userId?: string } =>
  userId === null ? {} : { userId };

/** SQL: keys that an actor may see. */
export const ownKeys = ({ userId }: Actor): Condition[] =>
  userId === null ? [] : [{ sql: 'user_id = ?', values: [userId] }];

/** SQL: budgets that an actor may see; a user those of their keys, and their own. */
export const ownBudgets = ({ userId }: Actor): Condition[] =>
  userId === null
    ? []
    : [
        {
          sql: `(scope = 'user' and subject_id = ?
            or scope = 'key' and subject_id in (select id from virtual_keys where user_id = ?))`,
          values: [userId, userId],
        },
      ];
