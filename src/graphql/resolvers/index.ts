import { KeyResolver } from './keys.ts';
import { ServerInfoResolver } from './server-info.ts';

/** Every resolver there is; a new noun is a file and its line here. */
export const resolvers = [ServerInfoResolver, KeyResolver] as const;
