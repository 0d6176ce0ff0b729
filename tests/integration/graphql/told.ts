import { toldCosts } from '../../support/oracle.ts';
import type { Gateway } from '../../support/gateway.ts';

export interface Told {
  input: number;
  output: number;
}

/** Tokens of each call by request id, as the upstream told them. */
export function toldTokens({ sandbox }: Pick<Gateway, 'sandbox'>): Map<string, Told> {
  const told = new Map<string, Told>();
  for (const entry of sandbox.witness.entries) {
    if (entry.kind !== 'finished' || entry.requestId === null || entry.usage === null) continue;
    const usage = entry.usage as Record<string, number | undefined>;
    told.set(entry.requestId, {
      input: usage['prompt_tokens'] ?? usage['input_tokens'] ?? 0,
      output: usage['completion_tokens'] ?? usage['output_tokens'] ?? 0,
    });
  }
  return told;
}

/** The oracle's cost of each call by request id. */
export const toldCost = ({ sandbox }: Pick<Gateway, 'sandbox'>): Map<string, bigint> =>
  toldCosts(sandbox.witness.entries);

export const sum = (amounts: Iterable<bigint>): bigint => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
};

/** `x-request-id` of an answer that was read to its end. */
export async function idOf(answer: Response): Promise<string> {
  await answer.text();
  return answer.headers.get('x-request-id') ?? '';
}
