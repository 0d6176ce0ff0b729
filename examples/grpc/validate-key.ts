// Whether a virtual key may be used now for a model, and what is left. Counts and holds nothing.
//
//   TOLLGATE_KEY=sk-tg-… npx node examples/grpc/validate-key.ts gpt-4o-mini

import { askPatiently, dollars, keys, setting } from './client.ts';

const [model = ''] = process.argv.slice(2);

const judged = await askPatiently(keys, keys.ValidateKey, {
  key: { secret: setting('TOLLGATE_KEY') },
  model,
  endpoint: 'chat.completions',
});

// A key that may not be used is an answer: errors are for questions that could not be answered.
console.log(judged.valid ? `${judged.key?.name} may be used` : `${judged.reason}: ${judged.error}`);
for (const { scope, kind, remaining, limit } of judged.limits) {
  console.log(`${scope} ${kind}: ${remaining} of ${limit} left`);
}
for (const { scope, capNanoUsd, remainingNanoUsd } of judged.budgets) {
  console.log(`${scope} budget: ${dollars(remainingNanoUsd)} of ${dollars(capNanoUsd)} left`);
}
process.exitCode = judged.valid ? 0 : 1;
