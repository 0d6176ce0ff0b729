import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from './api-error.ts';
import type { UsageOverride } from './tokens.ts';

/** What the caller asked of this one reply by `x-sandbox-*` headers. */
export interface Controls {
  chunks: number;
  paceMs: number;
  usage: UsageOverride;
  fault: string | null;
}

const CHUNKS_MAX = 100_000;
const PACE_MAX_MS = 600_000;
const USAGE_FIELDS = new Map<string, keyof UsageOverride>([
  ['prompt', 'prompt'],
  ['completion', 'completion'],
  ['cached', 'cached'],
  ['cache-write', 'cacheWrite'],
  ['reasoning', 'reasoning'],
]);

/** Reads the control headers; throws 400 so that a mistyped control never passes unnoticed. */
export function readControls(
  headers: IncomingHttpHeaders,
  defaults: { chunks: number; paceMs: number },
): Controls {
  const fault = headers['x-sandbox-fault'];
  return {
    chunks: wholeHeader(headers, 'x-sandbox-chunks', CHUNKS_MAX) ?? defaults.chunks,
    paceMs: wholeHeader(headers, 'x-sandbox-pace-ms', PACE_MAX_MS) ?? defaults.paceMs,
    usage: readUsage(headers['x-sandbox-usage']),
    fault: typeof fault === 'string' && fault !== '' ? fault : null,
  };
}

function wholeHeader(headers: IncomingHttpHeaders, name: string, max: number): number | null {
  const text = headers[name];
  if (text === undefined) return null;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > max) {
    throw new ApiError(400, `${name} must be a whole number up to ${max}.`, { param: name });
  }
  return number;
}

function readUsage(text: string | string[] | undefined): UsageOverride {
  const usage: UsageOverride = {};
  if (typeof text !== 'string') return usage;
  for (const pair of text.split(',')) {
    const [name = '', value = ''] = pair.split('=').map((part) => part.trim());
    const field = USAGE_FIELDS.get(name);
    if (field === undefined || !/^\d{1,12}$/.test(value)) {
      throw new ApiError(400, `x-sandbox-usage cannot be read: ${pair}`, {
        param: 'x-sandbox-usage',
      });
    }
    usage[field] = Number(value);
  }
  return usage;
}
