// Runs a command as one call of a virtual key: within its limits of requests, tokens and calls at once, and
// those of its team, which are the same as for calls over /v1.
//
//   TOLLGATE_KEY=sk-tg-… npx node examples/grpc/take-limits.ts 1500 ./summarise.sh chapter-7.txt

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { askPatiently, limits, setting } from './client.ts';

const [tokens = '', command, ...words] = process.argv.slice(2);
if (!/^\d+$/.test(tokens) || command === undefined)
  throw new Error('take-limits.ts TOKENS COMMAND');

// Waits where there is no room, if the time that the refusal tells (RetryInfo) is one that we can wait.
const { leaseId, limits: windows } = await askPatiently(limits, limits.TakeLimits, {
  key: { secret: setting('TOLLGATE_KEY') },
  tokens,
  // If we die, the place that we take is free again by then.
  expiresIn: { seconds: 600 },
  // Made once, so that asking again takes nothing more.
  idempotencyId: randomUUID(),
});
for (const { scope, kind, remaining, limit } of windows) {
  console.log(`${scope} ${kind}: ${remaining} of ${limit} left`);
}

let isSuccess = false;
try {
  const [code] = await once(spawn(command, words, { stdio: 'inherit' }), 'close');
  isSuccess = code === 0;
} finally {
  // A command that failed has used nothing, says who wrote it; say what yours has really used.
  const asked = { leaseId, tokens: isSuccess ? tokens : 0 };
  const { wasOpen } = await askPatiently(limits, limits.SettleLimits, asked);
  if (!wasOpen) console.error('it took longer than its lease');
}
process.exitCode = isSuccess ? 0 : 1;
