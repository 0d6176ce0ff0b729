import type { PriceSource } from '../../entities/price-source.ts';
import { makerOf } from './gateway-slug.ts';
import { matches, withDashedDates } from './model-match.ts';
import type { ModelMatcher } from './model-match.ts';
import type { PriceRow } from './price-row.ts';

/** Model names come from clients: bounds what a stream of invented ones can occupy. */
const REMEMBERED_MAX = 10_000;
const NAME_LENGTH_MAX = 256;
const ANY_PROVIDER = '*';

/** What is asked for a model, and the price list that it goes by. */
export interface PricedKind {
  readonly id: string;
  priceKey(model: string): { provider: string; model: string };
}

/**
 * Finds the price of a model. Rows that people gave go before the catalogue's, and of two for the same
 * provider and model an operator's before the configuration's, whatever their dates; a name that is
 * no id is resolved by the catalogue's own rules, and a gateway's `maker/model` by the maker's list.
 * Of rows alike the first holds.
 */
export class PriceBook {
  readonly rows: readonly PriceRow[];
  /** By people: operators and the configuration. */
  readonly #configured = new Map<string, PriceRow[]>();
  /** Those that configured rows name. */
  readonly #configuredProviders = new Set<string>();
  readonly #listed = new Map<string, PriceRow[]>();
  readonly #matchers = new Map<string, ModelMatcher[]>();
  /** Versions that may apply to a name, the first valid one wins. */
  readonly #remembered = new Map<string, readonly PriceRow[]>();

  constructor(rows: readonly PriceRow[], matchers: readonly ModelMatcher[] = []) {
    this.rows = rows.toSorted(firstToHold);
    for (const row of this.rows) {
      const isListed = row.source === 'catalogue';
      const table = isListed ? this.#listed : this.#configured;
      append(table, keyOf(normal(row.provider), normal(row.model)), row);
      if (!isListed) this.#configuredProviders.add(normal(row.provider));
    }
    for (const matcher of matchers) append(this.#matchers, matcher.provider, matcher);
  }

  /**
   * The price that holds at a time (epoch milliseconds) for a model at one kind of provider: what is
   * configured for the kind by its own id, else what holds on the list it goes by.
   */
  of(kind: PricedKind, upstream: string, atMs: number): PriceRow | undefined {
    const { provider, model } = kind.priceKey(upstream);
    if (kind.id === provider || !this.#configuredProviders.has(kind.id)) {
      return this.find(provider, model, atMs);
    }
    const key = keyOf(`${kind.id}>${provider}`, model);
    const versions = this.#remembered.get(key) ?? this.#learn(key, provider, model, kind.id);
    return versionAt(versions, atMs);
  }

  /** The price that holds at a time on a provider's list; undefined if none is known. */
  find(provider: string, model: string, atMs: number): PriceRow | undefined {
    const key = keyOf(provider, model);
    return versionAt(this.#remembered.get(key) ?? this.#learn(key, provider, model), atMs);
  }

  #learn(key: string, provider: string, model: string, kindId?: string): readonly PriceRow[] {
    if (model.length > NAME_LENGTH_MAX) return [];
    const name = normal(model);
    const listed = this.#versions(normal(provider), name);
    const versions =
      kindId === undefined ? listed : [...this.#kindsVersions(kindId, provider, name), ...listed];
    if (this.#remembered.size >= REMEMBERED_MAX) {
      const oldest = this.#remembered.keys().next();
      if (oldest.done !== true) this.#remembered.delete(oldest.value);
    }
    this.#remembered.set(key, versions);
    return versions;
  }

  /** Configured for a kind by its own id, where its list has another name. */
  #kindsVersions(kindId: string, provider: string, name: string): PriceRow[] {
    const entry = this.#resolve(provider, name);
    return [
      ...this.#configuredFor(kindId, name),
      ...(entry === undefined ? [] : this.#configuredFor(kindId, normal(entry.model))),
    ];
  }

  #versions(provider: string, name: string): PriceRow[] {
    const configured = [
      ...this.#configuredFor(provider, name),
      ...this.#configuredFor(ANY_PROVIDER, name),
    ];
    const entry = this.#resolve(provider, name);
    if (entry === undefined) return [...configured, ...this.#makersVersions(provider, name)];
    const id = normal(entry.model);
    return [
      ...configured,
      ...this.#configuredFor(provider, id),
      ...this.#configuredFor(ANY_PROVIDER, id),
      ...this.#listedFor(entry.pricedBy, id),
    ];
  }

  /**
   * What a gateway charges for a maker's model. Prices configured for the maker are not taken: a
   * discount there says nothing about the gateway. Neither is "free", which is the maker's gift.
   */
  #makersVersions(gateway: string, slug: string): PriceRow[] {
    const maker = makerOf(gateway, slug);
    if (maker === undefined) return [];
    const entry = this.#resolve(maker.provider, maker.model);
    const id = normal(entry?.model ?? maker.model);
    return [
      ...this.#configuredFor(ANY_PROVIDER, maker.model),
      ...this.#configuredFor(ANY_PROVIDER, id),
      ...this.#listedFor(entry?.pricedBy ?? maker.provider, id).filter(isCharged),
    ];
  }

  /** The catalogue's entry for a name: its id, else the first rule that fits. */
  #resolve(provider: string, name: string): { pricedBy: string; model: string } | undefined {
    if (this.#listed.has(keyOf(provider, name))) return { pricedBy: provider, model: name };
    const matchers = this.#matchers.get(provider) ?? [];
    const named = (text: string) => matchers.find(({ clause }) => matches(clause, text));
    return named(name) ?? named(withDashedDates(name));
  }

  #configuredFor(provider: string, model: string): readonly PriceRow[] {
    return this.#configured.get(keyOf(provider, model)) ?? [];
  }

  #listedFor(provider: string, model: string): readonly PriceRow[] {
    return this.#listed.get(keyOf(provider, model)) ?? [];
  }
}

/** Operators' rows, then the configuration's, then the list's; of each source the newest first. */
const firstToHold = (left: PriceRow, right: PriceRow): number =>
  RANKS[left.source] - RANKS[right.source] || right.validFromMs - left.validFromMs;

const RANKS: Record<PriceSource, number> = { operator: 0, config: 1, catalogue: 2 };

function versionAt(versions: readonly PriceRow[], atMs: number): PriceRow | undefined {
  for (const row of versions) {
    if (row.validFromMs <= atMs) return row;
  }
  return undefined;
}

function isCharged(row: PriceRow): boolean {
  return Object.values(row.rates).some((rate) => rate > 0n);
}

function normal(name: string): string {
  return name.trim().toLowerCase();
}

function keyOf(provider: string, model: string): string {
  return `${provider}\n${model}`;
}

function append<T>(table: Map<string, T[]>, key: string, item: T): void {
  const items = table.get(key);
  if (items === undefined) table.set(key, [item]);
  else items.push(item);
}
