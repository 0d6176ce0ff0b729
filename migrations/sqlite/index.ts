import { InitialSchema } from './0001-initial-schema.ts';

/** In the order they run. A released migration is never edited. */
export const migrations = [{ name: '0001-initial-schema', class: InitialSchema }];
