/** Figures of all rounds, and how targets compare within each round. */
import type { Metric, Scenario } from './scenarios.ts';

/** One figure of one target in one round. */
export interface Reading {
  readonly scenario: string;
  readonly metric: string;
  readonly target: string;
  readonly round: number;
  readonly value: number | null;
}

export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

export interface Ratio extends Spread {
  readonly scenario: string;
  readonly metric: string;
  readonly of: string;
  readonly to: string;
}

export function spread(values: readonly number[]): Spread | null {
  const sorted = values
    .filter((value) => Number.isFinite(value))
    .toSorted((left, right) => left - right);
  const middle = sorted[Math.floor(sorted.length / 2)];
  const before = sorted[Math.ceil(sorted.length / 2) - 1];
  if (middle === undefined || before === undefined) return null;
  return { median: (middle + before) / 2, lowest: sorted[0]!, highest: sorted.at(-1)! };
}

const key = (scenario: Scenario, metric: Metric, target: string): string =>
  `${scenario.name}/${metric.name}/${target}`;

export class Readings {
  readonly all: Reading[] = [];
  readonly #values = new Map<string, Map<number, number>>();

  add(
    scenario: Scenario,
    metric: Metric,
    target: string,
    round: number,
    value: number | null,
  ): void {
    this.all.push({ scenario: scenario.name, metric: metric.name, target, round, value });
    if (value === null) return;
    const place = key(scenario, metric, target);
    const rounds = this.#values.get(place) ?? new Map<number, number>();
    this.#values.set(place, rounds.set(round, value));
  }

  /** Over the rounds; null when the target has no such figure. */
  spread(scenario: Scenario, metric: Metric, target: string): Spread | null {
    return spread([...(this.#values.get(key(scenario, metric, target))?.values() ?? [])]);
  }

  /**
   * Median of the ratios `of / to` of each round, in which noise that hit both cancels. A round in which either
   * figure is not positive (an added latency below the noise) has no ratio.
   */
  ratio(scenario: Scenario, metric: Metric, of: string, to: string): Ratio | null {
    const upper = this.#values.get(key(scenario, metric, of));
    const lower = this.#values.get(key(scenario, metric, to));
    if (!upper || !lower) return null;
    const ratios: number[] = [];
    for (const [round, value] of upper) {
      const other = lower.get(round);
      if (other !== undefined && other > 0 && value > 0) ratios.push(value / other);
    }
    const found = spread(ratios);
    return found && { scenario: scenario.name, metric: metric.name, of, to, ...found };
  }
}
