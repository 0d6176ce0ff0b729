import type { ModelRule } from '../entities/pool-policy.ts';
import { ModelPattern } from './model-pattern.ts';

/** What decides which models a member serves. */
export interface RuledMember {
  id: string;
  name: string;
  providerId: string;
  /** Its allow-list: patterns of names as its provider knows them; null: none was given. */
  models: readonly string[] | null;
  /** As its provider listed them; null: not known. */
  discovered: ReadonlySet<string> | null;
}

/** The models of one member, under its provider's names. */
export class MemberModels {
  readonly id: string;
  readonly discovered: ReadonlySet<string> | null;
  readonly #name: string;
  readonly #providerId: string;
  readonly #hasAllowList: boolean;
  readonly #allowed: ReadonlySet<string>;
  readonly #allowedPatterns: readonly ModelPattern[];

  constructor({ id, name, providerId, models, discovered }: RuledMember) {
    this.id = id;
    this.discovered = discovered;
    this.#name = name;
    this.#providerId = providerId;
    this.#hasAllowList = models !== null;
    const patterns = (models ?? []).map((text) => new ModelPattern(text));
    const exact = patterns.filter(({ isExact }) => isExact);
    this.#allowed = new Set(exact.map(({ text }) => text));
    this.#allowedPatterns = patterns.filter(({ isExact }) => !isExact);
  }

  isAdmittedBy({ credentials, provider }: ModelRule): boolean {
    return (
      (credentials === null || credentials.includes(this.#name)) &&
      (provider === null || provider === this.#providerId)
    );
  }

  /**
   * The allow-list decides; without one, what was discovered, unless an operator's word outweighs
   * it. Who is not known to lack a model serves it (contracts D3).
   */
  serves(upstream: string, isPromised: boolean): boolean {
    if (this.#hasAllowList) return this.#isAllowed(upstream);
    return isPromised || this.discovered === null || this.discovered.has(upstream);
  }

  /** Whether its provider is known to have a model of exactly this name. */
  knows(model: string): boolean {
    return this.#allowed.has(model) || this.discovered?.has(model) === true;
  }

  /** Every name it is known to serve; some twice. */
  names(): string[] {
    const discovered = [...(this.discovered ?? [])];
    if (!this.#hasAllowList) return discovered;
    return [...this.#allowed, ...discovered.filter((name) => this.#isAllowed(name))];
  }

  #isAllowed(upstream: string): boolean {
    return (
      this.#allowed.has(upstream) ||
      this.#allowedPatterns.some((pattern) => pattern.match(upstream) !== null)
    );
  }
}
