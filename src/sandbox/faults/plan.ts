import type { BoundFault } from './fault.ts';
import { readFaults } from './index.ts';

export interface FaultRule {
  readonly fault: string;
  /** Calls it still strikes; null for ever. */
  readonly times: number | null;
  /** Only calls for this model. */
  readonly model: string | null;
  /** Only this path; without it, every metered call. */
  readonly path: string | null;
  /** Only requests from this number on of their connection: 2 spares fresh connections. */
  readonly from: number;
}

export interface FaultTarget {
  credential: string;
  model: string | null;
  path: string;
  /** Its number among the requests of its connection. */
  ordinal: number;
  isMetered: boolean;
  isBeforeBody: boolean;
}

/** What strikes a call: the text it was asked in and the bound faults. */
export interface Strike {
  text: string;
  faults: readonly BoundFault[];
}

interface Entry {
  strike: Strike;
  isBeforeBody: boolean;
  times: number;
  model: string | null;
  path: string | null;
  from: number;
}

/** Which calls a standing fault strikes. */
export interface FaultLimits {
  times?: number | undefined;
  model?: string | undefined;
  path?: string | undefined;
  from?: number | undefined;
}

/**
 * Standing faults per credential. A rule replaces the one with the same model and path; of several
 * that fit a call the oldest strikes. Balance and model look-ups are spared unless `path` names them.
 */
export class FaultPlan {
  readonly #entries = new Map<string, Entry[]>();

  /** Throws ApiError 400 when the fault cannot be read. */
  set(credential: string, fault: string, limits: FaultLimits = {}): void {
    const model = limits.model ?? null;
    const path = limits.path ?? null;
    const strike = { text: fault, faults: readFaults(fault) };
    const entry: Entry = {
      strike,
      isBeforeBody: strike.faults.some((each) => each.fault.isBeforeBody === true),
      times: limits.times ?? Number.POSITIVE_INFINITY,
      model,
      path,
      from: limits.from ?? 1,
    };
    const others = this.#entriesOf(credential).filter(
      (each) => each.model !== model || each.path !== path,
    );
    this.#entries.set(credential, [...others, entry]);
  }

  /** Lifts every fault of a credential, or of all. */
  clear(credential?: string): void {
    if (credential === undefined) this.#entries.clear();
    else this.#entries.delete(credential);
  }

  rules(credential: string): FaultRule[] {
    return this.#entriesOf(credential).map(({ strike, times, model, path, from }) => ({
      fault: strike.text,
      times: Number.isFinite(times) ? times : null,
      model,
      path,
      from,
    }));
  }

  /** The strike for a call, counted against its rule; null when none applies. */
  take(target: FaultTarget): Strike | null {
    if (this.#entries.size === 0) return null;
    const entries = this.#entriesOf(target.credential);
    const found = entries.find((entry) => fits(entry, target));
    if (found === undefined) return null;
    found.times -= 1;
    if (found.times <= 0) {
      this.#entries.set(
        target.credential,
        entries.filter((entry) => entry !== found),
      );
    }
    return found.strike;
  }

  #entriesOf(credential: string): Entry[] {
    return this.#entries.get(credential) ?? [];
  }
}

function fits(entry: Entry, target: FaultTarget): boolean {
  if (entry.isBeforeBody !== target.isBeforeBody || target.ordinal < entry.from) return false;
  if (entry.path === null ? !target.isMetered : entry.path !== target.path) return false;
  return entry.model === null || entry.model === target.model;
}
