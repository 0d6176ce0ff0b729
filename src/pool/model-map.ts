import type { ModelRule } from '../entities/pool-policy.ts';
import { MemberModels } from './member-models.ts';
import type { RuledMember } from './member-models.ts';
import { listModels } from './model-list.ts';
import type { ListedModel } from './model-list.ts';
import { ModelRules } from './model-rules.ts';
import { serve } from './served.ts';
import type { Served } from './served.ts';

/** Clients choose model names: beyond so many the oldest is forgotten. */
const REMEMBERED_MAX = 1000;

/** Which of a pool's members serve which model, and under which name. Made anew when either changes. */
export class ModelMap {
  readonly #rules: ModelRules;
  readonly #members: readonly MemberModels[];
  readonly #remembered = new Map<string, ReadonlyMap<string, Served>>();
  #listed: readonly ListedModel[] | null = null;

  constructor(rules: readonly ModelRule[], members: readonly RuledMember[]) {
    this.#rules = new ModelRules(rules);
    this.#members = members.map((member) => new MemberModels(member));
  }

  /** How each member serves the model, by the member's id. No model ('') is served by everybody. */
  resolve(model: string): ReadonlyMap<string, Served> {
    const known = this.#remembered.get(model);
    if (known !== undefined) return known;
    const found = this.find(model);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size >= REMEMBERED_MAX && oldest !== undefined) {
      this.#remembered.delete(oldest);
    }
    this.#remembered.set(model, found);
    return found;
  }

  /** Every model known to be served, by name. */
  list(): readonly ListedModel[] {
    this.#listed ??= listModels(this.#rules, this.#members, (model) => this.find(model));
    return this.#listed;
  }

  /** As `resolve`, and not remembered: for whoever goes through all of them. */
  find(model: string): ReadonlyMap<string, Served> {
    const group = this.#rules.find(model);
    const admitted = this.#members.flatMap((member) => {
      const rule = group.rules.find((each) => member.isAdmittedBy(each));
      return rule === undefined ? [] : [{ member, rule }];
    });
    const isKnown = admitted.some(({ member }) => member.knows(model));
    const services = new Map(
      group.rules.map((rule) => [rule, serve(model, { group, rule, isKnown })]),
    );
    const found = new Map<string, Served>();
    for (const { member, rule } of admitted) {
      const service = services.get(rule);
      const isPromised = group.pattern.isExact && rule.credentials !== null;
      if (service !== undefined && (model === '' || member.serves(service.upstream, isPromised))) {
        found.set(member.id, service);
      }
    }
    return found;
  }
}
