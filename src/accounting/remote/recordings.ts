import type { CallRecord } from '../../entities/call-record.ts';
import { tokensIn } from '../../entities/usage.ts';
import type { Usage } from '../../entities/usage.ts';
import { GatewayError } from '../../errors/gateway-error.ts';
import type { Clock } from '../../lib/clock.ts';
import { idAt, newId } from '../../lib/ids.ts';
import type { BudgetBook } from '../budgets/budget-book.ts';
import type { BudgetSubjects } from '../budgets/terms.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { recordRow, remoteRow } from '../ledger/rows.ts';
import type { RemoteWrite } from '../ledger/rows.ts';
import { WINDOW_MS } from '../limits.ts';
import type { Limits, LimitSubject } from '../limits.ts';
import { chargeOf, priceAt } from './charge.ts';
import type { Charge, RemotePrices } from './charge.ts';
import type { KnownCalls } from './known-calls.ts';
import { assertSame, nameOf, subjectsOf } from './remote-asked.ts';
import type { RemoteAsked } from './remote-asked.ts';
import { callOf, ENDINGS, recordOf } from './remote-record.ts';
import type { RemoteFacts } from './remote-record.ts';
import { written } from './written.ts';

/** A call that is over. */
export interface UsageAsked extends RemoteAsked {
  readonly usage: Usage;
  /** Null: by our prices. */
  readonly costNano: bigint | null;
  /** When it was made; null or a time to come: now. */
  readonly usedAtMs: number | null;
  /** Whose limits it counts in as well. */
  readonly limits: readonly LimitSubject[];
}

/** What became of it. */
export interface Recorded {
  readonly id: string;
  readonly costNano: bigint;
  readonly isPriced: boolean;
  readonly priceId: string;
  /** It was on record before. */
  readonly isRepeat: boolean;
  readonly subjects: BudgetSubjects;
}

export interface RecordingParts {
  clock: Clock;
  ledger: Pick<Ledger, 'enter'>;
  budgets: BudgetBook;
  limits: Limits;
  prices: RemotePrices;
  known: KnownCalls;
  /** A call is on record; should neither wait nor throw. */
  onRecorded(record: CallRecord): void;
}

const USED_BEFORE_MS = 31 * 86_400_000;
const USED_AHEAD_MS = 5 * 60_000;

interface UnderWay {
  readonly fingerprint: string;
  readonly recorded: Promise<Recorded>;
}

/**
 * Puts calls on record that were made elsewhere. They have happened: whatever room budgets have, they are
 * charged, and held there from the step in which they are queued until they are on disk.
 */
export class Recordings {
  readonly #parts: RecordingParts;
  /** By name: who sends one twice at once gets one answer. */
  readonly #underWay = new Map<string, UnderWay>();

  constructor(parts: RecordingParts) {
    this.#parts = parts;
  }

  /**
   * Resolves once it is on disk.
   * @throws GatewayError `conflict` where the name is another call's; `invalid_request` for a new one of
   * long ago, or far ahead; as the ledger's `enter`
   */
  async record(asked: UsageAsked): Promise<Recorded> {
    const name = nameOf(asked);
    const twin = this.#underWay.get(name);
    if (twin !== undefined) {
      assertSame(twin, asked);
      return { ...(await twin.recorded), isRepeat: true };
    }
    const before = this.#parts.known.idOf(asked);
    if (before !== undefined) return this.#repeat(before, asked);
    const recorded = this.#enter(asked).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, { fingerprint: asked.fingerprint, recorded });
    return await recorded;
  }

  async #enter(asked: UsageAsked): Promise<Recorded> {
    const { budgets, clock, ledger, prices } = this.#parts;
    const nowMs = clock.now();
    assertLately(asked, nowMs);
    const createdAtMs = Math.min(asked.usedAtMs ?? nowMs, nowMs);
    const charge = chargeOf(asked, priceAt(prices, asked, createdAtMs));
    // Records of a time are found between ids of that time: one out of place would have all between read.
    const id = createdAtMs === nowMs ? newId() : idAt(createdAtMs);
    const { costNano } = charge;
    const { write, record } = writeOf({ ...asked, id, createdAtMs }, charge);
    const subjects = subjectsOf(asked);
    const hold = { id, subjects, amountNano: costNano, sinceMs: createdAtMs };
    const money = budgets.charge(hold, nowMs);
    const takenBy = await written(ledger, write, {
      written: (by) => {
        if (by !== null) {
          money.release();
          return;
        }
        money.settle(costNano, clock.now());
        this.#countInLimits(asked, createdAtMs);
        this.#parts.onRecorded(record);
      },
      refused: () => money.release(),
    });
    return takenBy === null ? told(id, charge, subjects) : this.#repeat(takenBy, asked);
  }

  #repeat(id: string, asked: UsageAsked): Recorded {
    const known = this.#parts.known.byId(id);
    if (known === undefined) throw new Error(`${id} has a name, and is not known`);
    assertSame(known, asked);
    if (known.record === null) throw new Error(`${id} is not on record`);
    return { ...told(id, known.record, subjectsOf(known)), isRepeat: true };
  }

  /** As one that began now; one that is a minute old counts no more. */
  #countInLimits({ limits, usage }: UsageAsked, createdAtMs: number): void {
    const { clock } = this.#parts;
    if (limits.length === 0 || clock.now() - createdAtMs >= WINDOW_MS) return;
    this.#parts.limits.take(limits, tokensIn(usage), clock.monotonic())[Symbol.dispose]();
  }
}

/** What is said of a time that is not. */
export const NOT_LATELY = 'must be at most 31 days ago, and at most five minutes ahead';

export const isLately = (usedAtMs: number, nowMs: number): boolean =>
  usedAtMs >= nowMs - USED_BEFORE_MS && usedAtMs <= nowMs + USED_AHEAD_MS;

function assertLately({ usedAtMs }: UsageAsked, nowMs: number): void {
  if (usedAtMs === null || isLately(usedAtMs, nowMs)) return;
  throw new GatewayError('invalid_request', `used_at: ${NOT_LATELY}`, { param: 'used_at' });
}

const told = (
  id: string,
  { costNano, isPriced, priceId }: Pick<Charge, 'costNano' | 'isPriced' | 'priceId'>,
  subjects: BudgetSubjects,
): Recorded => ({ id, costNano, isPriced, priceId, isRepeat: false, subjects });

/** Claim and record in one: it is held by nobody but memory. */
function writeOf(call: RemoteFacts, charge: Charge): { write: RemoteWrite; record: CallRecord } {
  const record = recordOf(call, ENDINGS.settled(charge, { holdNano: 0n, durationMs: 0 }));
  const claim = callOf(call, {
    kind: 'usage',
    isPriced: charge.isPriced,
    priceId: charge.priceId,
    onExpiry: 'none',
    expiresAtMs: call.createdAtMs,
  });
  const write = { id: call.id, claim: remoteRow(claim), settlement: recordRow(record) };
  return { write, record };
}
