/** Share of the old value that a new sample leaves (contracts B3). */
const KEPT = 0.9;
/** Older samples tell nothing of now: the credential is measured anew. */
const STALE_MS = 60_000;
const MODELS_MAX = 200;

/** Moving averages of one credential's milliseconds to the first byte, by model. */
export class Latencies {
  readonly #byModel = new Map<string, { ms: number; atMs: number }>();

  note(model: string, ms: number, nowMs: number): void {
    const before = this.#byModel.get(model);
    if (before !== undefined) {
      before.ms = nowMs - before.atMs > STALE_MS ? ms : before.ms * KEPT + ms * (1 - KEPT);
      before.atMs = nowMs;
      return;
    }
    const [oldest] = this.#byModel.keys();
    if (this.#byModel.size >= MODELS_MAX && oldest !== undefined) this.#byModel.delete(oldest);
    this.#byModel.set(model, { ms, atMs: nowMs });
  }

  /** Null when no call was seen lately. Times are monotonic. */
  recent(model: string, nowMs: number): number | null {
    const sample = this.#byModel.get(model);
    return sample === undefined || nowMs - sample.atMs > STALE_MS ? null : sample.ms;
  }

  /** Of every model that was called lately. */
  all(nowMs: number): { model: string; ms: number }[] {
    return [...this.#byModel].flatMap(([model, { ms, atMs }]) =>
      nowMs - atMs > STALE_MS ? [] : [{ model, ms }],
    );
  }
}
