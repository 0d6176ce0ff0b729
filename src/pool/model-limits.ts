import type { Served } from './served.ts';
import { UpstreamLimits, isUnlimited } from './upstream-limits.ts';

const MODELS_MAX = 1000;

/** Requests and tokens of a pool's last minute by upstream model, where a rule limits them. */
export class ModelLimits {
  readonly #byModel = new Map<string, UpstreamLimits>();

  /** Milliseconds until the model's limits have room: 0 is now. */
  waitMs(served: Served, tokens: number, nowMs: number): number {
    return isUnlimited(served) ? 0 : this.#of(served, nowMs).waitMs(served, tokens, nowMs);
  }

  /** Takes room; the returned function settles the tokens really used. */
  take(served: Served, tokens: number, nowMs: number): (used: number, nowMs: number) => void {
    if (isUnlimited(served)) return () => undefined;
    const usage = this.#of(served, nowMs);
    const taken = usage.take(served, tokens, nowMs);
    return (used, settledMs) => {
      if (taken !== null) usage.settle(taken, used, settledMs);
    };
  }

  #of({ upstream }: Served, nowMs: number): UpstreamLimits {
    const found = this.#byModel.get(upstream);
    if (found !== undefined) return found;
    if (this.#byModel.size >= MODELS_MAX) this.#forgetIdle(nowMs);
    const made = new UpstreamLimits();
    this.#byModel.set(upstream, made);
    return made;
  }

  /** Only those: a limit must not be forgotten by asking for other models. */
  #forgetIdle(nowMs: number): void {
    for (const [model, usage] of this.#byModel) {
      if (usage.isIdle(nowMs)) this.#byModel.delete(model);
    }
  }
}
