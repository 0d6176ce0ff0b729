import { describe, expect, test } from '@jest/globals';
import type { ModelRule } from '../../../../src/entities/pool-policy.ts';
import type { Member } from '../../../../src/pool/member.ts';
import { answerHere } from '../../../../src/proxy/answer-here.ts';
import { modelsGet, modelsGetSlug, modelsList } from '../../../../src/proxy/endpoints/models.ts';
import { KeyScope } from '../../../../src/proxy/key-scope.ts';
import { Client, aKey, aMember, aPool, aRule } from '../fixture.ts';

/** One whose provider has listed these models; null: it was not asked yet. */
function aTold(id: string, listed: string[] | null, models: string[] | null = null): Member {
  const member = aMember(id, { models });
  if (listed === null) return member;
  const facts = listed.map((name) => ({ id: name, created: name.length, ownedBy: `${id}-owner` }));
  member.discovered = new Map(facts.map((fact) => [fact.id, fact]));
  return member;
}

const listOf = (members: Member[], models: ModelRule[] = []) =>
  modelsList.here?.(aPool(members, { models }), '/v1/models', aKey()) as {
    data: { id: string }[];
  } | null;

const idsOf = (members: Member[], models?: ModelRule[]) =>
  listOf(members, models)?.data.map(({ id }) => id) ?? null;

const getIn = (name: string, members: Member[], models: ModelRule[] = []) =>
  modelsGet.here?.(aPool(members, { models }), `/v1/models/${name}`, aKey());

describe('the list', () => {
  test('has every model of every credential once, sorted, as OpenAI shows it', () => {
    const members = [aTold('a', ['m2', 'm10']), aTold('b', ['m1', 'm2', 'A'])];
    expect(listOf(members)).toEqual({
      object: 'list',
      data: [
        { id: 'A', object: 'model', created: 1, owned_by: 'b-owner' },
        { id: 'm1', object: 'model', created: 2, owned_by: 'b-owner' },
        { id: 'm10', object: 'model', created: 3, owned_by: 'a-owner' },
        { id: 'm2', object: 'model', created: 2, owned_by: 'a-owner' },
      ],
    });
  });

  test.each<[string, Member[], ModelRule[], string[] | null]>([
    [
      'one that was told, without those that nobody told',
      [aTold('a', ['m']), aTold('b', null)],
      [],
      ['m'],
    ],
    ['those an allow-list names, told or not', [aTold('a', null, ['x', 'y'])], [], ['x', 'y']],
    ['those told that an allow-list admits', [aTold('a', ['x-1', 'y-1'], ['x-*'])], [], ['x-1']],
    ['a rule’s name', [aTold('a', ['m'])], [aRule('nice', { upstream: 'm' })], ['m', 'nice']],
    ['a rule’s name whose model nobody has told', [aTold('a', null)], [aRule('nice')], ['nice']],
    [
      'no rule’s name that nobody serves',
      [aTold('a', ['m'])],
      [aRule('nice', { upstream: 'x' })],
      ['m'],
    ],
    [
      'names under a rule’s',
      [aTold('a', ['m'])],
      [aRule('p/*', { upstream: '*', isListed: true })],
      ['p/m'],
    ],
    ['nothing, where that is all there is', [aTold('a', [])], [], []],
    ['nothing, where nobody is', [], [], []],
    ['nothing for sure while nobody has told: asked upstream', [aTold('a', null)], [], null],
    [
      'nothing for sure while one has not told: asked upstream',
      [aTold('a', []), aTold('b', null)],
      [],
      null,
    ],
    ['nothing for sure of patterns alone: asked upstream', [aTold('a', null, ['x-*'])], [], null],
    ['what is named beside patterns', [aTold('a', null, ['x-*', 'y'])], [], ['y']],
  ])('has %s', (_name, members, rules, expected) => {
    expect(idsOf(members, rules)).toEqual(expected);
  });

  test('names who listed a model as its owner, else the provider', () => {
    const told = aTold('b', ['m']);
    expect(listOf([aTold('a', null, ['m']), told])?.data).toMatchObject([{ owned_by: 'b-owner' }]);
    expect(listOf([aTold('a', null, ['m'])])?.data).toMatchObject([
      { created: 0, owned_by: 'openai' },
    ]);
    told.discovered = new Map([['m', { id: 'm', created: 5, ownedBy: '' }]]);
    expect(listOf([told])?.data).toMatchObject([{ created: 5, owned_by: 'openai' }]);
  });

  test('tells what a renamed model is upstream, not what it is called there', () => {
    const rules = [aRule('nice', { upstream: 'openai/m' })];
    const [, nice] = listOf([aTold('a', ['openai/m'])], rules)?.data.toReversed() ?? [];
    expect(nice).toEqual({ id: 'nice', object: 'model', created: 8, owned_by: 'a-owner' });
  });

  test('does not leave out who is set aside just now', () => {
    const banned = aTold('a', ['m']);
    banned.health.ban({ id: 'b', model: null, untilMs: null, strike: 1, hasTrial: false });
    expect(idsOf([banned])).toEqual(['m']);
  });
});

describe('one model', () => {
  const members = [aTold('a', ['m', 'openai/gpt-4o', 'a b'])];

  test.each([
    ['m', 'm'],
    ['openai/gpt-4o', 'openai/gpt-4o'],
    ['openai%2Fgpt-4o', 'openai/gpt-4o'],
    ['a%20b', 'a b'],
  ])('%s is shown as in the list', (segment, id) => {
    const shown = listOf(members)?.data.find((model) => model.id === id);
    expect(shown).toBeDefined();
    expect(getIn(segment, members)).toEqual(shown);
  });

  test.each(['x', 'M', 'm/', '%', '%zz', 'openai'])('%s is not there', (segment) => {
    expect(() => getIn(segment, members)).toThrow(
      expect.objectContaining({ code: 'model_not_found', param: 'model' }),
    );
  });

  test('that nobody knows of is asked for upstream while somebody could serve it', () => {
    for (const others of [[aTold('b', null)], [aTold('b', null, ['x-*'])]]) {
      expect(getIn('x-1', [...members, ...others])).toBeNull();
      expect(getIn('m', [...members, ...others])).toMatchObject({ id: 'm' });
    }
    expect(() => getIn('y', [...members, aTold('b', null, ['x'])])).toThrow('`y`');
  });

  test('has a name of one segment or two', () => {
    expect([modelsGet.path, modelsGetSlug.path]).toEqual(['/v1/models/*', '/v1/models/*/*']);
    expect(modelsGetSlug.here).toBe(modelsGet.here);
  });
});

describe('a key of certain models', () => {
  const scope = new KeyScope({
    allowedModels: ['known-*'],
    allowedEndpoints: null,
    sourceNetworks: null,
  });
  const pool = aPool([aTold('a', null)]);

  const ask = (name: string) => modelsGet.here?.(pool, `/v1/models/${name}`, aKey({ scope }));

  test('is not told what an upstream lists, also where nothing is known here', () => {
    expect(modelsList.here?.(pool, '/v1/models', aKey({ scope }))).toEqual({
      object: 'list',
      data: [],
    });
  });

  test('finds no other, and an upstream is asked for its own alone', () => {
    expect(() => ask('other')).toThrow('`other`');
    expect(ask('known-1')).toBeNull();
  });
});

describe('an answer without an upstream', () => {
  test('is whole, with its length and our id', () => {
    const client = new Client({ method: 'GET', path: '/v1/models' });
    expect(
      answerHere(client.call, modelsList, { pool: aPool([aTold('a', ['é'])]), key: aKey() }),
    ).toBe(true);
    expect(client).toMatchObject({ status: 200, ending: 'ended' });
    expect(client.headers).toEqual({
      'content-type': 'application/json',
      'content-length': String(client.body.length),
      'x-request-id': 'request-1',
    });
    const body = Buffer.from(client.body, 'latin1').toString();
    expect(JSON.parse(body)).toMatchObject({ data: [{ id: 'é' }] });
  });

  test('is none where too little is known, and nothing is written', () => {
    const client = new Client({ method: 'GET', path: '/v1/models' });
    expect(
      answerHere(client.call, modelsList, { pool: aPool([aTold('a', null)]), key: aKey() }),
    ).toBe(false);
    expect(client.isStarted).toBe(false);
  });
});
