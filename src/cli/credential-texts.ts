import type { Ban } from '../entities/ban.ts';
import type { Credential } from '../entities/credential.ts';
import { usdFromNano } from '../lib/money.ts';
import { timeText } from './key-texts.ts';

type Limits = Pick<Credential, 'rpmLimit' | 'tpmLimit'>;

/** `60 rpm, 90000 tpm`, or that there are none. */
export function limitsText({ rpmLimit, tpmLimit }: Limits): string {
  const texts = [
    ...(rpmLimit === null ? [] : [`${rpmLimit} rpm`]),
    ...(tpmLimit === null ? [] : [`${tpmLimit} tpm`]),
  ];
  return texts.length === 0 ? 'Unlimited' : texts.join(', ');
}

export const balanceText = (balanceNano: bigint | null): string =>
  balanceNano === null ? '-' : `$${usdFromNano(balanceNano)}`;

export const untilText = (untilMs: number | null): string =>
  untilMs === null ? 'until lifted' : `until ${timeText(new Date(untilMs))}`;

/** What a ban covers, its reason and its end. */
export function banText({ model, reason, untilMs, evidence }: Ban): string {
  const note = evidence.note === undefined ? '' : `: ${evidence.note}`;
  return `${model ?? 'all models'} ${untilText(untilMs)} (${reason}${note})`;
}
