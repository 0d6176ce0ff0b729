import type * as fc from 'fast-check';
import { BudgetBook } from '../../../src/accounting/budgets/budget-book.ts';
import type { Ledger } from '../../../src/accounting/ledger/ledger.ts';
import { Limits } from '../../../src/accounting/limits.ts';
import type { LimitSubject } from '../../../src/accounting/limits.ts';
import { identified } from '../../../src/accounting/prices/price-row.ts';
import type { Settlement, Ticket } from '../../../src/accounting/ticket.ts';
import type { CallRecord, HoldDraft } from '../../../src/entities/call-record.ts';
import { noUsage } from '../../../src/entities/usage.ts';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { admit } from '../../../src/proxy/admit.ts';
import type { AdmitParts } from '../../../src/proxy/admit.ts';
import type { Arrived } from '../../../src/proxy/data-plane.ts';
import { chatCompletions } from '../../../src/proxy/endpoints/chat-completions.ts';
import type { Route } from '../../../src/proxy/route.ts';
import type { KeyEntry } from '../../../src/proxy/virtual-keys.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { aKey, aPool, alike } from './fixture.ts';

/** A nano-dollar a token, so that tokens are money. */
const PRICE = identified({
  provider: 'openai',
  model: 'm',
  validFromMs: 0,
  source: 'config',
  version: 'test',
  rates: { input: 1_000_000n, output: 1_000_000n },
  tiers: [],
});

/** A call that says how much it may use. */
export interface Ask {
  id: string;
  key: Pick<KeyEntry, 'id' | 'teamId' | 'userId' | 'limits'>;
  /** Two at least: its body has one. */
  tokens: number;
  /** The caller's own credential pays. */
  isCallers: boolean;
  /** How long its body took. */
  slowMs: number;
}

const storeFails = () => new GatewayError('storage_unavailable', 'The store fails.');

/** What becomes of a hold that is being written. */
export interface Commit {
  readonly draft: HoldDraft;
  state: 'waiting' | 'written' | 'refused';
}

/** A ledger whose commits happen when the scheduler says so, and fail where the test says so. */
export class ScheduledLedger {
  readonly commits = new Map<string, Commit>();
  /** In order; a call that is here twice was charged twice. */
  readonly records: CallRecord[] = [];
  /** Holds are refused at once. */
  isFailing = false;
  /** The next hold will be refused when it is to be written. */
  isNextRefused = false;
  onRecord: (record: CallRecord) => void = () => undefined;
  readonly #scheduler: fc.Scheduler;

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
  }

  hold(draft: HoldDraft): Promise<void> {
    if (this.isFailing) throw storeFails();
    const isRefused = this.isNextRefused;
    this.isNextRefused = false;
    const isExtension = this.commits.has(draft.id);
    const commit: Commit = { draft, state: 'waiting' };
    if (!isExtension) this.commits.set(draft.id, commit);
    return this.#scheduler.schedule(Promise.resolve(), `commit ${draft.id}`).then(() => {
      commit.state = isRefused ? 'refused' : 'written';
      if (isRefused) throw storeFails();
    });
  }

  settle(record: CallRecord): void {
    this.records.push(record);
    this.onRecord(record);
  }
}

/** The real parts that admit and settle calls, above a ledger of the test's. */
export class Admission<Store extends Pick<Ledger, 'hold' | 'settle'> = ScheduledLedger> {
  readonly clock: ManualClock;
  readonly limits = new Limits();
  readonly budgets = new BudgetBook(() => undefined);
  readonly ledger: Store;
  readonly settled: string[] = [];
  readonly #parts: AdmitParts;
  readonly #pool = aPool(alike('a'));

  constructor(ledger: Store, clock = new ManualClock(Date.parse('2026-05-06T12:00Z'))) {
    this.ledger = ledger;
    this.clock = clock;
    this.#parts = {
      clock: this.clock,
      limits: this.limits,
      budgets: this.budgets,
      ledger: this.ledger,
      onSettled: ({ id }: CallRecord) => void this.settled.push(id),
    } as unknown as AdmitParts;
  }

  /** @throws GatewayError as the real one does */
  admit({ id, key, tokens, isCallers, slowMs }: Ask): Ticket {
    const route = { isCallers, note: null } as unknown as Route;
    const arrived = {
      call: { id, startedAtMs: this.clock.now() - slowMs },
      endpoint: chatCompletions,
      key: aKey(key),
      pool: this.#pool,
      prices: { of: () => PRICE },
      request: { asked: { model: 'm', fields: { max_tokens: tokens - 1 }, bytes: 4 } },
    };
    return admit(arrived as unknown as Arrived, route, this.#parts);
  }

  /** Whether anybody of it has a call under way. */
  isBusy({ scope, id }: Pick<LimitSubject, 'scope' | 'id'>): boolean {
    const alone = { scope, id, rpm: null, tpm: null, concurrency: 1 };
    return this.limits.refusal([alone], 0, this.clock.monotonic()) !== null;
  }
}

/** How a call ended that used so many tokens; null for one that came to nothing. */
export const endOf = ({ isCallers }: Ask, used: number | null): Settlement => ({
  outcome: used === null ? 'voided' : 'settled',
  reason: 'ok',
  status: 200,
  credentialId: 'a',
  isStream: false,
  usage: used === null ? null : { ...noUsage(), output: used },
  usageSource: 'reported',
  price: PRICE,
  isPaidElsewhere: isCallers,
  durationMs: 1,
});
