import type { EntityManager } from '@mikro-orm/sqlite';
import type { PriceBook } from '../accounting/prices/price-book.ts';
import { Pool as PoolRow } from '../entities/pool.ts';
import { VirtualKey } from '../entities/virtual-key.ts';
import type { Pool } from '../pool/pool.ts';
import type { UpstreamKind } from '../pool/upstream-kind.ts';
import type { Actor } from './actor.ts';
import { modelsInput } from './models-input.ts';
import type { ModelsInput } from './models-input.ts';
import { validated } from './operation.ts';
import type { ServiceParts } from './operation.ts';
import { pageOf } from './page.ts';
import type { Page } from './page.ts';
import { permit } from './policy.ts';

/** A thing by its id, and what people call it. */
export interface Named {
  id: string;
  name: string;
}

/** A model as a pool's credentials of one provider serve it, under one name. */
export interface ModelOffer {
  pool: Named;
  provider: string;
  /** The name that is sent upstream. */
  upstream: string;
  /** Who serves it; null for whoever may not know. */
  credentials: Named[] | null;
  /** What calls are priced by now; null: not known. */
  priceId: string | null;
}

/** What can be asked for. */
export interface ModelFacts {
  id: string;
  offers: ModelOffer[];
}

export interface ModelParts {
  pools(): readonly Pool[];
  book(): Promise<PriceBook>;
}

/** A pool that an actor may know of, and whether it may know its credentials. */
interface Visible {
  pool: Pool;
  isOpen: boolean;
}

/** The models of all pools together, as far as providers and lists have told them. */
export class ModelService {
  readonly #parts: Pick<ServiceParts, 'em' | 'clock'>;
  readonly #own: ModelParts;

  constructor(parts: Pick<ServiceParts, 'em' | 'clock'>, own: ModelParts) {
    this.#parts = parts;
    this.#own = own;
  }

  /** By name; for a user those of pools that are theirs, or that a key of theirs goes to. */
  async list(actor: Actor, input: ModelsInput = {}): Promise<Page<ModelFacts>> {
    permit(actor, 'models');
    const { pool, search = '', first, after = '' } = validated(modelsInput, input);
    const visible = (await this.#visible(actor)).filter(
      (one) => pool === undefined || [one.pool.id, one.pool.name].includes(pool),
    );
    const names = new Set(visible.flatMap((one) => one.pool.models.list().map(({ id }) => id)));
    const wanted = [...names]
      .filter((name) => name > after && name.toLowerCase().includes(search))
      .toSorted();
    const book = await this.#own.book();
    const models = wanted.slice(0, first + 1).map((id) => ({
      id,
      offers: visible.flatMap((one) => this.#offers(id, one, book)),
    }));
    return pageOf(models, first, ({ id }) => id);
  }

  #offers(model: string, { pool, isOpen }: Visible, book: PriceBook): ModelOffer[] {
    const served = pool.models.find(model);
    const offers: (ModelOffer & { kind: UpstreamKind })[] = [];
    for (const { id, kind, name } of pool.members) {
      const upstream = served.get(id)?.upstream;
      if (upstream === undefined) continue;
      const same = offers.find((one) => one.kind === kind && one.upstream === upstream);
      const price = book.of(kind, upstream, this.#parts.clock.now());
      const offer = same ?? {
        kind,
        pool: { id: pool.id, name: pool.name },
        provider: kind.id,
        upstream,
        credentials: isOpen ? [] : null,
        priceId: price?.id ?? null,
      };
      offer.credentials?.push({ id, name });
      if (same === undefined) offers.push(offer);
    }
    return offers;
  }

  async #visible({ userId }: Actor): Promise<Visible[]> {
    const pools = this.#own.pools();
    if (userId === null) return pools.map((pool) => ({ pool, isOpen: true }));
    const { own, used } = await poolsOf(this.#parts.em.fork(), userId);
    return pools
      .filter(({ id }) => own.has(id) || used.has(id))
      .map((pool) => ({ pool, isOpen: own.has(pool.id) }));
  }
}

/** Pools that are a user's own, and those that their keys go to. */
async function poolsOf(em: EntityManager, userId: string) {
  const own = await em.find(PoolRow, { userId }, { fields: ['id'] });
  const keys = await em.find(VirtualKey, { userId, deletedAt: null }, { fields: ['poolId'] });
  return {
    own: new Set(own.map(({ id }) => id)),
    used: new Set(keys.map(({ poolId }) => poolId)),
  };
}
