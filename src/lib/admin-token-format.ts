import { isMinted, minted } from './minted-secret.ts';

/** Two short parts, so that a hint shows the whole prefix (`keyHint`). */
const PREFIX = 'tg-adm-';

/** A new admin token: `tg-adm-` and what `minted` says. */
export const mintAdminToken = (): string => minted(PREFIX);

/** Whether a text could be an admin token: a look-up is worth it. */
export const isAdminToken = (text: string): boolean =>
  text.startsWith(PREFIX) && isMinted(text, PREFIX);
