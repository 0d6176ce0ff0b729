import type { CallRecord } from '../entities/call-record.ts';
import { tokensIn } from '../entities/usage.ts';
import type { ErrorRow } from '../errors/catalogue.ts';
import type { GatewayError } from '../errors/gateway-error.ts';
import type { Broadcast } from '../lib/broadcast.ts';
import type { Clock } from '../lib/clock.ts';
import { Doorbell } from '../lib/doorbell.ts';

export type Fault = ErrorRow['fault'];
export type ErrorCounts = Record<Fault, number>;

/** What was counted, since somebody began to look or within a window. */
export interface Counts {
  calls: number;
  tokens: number;
  costNano: bigint;
  errors: ErrorCounts;
}

/** How busy the gateway is. */
export interface LiveStats {
  atMs: number;
  /** Length of the window that `window` is about; 0 for the first. */
  windowMs: number;
  window: Counts;
  /** Since the subscription began. */
  total: Counts;
  inFlight: number;
}

export interface LiveMeterParts {
  clock: Clock;
  settled: Broadcast<CallRecord>;
  refused: Broadcast<GatewayError>;
  inFlight(): number;
}

const nothing = (): Counts => ({
  calls: 0,
  tokens: 0,
  costNano: 0n,
  errors: { client: 0, capacity: 0, upstream: 0, platform: 0 },
});

/** Counts calls while anyone looks; one count serves all who look, so that a call costs no more for many. */
export class LiveMeter {
  readonly #parts: LiveMeterParts;
  #counts = nothing();
  #readers = 0;
  #stops: (() => void)[] = [];

  constructor(parts: LiveMeterParts) {
    this.#parts = parts;
  }

  /** How it is now, then after each interval what happened in it. */
  async *follow(intervalMs: number, signal: AbortSignal): AsyncGenerator<LiveStats, void> {
    const { clock } = this.#parts;
    const bell = new Doorbell();
    this.#enter();
    try {
      const first = this.#reading();
      let last = first;
      for (let now = first; !signal.aborted; now = this.#reading()) {
        yield {
          atMs: clock.now(),
          windowMs: Math.round(now.ms - last.ms),
          window: less(now.counts, last.counts),
          total: less(now.counts, first.counts),
          inFlight: this.#parts.inFlight(),
        };
        last = now;
        const timer = clock.after(intervalMs, () => bell.ring());
        await bell.rung(signal);
        timer.cancel();
      }
    } finally {
      this.#leave();
    }
  }

  #enter(): void {
    this.#readers += 1;
    if (this.#readers > 1) return;
    const { settled, refused } = this.#parts;
    this.#stops = [
      settled.listen(({ usage, costNano }) => {
        this.#counts.calls += 1;
        this.#counts.tokens += tokensIn(usage);
        this.#counts.costNano += costNano;
      }),
      refused.listen(({ row }) => {
        this.#counts.errors[row.fault] += 1;
      }),
    ];
  }

  #leave(): void {
    this.#readers -= 1;
    if (this.#readers > 0) return;
    for (const stop of this.#stops) stop();
  }

  #reading(): { counts: Counts; ms: number } {
    const counts = { ...this.#counts, errors: { ...this.#counts.errors } };
    return { counts, ms: this.#parts.clock.monotonic() };
  }
}

function less(now: Counts, before: Counts): Counts {
  const faults = Object.keys(now.errors) as Fault[];
  const errors = faults.map((fault) => [fault, now.errors[fault] - before.errors[fault]]);
  return {
    calls: now.calls - before.calls,
    tokens: now.tokens - before.tokens,
    costNano: now.costNano - before.costNano,
    errors: Object.fromEntries(errors) as ErrorCounts,
  };
}
