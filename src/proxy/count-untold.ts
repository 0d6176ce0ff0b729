import type { TokenCounter } from '../accounting/tokens/token-counter.ts';
import type { Usage } from '../entities/usage.ts';
import type { Charged, Delivery } from './delivery.ts';

type Untold = Pick<Delivery, 'endpoint' | 'asked' | 'sentModel' | 'price'>;

/**
 * Counts the usage that nobody told: the prompt as it was sent and the text that was produced, each in
 * place of its estimate. What cannot be counted, or not now, stays estimated, and its source with it.
 */
export async function countUntold(
  charged: Charged,
  { endpoint: { meter }, asked, sentModel, price }: Untold,
  counter: Pick<TokenCounter, 'count'>,
): Promise<Charged> {
  const { usage, said } = charged;
  if (meter.kind !== 'usage' || usage === null || said === undefined) return charged;
  const prompt = meter.prompt?.({ ...asked, model: sentModel }, price) ?? null;
  const [heard, spoken] = await Promise.all([
    counter.count(sentModel, prompt?.texts ?? []),
    counter.count(sentModel, said?.texts ?? []),
  ]);
  if (heard === null || spoken === null) return charged;
  const counted: Usage = {
    ...usage,
    ...(prompt !== null && { input: prompt.tokens + heard, inputAudio: prompt.audioTokens }),
    ...(said !== null && { output: Math.ceil(spoken * said.scale) }),
  };
  const isWhole = prompt !== null && (said !== null || !hasOutput(usage));
  return { usage: counted, usageSource: isWhole ? 'counted' : 'estimated' };
}

const hasOutput = ({ output, outputAudio }: Usage): boolean => output > 0 || outputAudio > 0;
