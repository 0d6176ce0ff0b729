import { USAGE_COLUMNS } from '../accounting/ledger/rows.ts';
import { USAGE_CLASSES } from '../entities/usage.ts';
import type { Usage } from '../entities/usage.ts';

/** What calls came to. */
export interface UsageSum {
  calls: number;
  usage: Usage;
  /** Of all classes that are tokens, sent and received. */
  inputTokens: number;
  outputTokens: number;
  /** Nano-USD, with all adjustments. */
  costNano: bigint;
  /** Of the cost, what was adjusted afterwards. */
  adjustedNano: bigint;
}

/** A row of sums; money is text. */
export type SumRow = Record<string, string | number | null>;

export function sumOf(row: SumRow): UsageSum {
  const count = (name: string): number => Number(row[name] ?? 0);
  const usage = Object.fromEntries(
    USAGE_CLASSES.map((name, index) => [name, count(USAGE_COLUMNS[index] ?? '')]),
  ) as Usage;
  const { input, cacheRead, cacheWrite, inputAudio, cacheReadAudio } = usage;
  return {
    calls: count('calls'),
    usage,
    inputTokens: input + cacheRead + cacheWrite + inputAudio + cacheReadAudio,
    outputTokens: usage.output + usage.reasoning + usage.outputAudio,
    costNano: BigInt(row['cost_nano'] ?? 0),
    adjustedNano: BigInt(row['adjusted_nano'] ?? 0),
  };
}
