import DataLoader from 'dataloader';
import type { Adjustment } from '../entities/adjustment.ts';
import type { UsageDimension } from '../entities/usage-dimension.ts';
import type { Actor } from '../services/actor.ts';
import type { ControlPlane } from '../services/control-plane.ts';
import type { UsageGroup } from '../services/stats.ts';

interface NameAsked {
  actor: Actor;
  dimension: UsageDimension;
  id: string;
}

/** What one thing used, told apart by something. */
interface UsageAsked extends NameAsked {
  by: readonly UsageDimension[];
  fromMs: number | undefined;
  toMs: number | undefined;
}

/** Names, usage and corrections of many things at once. Nothing is kept: subscriptions go on for long. */
export interface UsageLoaders {
  name: DataLoader<NameAsked, string>;
  usage: DataLoader<UsageAsked, UsageGroup[]>;
  adjustments: DataLoader<string, Adjustment[]>;
}

export function createUsageLoaders(services: ControlPlane): UsageLoaders {
  return {
    name: byKind(
      ({ actor, dimension }) => [actor.userId, dimension],
      (all, { actor, dimension }) => namesOf(services, actor, dimension, idsOf(all)),
    ),
    usage: byKind(
      ({ actor, dimension, by, fromMs, toMs }) => [actor.userId, dimension, by, fromMs, toMs],
      (all, one) => usageOf(services, one, idsOf(all)),
    ),
    adjustments: new DataLoader(
      async (ids) => {
        const found = await services.usage.adjustments(ids);
        return ids.map((id) => found.get(id) ?? []);
      },
      { cache: false },
    ),
  };
}

const idsOf = (all: readonly { id: string }[]): string[] => [...new Set(all.map(({ id }) => id))];

/** Those that are asked for alike go into one batch. */
function byKind<K extends { id: string }, V>(
  kindOf: (key: K) => unknown,
  find: (alike: readonly K[], one: K) => Promise<(id: string) => V>,
): DataLoader<K, V> {
  return new DataLoader<K, V>(
    async (keys) => {
      const kinds = Map.groupBy(keys, (key) => JSON.stringify(kindOf(key)));
      const found = new Map<K, V>();
      const batches = [...kinds.values()].map(async (alike) => {
        const [one] = alike;
        if (one === undefined) return;
        const valueOf = await find(alike, one);
        for (const key of alike) found.set(key, valueOf(key.id));
      });
      await Promise.all(batches);
      return keys.map((key) => found.get(key) as V);
    },
    { cache: false },
  );
}

const namesOf = (
  { usage }: ControlPlane,
  actor: Actor,
  dimension: UsageDimension,
  ids: string[],
): Promise<(id: string) => string> => usage.names(actor, dimension, ids);

async function usageOf(
  { stats }: ControlPlane,
  { actor, dimension, by, fromMs, toMs }: UsageAsked,
  ids: string[],
): Promise<(id: string) => UsageGroup[]> {
  const range = { filter: { [dimension]: ids }, fromMs, toMs };
  const groups = await stats.by(actor, [...new Set([dimension, ...by])], range);
  const byId = Map.groupBy(groups, ({ of }) => of[dimension]);
  return (id) => byId.get(id) ?? [];
}
