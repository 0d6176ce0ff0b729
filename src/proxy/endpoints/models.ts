import type { Pool } from '../../pool/pool.ts';
import { modelNotFound } from '../route-for.ts';
import type { KeyEntry } from '../virtual-keys.ts';
import type { Endpoint } from './endpoint.ts';

/**
 * https://platform.openai.com/docs/api-reference/models: what the caller may use, sorted. Asked
 * upstream only while no provider of the pool has told its models and no list names any.
 */
export const modelsList: Endpoint = {
  id: 'models.list',
  method: 'GET',
  path: '/v1/models',
  body: 'none',
  model: 'none',
  isRepeatable: true,
  meter: { kind: 'free' },
  here: (pool, _path, key) => {
    const data = listed(pool, key);
    // What an upstream lists may be more than the key may use.
    const isAnswer = data.length > 0 || isKnown(pool) || key.scope.isOfModels;
    return isAnswer ? { object: 'list', data } : null;
  },
};

export const modelsGet: Endpoint = {
  ...modelsList,
  id: 'models.get',
  path: '/v1/models/*',
  here: (pool, path, key) => {
    const id = decoded(path.slice('/v1/models/'.length));
    if (!key.scope.allowsModel(id)) throw modelNotFound(id);
    const found = listed(pool, key).find((model) => model.id === id);
    if (found === undefined && isKnown(pool)) throw modelNotFound(id);
    return found ?? null;
  },
};

/** Vercel's model names have two segments. */
export const modelsGetSlug: Endpoint = { ...modelsGet, path: '/v1/models/*/*' };

/** Whether every name that is served is known: some credential may serve others, too. */
const isKnown = ({ members }: Pool): boolean =>
  members.every(
    ({ models, discovered }) =>
      discovered !== null || models?.every((name) => !name.includes('*')) === true,
  );

const listed = (pool: Pool, { scope }: Pick<KeyEntry, 'scope'>) =>
  pool.models
    .list()
    .filter(({ id }) => scope.allowsModel(id))
    .map(({ id, memberId, upstream }) => {
      const member = pool.member(memberId);
      const facts = member?.discovered?.get(upstream);
      return {
        id,
        object: 'model',
        created: facts?.created ?? 0,
        owned_by: facts?.ownedBy || (member?.kind.id ?? ''),
      };
    });

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
