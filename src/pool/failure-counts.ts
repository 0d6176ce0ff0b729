import type { BanEvidence, BanReason } from '../entities/ban.ts';
import type { CountedBans } from '../entities/pool-policy.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { EffectFacts } from './effect.ts';

/** A ban to be imposed; the journal gives it an id and puts it in force. */
export interface Sentence {
  model: string | null;
  reason: BanReason;
  evidence: BanEvidence;
  /** Null: until somebody lifts it. */
  untilMs: number | null;
  strike: number;
}

interface Failure {
  atMs: number;
  status: number;
  requestId: string | null;
}

/** Clients choose model names: beyond so many the one that failed first is forgotten. */
const MODELS_MAX = 1000;

/**
 * Failures of one credential by model and rule, as system D counts them: a success of the model
 * resets its counts, statuses that no rule lists neither count nor reset.
 */
export class FailureCounts {
  readonly #byModel = new Map<string, Failure[][]>();

  reset(model: string): void {
    if (this.#byModel.size > 0) this.#byModel.delete(model);
  }

  clear(): void {
    this.#byModel.clear();
  }

  /** Counts a failure; the ban it makes due, if any. */
  note(facts: EffectFacts, policy: CountedBans, strike: number, maxMs: number): Sentence | null {
    const at = policy.rules.findIndex((rule) => rule.statuses.includes(facts.status));
    const rule = policy.rules[at];
    if (rule === undefined) return null;
    const failures = this.#recent(facts, at, policy.windowMs);
    failures.push({ atMs: facts.nowMs, status: facts.status, requestId: facts.requestId });
    if (failures.length < rule.failuresMax) return null;
    this.#byModel.delete(facts.model);
    const inARow = policy.isEscalating ? strike : 1;
    return {
      model: facts.model,
      reason: 'counted',
      evidence: {
        statuses: failures.map((failure) => failure.status),
        requestIds: failures.flatMap(({ requestId }) => (requestId === null ? [] : [requestId])),
      },
      untilMs:
        rule.banMs === null
          ? null
          : facts.nowMs + backoffMs(rule.banMs, inARow, Math.max(rule.banMs, maxMs)),
      strike: inARow,
    };
  }

  #recent({ model, nowMs }: EffectFacts, rule: number, windowMs: number | null): Failure[] {
    let ofModel = this.#byModel.get(model);
    if (ofModel === undefined) {
      const [oldest] = this.#byModel.keys();
      if (this.#byModel.size >= MODELS_MAX && oldest !== undefined) this.#byModel.delete(oldest);
      ofModel = [];
      this.#byModel.set(model, ofModel);
    }
    const failures = (ofModel[rule] ?? []).filter(
      ({ atMs }) => windowMs === null || atMs + windowMs > nowMs,
    );
    ofModel[rule] = failures;
    return failures;
  }
}
