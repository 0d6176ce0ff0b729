import type { VirtualKey } from '../entities/virtual-key.ts';

/** `YYYY-MM-DD HH:MM:SS` in UTC, as system A's CLI writes times. */
export const timeText = (time: Date): string => time.toISOString().slice(0, 19).replace('T', ' ');

export const expiryText = (expiresAt: Date | null): string =>
  expiresAt === null ? 'Never' : timeText(expiresAt);

export const limitText = (rpmLimit: number | null, unit: string): string =>
  rpmLimit === null ? 'Unlimited' : `${rpmLimit} ${unit}`;

/** `60/min, 9000 tokens/min, 5 at once`, or that there are none. */
export function limitsOfKeyText({
  rpmLimit,
  tpmLimit,
  concurrencyLimit,
}: Pick<VirtualKey, 'rpmLimit' | 'tpmLimit' | 'concurrencyLimit'>): string {
  const texts = [
    ...(rpmLimit === null ? [] : [`${rpmLimit}/min`]),
    ...(tpmLimit === null ? [] : [`${tpmLimit} tokens/min`]),
    ...(concurrencyLimit === null ? [] : [`${concurrencyLimit} at once`]),
  ];
  return texts.length === 0 ? 'Unlimited' : texts.join(', ');
}

/** Only what is set: most keys have none of it. */
export function restrictionLines(key: VirtualKey, nameOf: (id: string) => string): string[] {
  const facts: [label: string, text: string | null][] = [
    ['User', key.userId === null ? null : nameOf(key.userId)],
    ['Team', key.teamId === null ? null : nameOf(key.teamId)],
    ['Tokens', key.tpmLimit === null ? null : `${key.tpmLimit} tokens/min`],
    ['Calls', key.concurrencyLimit === null ? null : `${key.concurrencyLimit} at once`],
    ['Models', key.allowedModels?.join(', ') ?? null],
    ['Endpoints', key.allowedEndpoints?.join(', ') ?? null],
    ['Networks', key.sourceNetworks?.join(', ') ?? null],
    ['Metadata', Object.keys(key.metadata).length === 0 ? null : JSON.stringify(key.metadata)],
  ];
  return facts.flatMap(([label, text]) =>
    text === null ? [] : [`  ${`${label}:`.padEnd(13)}${text}`],
  );
}
