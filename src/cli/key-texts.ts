/** `YYYY-MM-DD HH:MM:SS` in UTC, as system A's CLI writes times. */
export const timeText = (time: Date): string => time.toISOString().slice(0, 19).replace('T', ' ');

export const expiryText = (expiresAt: Date | null): string =>
  expiresAt === null ? 'Never' : timeText(expiresAt);

export const limitText = (rpmLimit: number | null, unit: string): string =>
  rpmLimit === null ? 'Unlimited' : `${rpmLimit} ${unit}`;
