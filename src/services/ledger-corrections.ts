import type { EntityManager } from '@mikro-orm/sqlite';
import { adjust } from '../accounting/ledger/adjust.ts';
import type { Corrected, Correction, Standing } from '../accounting/ledger/adjust.ts';
import { AMOUNT_NANO_MAX } from '../accounting/ledger/apply.ts';
import { rebuildRollups } from '../accounting/ledger/rebuild.ts';
import type { Rebuilt } from '../accounting/ledger/rebuild.ts';
import type { PriceBook } from '../accounting/prices/price-book.ts';
import { storePrices } from '../accounting/prices/store.ts';
import type { AdjustmentReason } from '../entities/adjustment.ts';
import { Credential } from '../entities/credential.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { newId } from '../lib/ids.ts';
import { usdFromNano } from '../lib/money.ts';
import type { Provider } from '../providers/provider.ts';
import type { Actor } from './actor.ts';
import { adjustInput, repriceInput } from './correction-input.ts';
import type { AdjustInput, RepriceInput } from './correction-input.ts';
import { noRecord } from './explain.ts';
import { change, perform, validated } from './operation.ts';
import type { Note, ServiceParts } from './operation.ts';
import { permit } from './policy.ts';
import { repriceAll } from './reprice-run.ts';
import type { RepriceReport } from './reprice-run.ts';
import { Repricing, providerNames } from './repricing.ts';
import type { Repriced } from './repricing.ts';

export interface CorrectionParts {
  providers: ReadonlyMap<string, Provider>;
  /** Those of operators, the configuration and the catalogue as they are now. */
  prices(): PriceBook | Promise<PriceBook>;
  /** Keeps servers off the data directory; null when one is on it. */
  lock(): { release(): void } | null;
}

/** One commit of corrections, and what its event tells of them. */
interface Batch {
  actor: Actor;
  /** The call, or the run that corrects many. */
  subject: string;
  requestId?: string;
  reason: AdjustmentReason;
  note: string | null;
  ids: readonly string[];
  judge(standing: Standing): Correction | null;
}

/**
 * Corrections of the ledger. Records are never changed: what is wrong with them is put right by
 * adjustments beside them, and the roll-ups follow in the same commit.
 */
export class LedgerCorrections {
  readonly #parts: ServiceParts;
  readonly #own: CorrectionParts;

  constructor(parts: ServiceParts, own: CorrectionParts) {
    this.#parts = parts;
    this.#own = own;
  }

  /**
   * Charges calls at the prices that are known by now to have held at their time. May be repeated,
   * and broken off at any point: a call that costs what it is to cost is not adjusted again.
   */
  async reprice(actor: Actor, input: RepriceInput = {}): Promise<RepriceReport> {
    permit(actor, 'repriceLedger');
    const filter = validated(repriceInput(providerNames(this.#own.providers)), input);
    const em = this.#parts.em.fork();
    const providerOf = await this.#providersOfCredentials(em);
    const { providers } = this.#own;
    const prices = await this.#own.prices();
    const repricing = new Repricing(em, { prices, providerOf, providers, filter });
    const run = { actor, subject: newId(), reason: 'reprice', note: filter.note ?? null } as const;
    const stored = new Set<string>();
    const write = async (changed: readonly Repriced[]): Promise<Corrected> => {
      await this.#store(changed, stored);
      const found = new Map(changed.map((one) => [one.id, one]));
      const judge = ({ id, isOperators }: Standing) => {
        const one = found.get(id);
        // Meanwhile an operator may have spoken.
        if (one === undefined || isOperators) return null;
        return { costNano: one.costNano, priceId: one.price.id };
      };
      return await this.#correct({ ...run, ids: [...found.keys()], judge });
    };
    return await repriceAll(repricing, filter.dryRun ? null : write);
  }

  /**
   * An operator's word on what a call cost: one that was lost, say, and is known not to have
   * happened. Later prices leave it alone.
   */
  async adjust(actor: Actor, input: AdjustInput): Promise<Corrected> {
    const asked = { actor, operation: 'adjustLedger', schema: adjustInput, input } as const;
    return await perform(this.#parts, asked, async ({ wanted, tx, note: noteEvent }) => {
      const { requestId, cost, delta = 0n, note } = wanted;
      const corrected = await this.#enter(tx, noteEvent, {
        actor,
        subject: requestId,
        requestId,
        reason: 'operator',
        note,
        ids: [requestId],
        judge: (standing) => operatorsWord(cost ?? standing.costNano + delta, standing),
      });
      if (corrected.calls === 0) throw noRecord(requestId);
      return corrected;
    });
  }

  /** Makes the roll-ups anew from records and adjustments, while no server serves. */
  async rebuild(actor: Actor): Promise<Rebuilt> {
    permit(actor, 'rebuildLedger');
    const lock = this.#own.lock();
    if (lock === null) {
      throw new GatewayError(
        'conflict',
        'A server serves this data directory, and could record no call meanwhile. Stop it first.',
      );
    }
    try {
      return await change(this.#parts, actor, async (tx, note) => {
        const rebuilt = await rebuildRollups(tx);
        note({ type: 'ledger.rebuilt', subject: 'rollups', after: rebuilt });
        return rebuilt;
      });
    } catch (error) {
      throw unsummable(error) ?? error;
    } finally {
      lock.release();
    }
  }

  async #correct(batch: Batch): Promise<Corrected> {
    return await change(this.#parts, batch.actor, (tx, noteEvent) =>
      this.#enter(tx, noteEvent, batch),
    );
  }

  async #enter(tx: EntityManager, noteEvent: Note, batch: Batch): Promise<Corrected> {
    const { actor, subject, requestId, reason, note, ids, judge } = batch;
    const facts = { reason, actor: actor.name, note, atMs: this.#parts.clock.now() };
    const corrected = await adjust(tx, ids, facts, judge);
    const { entries, beforeNano, afterNano } = corrected;
    const after = { reason, entries, delta: usdFromNano(afterNano - beforeNano), note };
    const call = requestId === undefined ? {} : { requestId };
    if (entries > 0) noteEvent({ type: 'ledger.adjusted', subject, ...call, after });
    return corrected;
  }

  /** Adjustments name prices that no start may have put on record yet. */
  async #store(changed: readonly Repriced[], stored: Set<string>): Promise<void> {
    const { em, clock } = this.#parts;
    const used = new Map(changed.map(({ price }) => [price.id, price]));
    const fresh = [...used.values()].filter(({ id }) => !stored.has(id));
    if (fresh.length > 0) await storePrices(em.fork(), fresh, clock.now());
    for (const { id } of fresh) stored.add(id);
  }

  /** Those disabled by now included: their calls are on record. */
  async #providersOfCredentials(em: EntityManager): Promise<Map<string, Provider>> {
    const credentials = await em.find(Credential, {});
    return new Map(
      credentials.flatMap(({ id, provider }) => {
        const kind = this.#own.providers.get(provider);
        return kind === undefined ? [] : [[id, kind] as const];
      }),
    );
  }
}

/** Damage that no roll-up could show: SQLite refuses sums beyond 64 bits. */
function unsummable(error: unknown): GatewayError | null {
  if (!String((error as { message?: unknown }).message).endsWith('integer overflow')) return null;
  const text = 'Some amounts on record cannot be summed: `tollgate ledger verify` tells of them.';
  return new GatewayError('conflict', text, { cause: error });
}

function operatorsWord(costNano: bigint, { costNano: beforeNano }: Standing): Correction {
  if (costNano >= 0n && costNano <= AMOUNT_NANO_MAX) return { costNano, priceId: '' };
  const now = `the call costs $${usdFromNano(beforeNano)} by now`;
  const text = `delta: ${now}, and a cost is from 0 to ${usdFromNano(AMOUNT_NANO_MAX)}`;
  throw new GatewayError('invalid_request', text, { param: 'delta' });
}
