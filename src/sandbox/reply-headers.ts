import type { HeaderTable } from './script.ts';

/**
 * What OpenAI's edge sends along, useful or not. The cookie, the server name and the tracing
 * headers are there so that a proxy can be seen to drop them.
 */
export function replyHeaders(callId: number, elapsedMs: number): HeaderTable {
  return {
    'x-request-id': `req_sandbox_${callId}`,
    'openai-organization': 'sandbox',
    'openai-processing-ms': String(Math.max(1, Math.round(elapsedMs))),
    'openai-version': '2020-10-01',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-limit-tokens': '2000000',
    'x-ratelimit-remaining-requests': '9999',
    'x-ratelimit-remaining-tokens': '1999000',
    'x-ratelimit-reset-requests': '6ms',
    'x-ratelimit-reset-tokens': '30ms',
    'set-cookie': `__cf_bm=sandbox-${callId}; path=/; HttpOnly; Secure`,
    server: 'sandbox',
    'cf-ray': `sandbox${callId}`,
  };
}
