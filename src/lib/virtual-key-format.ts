import { isMinted, minted } from './minted-secret.ts';

const PREFIX = 'sk-tg-';

const HINT_LENGTH = 4;
const HINTED_LENGTH_MIN = 20;
/** The public part of a key, as in `sk-tg-`, `sk-lb-`, `hp_`; bounded, so that it gives away little. */
const PUBLIC_PREFIX = /^(?:[a-z]{2,3}[-_]){1,2}/;

/** A new virtual key: `sk-tg-` and what `minted` says. */
export const mintVirtualKey = (): string => minted(PREFIX);

/** Whether a key with our prefix could have been minted here; any other prefix is not ours to judge. */
export const isWellFormed = (key: string): boolean =>
  !key.startsWith(PREFIX) || isMinted(key, PREFIX);

/** Ours, and those of the gateways whose keys are taken over (contracts E1). */
const KNOWN_PREFIXES = [PREFIX, 'sk-lb-', 'sk-mp-', 'hp_'];
const KEY_FORM = /^(?:[a-z]{2,3}[-_]){1,2}[\x21-\x7e]+$/;

/** Whether a text looks like a key of anybody: a public prefix, and something printable after it. */
export const hasKeyForm = (text: string): boolean => KEY_FORM.test(text);

/** Whether it begins as keys here do; one that was taken over may begin as it likes. */
export const hasKnownPrefix = (key: string): boolean =>
  KNOWN_PREFIXES.some((prefix) => key.startsWith(prefix));

/** The form that may be shown: public prefix and last four characters, `sk-tg-…Ab12`. */
export function keyHint(key: string): string {
  if (key.length < HINTED_LENGTH_MIN) return '…';
  const prefix = PUBLIC_PREFIX.exec(key)?.[0] ?? '';
  return `${prefix}…${key.slice(-HINT_LENGTH)}`;
}
