import type { UsageClass } from '../../entities/usage.ts';

/** What people price: how many units of which class one figure of money is for. */
interface Figure {
  readonly usageClass: UsageClass;
  readonly units: bigint;
}

const perMillion = (usageClass: UsageClass): Figure => ({ usageClass, units: 1_000_000n });

/** Dollars per million tokens; pictures and requests each, audio by the minute. */
export const FIGURES = {
  input: perMillion('input'),
  cacheRead: perMillion('cacheRead'),
  cacheWrite: perMillion('cacheWrite'),
  output: perMillion('output'),
  reasoning: perMillion('reasoning'),
  inputAudio: perMillion('inputAudio'),
  cacheReadAudio: perMillion('cacheReadAudio'),
  outputAudio: perMillion('outputAudio'),
  image: { usageClass: 'images', units: 1n },
  audioMinute: { usageClass: 'audioMillis', units: 60_000n },
  request: { usageClass: 'requests', units: 1n },
} as const satisfies Record<string, Figure>;

export type FigureName = keyof typeof FIGURES;

export const FIGURE_NAMES = Object.keys(FIGURES) as FigureName[];

/** Rates are for so many units of a class. */
const RATE_UNITS = 1_000_000n;

/** The rate that a figure comes to: rounded up, as what is charged always is. */
export const rateOfFigure = (name: FigureName, nano: bigint): bigint =>
  dividedUp(nano * RATE_UNITS, FIGURES[name].units);

/** The figure that a rate stands for, rounded up. */
export const figureOfRate = (name: FigureName, rate: bigint): bigint =>
  dividedUp(rate * FIGURES[name].units, RATE_UNITS);

const dividedUp = (amount: bigint, by: bigint): bigint => (amount + by - 1n) / by;
