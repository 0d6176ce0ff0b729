import type { IncomingHttpHeaders } from 'node:http';

const RESETS = ['-requests', '-tokens', ''];
const UNITS_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Numbers from here on are epoch seconds, smaller ones are seconds from now. */
const EPOCH_SECONDS_MIN = 1_000_000_000;
/** Nobody means a longer wait: such a value is nonsense. */
const WAIT_MAX_MS = 400 * 86_400_000;
/** RFC 9110 §5.6.7. V8 finds dates in all sorts of words, too: `soon 12` is in 2001. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .* \d\d:\d\d:\d\d /;

/**
 * When an upstream says to come back, milliseconds from now; null when it does not, or says nonsense
 * (negative, no number, several values). In this order: `retry-after-ms` (OpenAI), `retry-after` in
 * seconds or as an HTTP date (RFC 9110 §10.2.3); of a 429 also the latest `x-ratelimit-reset` of
 * what is used up. Other answers tell resets too, which nobody has to wait for.
 */
export function retryAfterMs(
  headers: IncomingHttpHeaders,
  { status, nowMs }: { status: number; nowMs: number },
): number | null {
  const told =
    sane(milliseconds(headers['retry-after-ms'])) ?? sane(delay(headers['retry-after'], nowMs));
  if (told !== null || status !== 429) return told;
  const usedUp = RESETS.filter((of) => Number(headers[`x-ratelimit-remaining${of}`] ?? 0) === 0);
  return latest(usedUp.map((of) => sane(reset(headers[`x-ratelimit-reset${of}`], nowMs))));
}

type Value = string | string[] | undefined;

const sane = (ms: number | null): number | null =>
  ms !== null && Number.isFinite(ms) && ms >= 0 && ms <= WAIT_MAX_MS ? ms : null;

const milliseconds = (value: Value): number | null =>
  typeof value === 'string' && /^\d{1,12}(?:\.\d{1,6})?$/.test(value) ? Number(value) : null;

/** A date long past means now; one in the far future is held to what a wait can be. */
function delay(value: Value, nowMs: number): number | null {
  if (typeof value !== 'string') return null;
  if (/^\d{1,12}(?:\.\d{1,6})?$/.test(value)) return Number(value) * 1000;
  // One of its forms does not say that it is UTC.
  const text = value.endsWith(' GMT') ? value : `${value} GMT`;
  const date = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? null : Math.min(Math.max(0, date - nowMs), WAIT_MAX_MS);
}

/** `6m0s`, `120ms`, seconds, epoch seconds, or a date (RFC 3339 and the like). */
function reset(value: Value, nowMs: number): number | null {
  if (typeof value !== 'string') return null;
  if (/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(value)) {
    const parts = value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g);
    return [...parts].reduce(
      (sum, [, count, unit]) => sum + Number(count) * (UNITS_MS[unit ?? ''] ?? 0),
      0,
    );
  }
  if (!/^\d{1,12}(?:\.\d{1,6})?$/.test(value))
    return /^\d{4}-\d\d-\d\d[Tt ]/.test(value) ? delayOfDate(value, nowMs) : null;
  const seconds = Number(value);
  return seconds < EPOCH_SECONDS_MIN ? seconds * 1000 : Math.max(0, seconds * 1000 - nowMs);
}

function delayOfDate(text: string, nowMs: number): number | null {
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

function latest(waits: readonly (number | null)[]): number | null {
  const known = waits.filter((ms) => ms !== null);
  return known.length === 0 ? null : Math.max(...known);
}
