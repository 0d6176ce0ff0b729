// Calls a provider with money held for it: what the conversation can cost is taken from the key's budgets
// before it begins, and what it did cost when it is over.
//
//   TOLLGATE_KEY=sk-tg-… UPSTREAM=https://api.openai.com/v1 UPSTREAM_KEY=sk-… \
//     npx node examples/grpc/reserve-and-settle.ts 'Name a river.' 'And one of its towns.'

import { randomUUID } from 'node:crypto';
import { ask, askPatiently, dollars, setting, usage } from './client.ts';

const MODEL = 'gpt-4o-mini';
/** The most that one turn can use. */
const TURN = { input: 2000, output: 256 };
const HELD_FOR = { seconds: 120 };

/** The provider said no: it did nothing, and takes nothing for it. */
class Refused extends Error {}

const [first, ...questions] = process.argv.slice(2);
if (first === undefined) throw new Error('ask something');
const messages: { role: string; content: string }[] = [];
/** Each token in one class only. */
const used = { input: 0, cacheRead: 0, output: 0, reasoning: 0 };

// Nothing is held where one of the budgets has no room: RESOURCE_EXHAUSTED.
const { reservation } = await askPatiently(usage, usage.Reserve, {
  // Made once, so that asking again holds nothing more.
  idempotencyId: randomUUID(),
  key: { secret: setting('TOLLGATE_KEY') },
  provider: 'openai',
  model: MODEL,
  endpoint: 'chat.completions',
  estimate: TURN,
  expiresIn: HELD_FOR,
  // If we die: the call may have been made, so it is charged at what was held.
  onExpiry: 'EXPIRY_ACTION_CHARGE',
});
if (reservation === null) throw new Error('no reservation');
const { id: reservationId, amountNanoUsd: turnNanoUsd } = reservation;
console.log(`held ${dollars(turnNanoUsd)}`);

try {
  await say(first);
  for (const question of questions) {
    await holdMore();
    await say(question);
  }
  await settle();
} catch (error) {
  if (!(error instanceof Refused)) {
    // Sent, then lost: it may have cost something. Nobody settles it, so that it is charged when it expires.
    console.log(`left to expire: ${String(error)}`);
    throw error;
  }
  console.log(`refused: ${error.message}`);
  if (messages.length === 0) await release();
  else await settle();
  process.exitCode = 1;
}

/** What was used so far stays held, and one more turn. Told as the sum, so that it may be sent again. */
async function holdMore(): Promise<void> {
  const turns = BigInt(messages.length / 2 + 1);
  const amountNanoUsd = (BigInt(turnNanoUsd) * turns).toString();
  const asked = { reservationId, amountNanoUsd, expiresIn: HELD_FOR };
  const answer = await ask(usage, usage.Extend, asked).catch((error: Error) => {
    throw new Refused(error.message);
  });
  console.log(`holds ${dollars(answer.reservation?.amountNanoUsd ?? '0')}`);
}

async function settle(): Promise<void> {
  const asked = { reservationId, usage: used };
  const { reservation: ended } = await askPatiently(usage, usage.Settle, asked);
  console.log(`settled at ${dollars(ended?.costNanoUsd ?? '0')}`);
}

async function release(): Promise<void> {
  await askPatiently(usage, usage.Release, { reservationId });
  console.log('released');
}

/** One turn with the provider. */
async function say(content: string): Promise<void> {
  const question = { role: 'user', content };
  const answer = await fetch(`${setting('UPSTREAM')}/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${setting('UPSTREAM_KEY')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      model: MODEL,
      max_tokens: TURN.output,
      messages: [...messages, question],
    }),
  });
  if (!answer.ok) throw new Refused(`${answer.status} ${await answer.text()}`);
  const { choices, usage: spent } = (await answer.json()) as Completion;
  const { cached_tokens: cached = 0 } = spent.prompt_tokens_details ?? {};
  const { reasoning_tokens: reasoning = 0 } = spent.completion_tokens_details ?? {};
  used.input += spent.prompt_tokens - cached;
  used.cacheRead += cached;
  used.output += spent.completion_tokens - reasoning;
  used.reasoning += reasoning;
  const text = choices[0]?.message.content ?? '';
  messages.push(question, { role: 'assistant', content: text });
  console.log(text);
}

interface Completion {
  choices: { message: { content: string } }[];
  usage: {
    prompt_tokens: number;
    completion_tokens: number;
    prompt_tokens_details?: { cached_tokens?: number };
    completion_tokens_details?: { reasoning_tokens?: number };
  };
}
