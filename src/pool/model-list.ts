import type { MemberModels } from './member-models.ts';
import type { ListedRule, ModelRules } from './model-rules.ts';
import type { Served } from './served.ts';

/** A model as `GET /v1/models` shows it. */
export interface ListedModel {
  readonly id: string;
  /** Who serves it, if possible one whose provider listed it, and under which name. */
  readonly memberId: string;
  readonly upstream: string;
}

type Find = (model: string) => ReadonlyMap<string, Served>;

/** Names of exact rules and those that members are known to serve, as far as asking for them works. */
export function listModels(
  rules: ModelRules,
  members: readonly MemberModels[],
  findAnew: Find,
): ListedModel[] {
  const find = remembering(findAnew);
  const listed = rules.listed();
  const ids = new Set(rules.exactNames());
  for (const [upstream, owners] of ownersOf(members)) {
    const given = namesFor(upstream, listed);
    for (const owner of owners) {
      // Only those that lead back to it: a more specific rule may have taken a name away.
      const shown = given.filter(
        ({ id, rule }) => owner.isAdmittedBy(rule) && find(id).get(owner.id)?.upstream === upstream,
      );
      if (shown.length === 0) ids.add(upstream);
      for (const { id } of shown) ids.add(id);
    }
  }
  // A provider may list what has no name; asking for that is asking for no model.
  ids.delete('');
  return [...ids].toSorted().flatMap((id) => {
    const found = find(id);
    const servers = members.filter((member) => found.has(member.id));
    const source = servers.find(({ id: memberId, discovered }) =>
      discovered?.has(found.get(memberId)?.upstream ?? ''),
    );
    const memberId = (source ?? servers[0])?.id ?? '';
    const served = found.get(memberId);
    return served === undefined ? [] : [{ id, memberId, upstream: served.upstream }];
  });
}

function ownersOf(members: readonly MemberModels[]): Map<string, Set<MemberModels>> {
  const owners = new Map<string, Set<MemberModels>>();
  for (const member of members) {
    for (const upstream of member.names()) {
      const known = owners.get(upstream);
      if (known === undefined) owners.set(upstream, new Set([member]));
      else known.add(member);
    }
  }
  return owners;
}

/** The names that listed rules give to an upstream model. */
const namesFor = (upstream: string, listed: readonly ListedRule[]) =>
  listed.flatMap(({ rule, name, upstream: pattern }) => {
    const stars = pattern.match(upstream);
    return stars === null ? [] : [{ rule, id: name.fill(stars) }];
  });

/** Members mostly have the same models: each name is looked up once. */
function remembering(find: Find): Find {
  const found = new Map<string, ReadonlyMap<string, Served>>();
  return (model) => {
    const known = found.get(model) ?? find(model);
    found.set(model, known);
    return known;
  };
}
