import { jsonAnswer } from '../answer.ts';
import type { Endpoint } from '../call.ts';
import { formatUsd } from '../credits.ts';

/** Vercel AI Gateway's credits: exact decimal strings in USD. */
export const credits: Endpoint = {
  method: 'GET',
  path: '/v1/credits',
  body: 'none',
  isMetered: false,
  answer: ({ account }) =>
    jsonAnswer({
      balance: formatUsd(account.balanceNano),
      total_used: formatUsd(account.usedNano),
    }),
};
