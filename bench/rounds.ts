/** Interleaved rounds: noise that lasts longer than a round hits all targets alike and cancels in the ratios. */
import { type Cores, lostPercent, measure, type Sample } from './measure.ts';
import type { Options } from './options.ts';
import { Readings } from './ratios.ts';
import { rigBoundKey } from './report.ts';
import type { Rig, Traffic } from './rig/rig.ts';
import { isGrpc, isStreaming, type Scenario } from './scenarios.ts';
import type { RunningTarget } from './targets/target.ts';

const RIG_BOUND = 0.9;
const NOISE_PROBE_MS = 60;

/** On stderr, so that stdout holds the result alone. */
export const progress = (step: string): void =>
  console.error(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${step}`);

export class Rounds {
  readonly readings = new Readings();
  readonly rigBound = new Set<string>();
  /** Share of time the machine took away before each round, in percent. */
  readonly lostPercents: number[] = [];
  readonly #rig: Rig;
  readonly #cores: Cores;

  constructor(rig: Rig, cores: Cores) {
    this.#rig = rig;
    this.#cores = cores;
  }

  /** Loads a target without recording figures; says what went wrong when requests failed. */
  async serve(target: RunningTarget, traffic: Traffic): Promise<string | null> {
    const { result } = await measure(this.#rig, this.#cores, target, traffic);
    return result.failed > 0 ? `${traffic.name} got "${result.firstFailure}"` : null;
  }

  async run(
    options: Options,
    scenarios: readonly Scenario[],
    targets: readonly RunningTarget[],
  ): Promise<void> {
    for (let round = 1; round <= options.rounds; round += 1) {
      progress(`round ${round} of ${options.rounds}`);
      this.lostPercents.push(lostPercent(NOISE_PROBE_MS));
      for (const scenario of scenarios) {
        if (!scenario.cold) await this.scenario(scenario, targets, round);
      }
    }
  }

  /** One scenario on all targets, one after the other in random order. */
  async scenario(
    scenario: Scenario,
    targets: readonly RunningTarget[],
    round: number,
  ): Promise<void> {
    const samples = new Map<string, Sample>();
    for (const target of shuffled(targets)) {
      if (target.name === 'direct' && !scenario.withDirect) continue;
      if (!target.streams && isStreaming(scenario)) continue;
      if (target.grpc === undefined && isGrpc(scenario)) continue;
      const sample = await measure(this.#rig, this.#cores, target, scenario.traffic);
      samples.set(target.name, sample);
      const bound = target.pid !== null && (sample.rigBusy ?? 0) > RIG_BOUND;
      if (bound) this.rigBound.add(rigBoundKey(scenario.name, target.name));
    }
    const direct = samples.get('direct') ?? null;
    for (const [target, sample] of samples) {
      for (const metric of scenario.metrics) {
        this.readings.add(scenario, metric, target, round, metric.read(sample, direct));
      }
    }
  }
}

const shuffled = <T>(list: readonly T[]): T[] =>
  list
    .map((value) => ({ value, at: Math.random() }))
    .toSorted((left, right) => left.at - right.at)
    .map(({ value }) => value);
