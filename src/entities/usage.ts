/**
 * What one call used, in disjoint classes: no unit is in two of them, so a cost is a plain sum.
 * The order is the order of the ledger's columns and of every listing.
 */
export const USAGE_CLASSES = [
  /** Prompt tokens that are neither cached nor audio. */
  'input',
  /** Prompt text tokens read from the provider's cache. */
  'cacheRead',
  /** Prompt tokens written to the provider's cache. */
  'cacheWrite',
  /** Completion tokens that are neither reasoning nor audio. */
  'output',
  'reasoning',
  /** Audio tokens of the prompt that were not cached. */
  'inputAudio',
  'cacheReadAudio',
  'outputAudio',
  /** Pictures made. */
  'images',
  /** Length of audio transcribed or spoken, where the provider bills by time. */
  'audioMillis',
  /** 1 for a call that is billed per request, else 0. */
  'requests',
] as const;

export type UsageClass = (typeof USAGE_CLASSES)[number];

/** Every count is a non-negative safe integer. */
export type Usage = { readonly [usageClass in UsageClass]: number };

/** How the usage is known: the provider said so, we counted tokens, we guessed, or there was none. */
export type UsageSource = 'reported' | 'counted' | 'estimated' | 'none';

const nothing: Usage = Object.freeze({
  input: 0,
  cacheRead: 0,
  cacheWrite: 0,
  output: 0,
  reasoning: 0,
  inputAudio: 0,
  cacheReadAudio: 0,
  outputAudio: 0,
  images: 0,
  audioMillis: 0,
  requests: 0,
});

/** A usage with every class at zero. Frozen: spread it to change it. */
export function noUsage(): Usage {
  return nothing;
}

export function addUsage(left: Usage, right: Usage): Usage {
  const sum: { -readonly [usageClass in UsageClass]: number } = { ...left };
  for (const usageClass of USAGE_CLASSES) sum[usageClass] += right[usageClass];
  return sum;
}

/** All tokens of a usage, whatever their class: what limits of tokens count. */
export const tokensIn = (usage: Usage): number =>
  usage.input +
  usage.cacheRead +
  usage.cacheWrite +
  usage.output +
  usage.reasoning +
  usage.inputAudio +
  usage.cacheReadAudio +
  usage.outputAudio;

/** Whether a value has all classes, each a count. Other fields are not looked at. */
export function isUsage(value: unknown): value is Usage {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return USAGE_CLASSES.every((usageClass) => isCount(fields[usageClass]));
}

/** Whether a value can be a number of units: an integer from 0 to 2^53 - 1. */
export function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
