import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { ModelRule } from '../../../src/entities/pool-policy.ts';
import type { RuledMember } from '../../../src/pool/member-models.ts';
import { ModelMap } from '../../../src/pool/model-map.ts';

const rule = (name: string, rest: Partial<ModelRule> = {}): ModelRule => ({
  name,
  upstream: null,
  set: null,
  credentials: null,
  provider: null,
  isListed: false,
  rpm: null,
  tpm: null,
  ...rest,
});

interface Has {
  provider?: string;
  models?: string[];
  discovered?: string[];
}

/** Their names are their ids in upper case, so that none is taken for the other. */
const member = (id: string, { provider = 'p', models, discovered }: Has = {}): RuledMember => ({
  id,
  name: id.toUpperCase(),
  providerId: provider,
  models: models ?? null,
  discovered: discovered === undefined ? null : new Set(discovered),
});

/** `member: upstream` of those who serve the model. */
function upstreams(map: ModelMap, model: string): Record<string, string> {
  return Object.fromEntries([...map.resolve(model)].map(([id, { upstream }]) => [id, upstream]));
}

const served = (map: ModelMap, model: string, id: string) => map.resolve(model).get(id);

describe('a pool without rules', () => {
  const map = new ModelMap(
    [],
    [
      member('unknown'),
      member('listed', { discovered: ['gpt-4o', 'o3'] }),
      member('allowed', { models: ['gpt-*', 'o1'] }),
      member('both', { models: ['gpt-*'], discovered: ['o3'] }),
      member('none', { discovered: [] }),
      member('nothing', { models: [] }),
    ],
  );

  test.each([
    ['', ['unknown', 'listed', 'allowed', 'both', 'none', 'nothing']],
    ['gpt-4o', ['unknown', 'listed', 'allowed', 'both']],
    ['GPT-4o', ['unknown', 'allowed', 'both']],
    ['o3', ['unknown', 'listed']],
    ['o1', ['unknown', 'allowed']],
    ['O1', ['unknown']],
    ['anything', ['unknown']],
  ])('%j is served as asked by %j', (model, ids) => {
    expect(upstreams(map, model)).toEqual(Object.fromEntries(ids.map((id) => [id, model])));
  });

  test('sets no fields and has no limits', () => {
    const plain = { upstream: 'o3', set: null, rpm: null, tpm: null };
    expect(served(map, 'o3', 'listed')).toEqual(plain);
  });
});

describe('a model that only one credential has (D4.4)', () => {
  const map = new ModelMap(
    [],
    [
      member('a', { discovered: ['gpt-4o'] }),
      member('b', { discovered: ['gpt-4o', 'o3'] }),
      member('c', { discovered: ['gpt-4o'] }),
    ],
  );

  test('is served by that one', () => expect(upstreams(map, 'o3')).toEqual({ b: 'o3' }));
  test('and one that none has by nobody', () => expect(map.resolve('foo').size).toBe(0));
});

describe('the most specific group applies', () => {
  const limits = [
    rule('*', { rpm: 1 }),
    rule('gpt-*', { rpm: 2 }),
    rule('*-4o-x', { rpm: 3 }),
    rule('gpt-4*', { rpm: 4 }),
    rule('gpt-4o', { rpm: 5 }),
    rule('*gpt-5', { rpm: 6 }),
    rule('gpt-5*', { rpm: 7 }),
    rule('*gigachat*', { rpm: 8 }),
    rule('sber/*', { rpm: 9 }),
  ];
  const map = new ModelMap(limits, [member('a')]);

  test.each([
    ['o3', 1, 'any text'],
    ['gpt-3', 2, 'more literal characters'],
    ['GPT-3', 2, 'in any case'],
    ['gpt-4o-x', 3, 'earlier in the list of equally specific ones'],
    ['gpt-4-turbo', 4, 'more literal characters than a shorter prefix'],
    ['gpt-4o', 5, 'the exact name'],
    ['GPT-4o', 4, 'an exact name in its own case only'],
    ['gpt-5', 6, 'earlier in the list'],
    ['gpt-5-mini', 7, 'the only one that knows its text'],
    ['GigaChat', 8, 'more literal characters than none'],
    ['sber/GigaChat', 9, 'open on one side only, though shorter'],
  ])('%s: rule %i (%s)', (model, rpm) => {
    expect(served(map, model, 'a')?.rpm).toBe(rpm);
  });

  test('a less specific one does not help whom it leaves out', () => {
    const rules = [rule('*'), rule('gpt-*', { credentials: ['B'] })];
    expect(upstreams(new ModelMap(rules, [member('a'), member('b')]), 'gpt-4o')).toEqual({
      b: 'gpt-4o',
    });
  });

  test('no model has no rule', () => {
    const rules = [rule('*', { provider: 'x', upstream: 'm', rpm: 1 })];
    const everybody = new ModelMap(rules, [member('a')]).resolve('');
    expect(everybody.get('a')).toEqual({ upstream: '', set: null, rpm: null, tpm: null });
  });
});

describe('who a group admits', () => {
  const members = [
    member('a', { provider: 'google' }),
    member('b', { provider: 'google' }),
    member('c', { provider: 'xai' }),
  ];

  test.each([
    ['all', {}, ['a', 'b', 'c']],
    ['credentials by name', { credentials: ['A', 'C'] }, ['a', 'c']],
    ['not by id', { credentials: ['a'] }, []],
    ['none of none', { credentials: [] }, []],
    ['a provider', { provider: 'google' }, ['a', 'b']],
    ['both must hold', { provider: 'google', credentials: ['B', 'C'] }, ['b']],
  ])('%s', (_name, admits, ids) => {
    for (const name of ['m', 'm*']) {
      const map = new ModelMap([rule(name, admits)], members);
      expect([...map.resolve('m').keys()]).toEqual(ids);
    }
  });

  test('the first rule of the name that admits a member is its rule', () => {
    const rules = [
      rule('m', { credentials: ['B'], upstream: 'first', rpm: 1 }),
      rule('other', { upstream: 'not this' }),
      rule('m', { provider: 'google', upstream: 'second', tpm: 2 }),
      rule('m', { credentials: ['A', 'B'], upstream: 'third' }),
    ];
    const map = new ModelMap(rules, members);
    expect(upstreams(map, 'm')).toEqual({ a: 'second', b: 'first' });
    expect(served(map, 'm', 'b')).toMatchObject({ rpm: 1, tpm: null });
    expect(served(map, 'm', 'a')).toMatchObject({ rpm: null, tpm: 2 });
  });

  test('wildcards that differ in case only are one name, exact names are not', () => {
    const rules = [
      rule('Giga*', { credentials: ['A'] }),
      rule('giga*', { credentials: ['B'] }),
      rule('Sonar', { credentials: ['A'] }),
      rule('sonar', { credentials: ['B'] }),
    ];
    const map = new ModelMap(rules, members);
    expect([...map.resolve('GIGA').keys()]).toEqual(['a', 'b']);
    expect([...map.resolve('Sonar').keys()]).toEqual(['a']);
    expect([...map.resolve('sonar').keys()]).toEqual(['b']);
  });
});

describe('renaming', () => {
  test.each([
    ['fast', 'gpt-4o-mini', 'fast', 'gpt-4o-mini'],
    ['google/*', '*', 'google/Gemini-2.0-Flash', 'Gemini-2.0-Flash'],
    ['google/*', '*', 'GOOGLE/gemini', 'gemini'],
    ['*-latest', 'models/*@now', 'Grok-LATEST', 'models/Grok@now'],
    ['gpt-*', 'always-this', 'gpt-4o', 'always-this'],
    ['*/*', '*:*', 'openai/gpt-4o', 'openai:gpt-4o'],
    ['m', 'x-*', 'm', 'x-*'],
  ])('%s → %s: %s is asked for as %s', (name, upstream, model, expected) => {
    const map = new ModelMap([rule(name, { upstream })], [member('a')]);
    expect(upstreams(map, model)).toEqual({ a: expected });
  });

  test('what leaves no name is served by nobody, for it would be a call without a model', () => {
    const map = new ModelMap([rule('google/*', { upstream: '*' })], [member('a')]);
    expect(map.resolve('google/').size).toBe(0);
  });

  test('an exact rule renames although its name is known, a wildcard one does not', () => {
    const known = [member('a', { discovered: ['fast', 'slow'] })];
    const exact = new ModelMap([rule('fast', { upstream: 'slow' })], known);
    expect(upstreams(exact, 'fast')).toEqual({ a: 'slow' });
    const wildcard = new ModelMap([rule('fas*', { upstream: 'slow' })], known);
    expect(upstreams(wildcard, 'fast')).toEqual({ a: 'fast' });
    expect(upstreams(wildcard, 'fast-2')).toEqual({ a: 'slow' });
  });

  test('fields are set only in renamed calls; limits hold in both', () => {
    const rest = { upstream: 'x', set: { reasoning: true }, rpm: 3, tpm: 4 };
    const map = new ModelMap([rule('x-*', rest)], [member('a', { discovered: ['x', 'x-1'] })]);
    expect(served(map, 'x-2', 'a')).toEqual(rest);
    expect(served(map, 'x-1', 'a')).toEqual({ upstream: 'x-1', set: null, rpm: 3, tpm: 4 });
    const unnamed = new ModelMap([rule('x', { set: { a: 1 } })], [member('a')]);
    expect(served(unnamed, 'x', 'a')?.set).toBeNull();
  });
});

describe('-thinking (A4, E.2)', () => {
  const set = { reasoning: { effort: 'medium', enabled: true } };
  const thinking = rule('*-thinking', { upstream: '*', set });
  const model = 'anthropic/claude-sonnet-4.5-thinking';
  const base = 'anthropic/claude-sonnet-4.5';

  test.each<[string, RuledMember[], Record<string, string>]>([
    ['nothing is known', [member('a')], { a: base }],
    ['the base is known', [member('a', { discovered: [base] })], { a: base }],
    ['the base is allowed', [member('a', { models: ['anthropic/*'] })], { a: base }],
    ['it was discovered', [member('a', { discovered: [base, model] })], { a: model }],
    ['it is allowed by name', [member('a', { models: [base, model] })], { a: model }],
    [
      'another member has it, who then serves it alone',
      [member('a', { discovered: [base] }), member('b', { discovered: [model] })],
      { b: model },
    ],
    [
      'another case of it is known',
      [member('a', { discovered: [base, model.toUpperCase()] })],
      { a: base },
    ],
    ['neither is known', [member('a', { discovered: ['gpt-4o'] })], {}],
  ])('%s', (_name, members, expected) => {
    const map = new ModelMap([thinking], members);
    expect(upstreams(map, model)).toEqual(expected);
    for (const { upstream, set: fields } of map.resolve(model).values()) {
      expect(fields).toEqual(upstream === base ? set : null);
    }
  });

  test('the name of a member whom the rule does not concern is no reason to ask for it', () => {
    const members = [member('a', { discovered: [base] }), member('b', { discovered: [model] })];
    const map = new ModelMap([{ ...thinking, credentials: ['A'] }], members);
    expect(upstreams(map, model)).toEqual({ a: base });
  });

  test('the base itself is left as it is', () => {
    expect(upstreams(new ModelMap([thinking], [member('a')]), base)).toEqual({ a: base });
  });
});

describe('what a member has', () => {
  const named = rule('m', { credentials: ['A'], upstream: 'up' });

  test.each<[string, ModelRule[], Has, boolean]>([
    ['allowed by its upstream name', [rule('m', { upstream: 'up' })], { models: ['u*'] }, true],
    ['not by the name asked', [rule('m', { upstream: 'up' })], { models: ['m'] }, false],
    ['discovered', [rule('m', { upstream: 'up' })], { discovered: ['up'] }, true],
    ['not discovered', [rule('m', { upstream: 'up' })], { discovered: ['m'] }, false],
    ['not discovered, but promised', [named], { discovered: ['m'] }, true],
    ['promised, but not allowed', [named], { models: ['m'], discovered: ['up'] }, false],
    ['promised by a provider only', [rule('m', { provider: 'p' })], { discovered: [] }, false],
    ['promised by a wildcard', [rule('m*', { credentials: ['A'] })], { discovered: [] }, false],
    ['allowed, though not discovered', [], { models: ['m'], discovered: [] }, true],
  ])('%s: %s', (_name, rules, has, isServed) => {
    expect(new ModelMap(rules, [member('a', has)]).resolve('m').has('a')).toBe(isServed);
  });
});

describe('providers by the name of the model (C3)', () => {
  const cut = (name: string, provider: string) =>
    rule(name, { upstream: '*', provider, isListed: true });
  const rules = [
    cut('google/*', 'google'),
    cut('x-ai/*', 'xai'),
    cut('sber/*', 'gigachat'),
    cut('perplexity/*', 'perplexity'),
    rule('*gemini*', { provider: 'google' }),
    rule('*grok*', { provider: 'xai' }),
    rule('*gigachat*', { provider: 'gigachat' }),
    rule('sonar*', { provider: 'perplexity' }),
    rule('r1-1776', { provider: 'perplexity' }),
    rule('*', { credentials: [] }),
  ];
  const providers = ['google', 'xai', 'gigachat', 'perplexity'];
  const map = new ModelMap(
    rules,
    providers.map((provider) => member(provider, { provider })),
  );

  test.each([
    ['google/gemini-2.0-flash', { google: 'gemini-2.0-flash' }],
    ['google/imagen-3.0-generate-002', { google: 'imagen-3.0-generate-002' }],
    ['x-ai/grok-2-vision-1212', { xai: 'grok-2-vision-1212' }],
    ['sber/GigaChat-2-Max', { gigachat: 'GigaChat-2-Max' }],
    ['perplexity/sonar-pro', { perplexity: 'sonar-pro' }],
    ['perplexity/r1-1776', { perplexity: 'r1-1776' }],
    ['gemini-1.5-pro', { google: 'gemini-1.5-pro' }],
    ['models/Gemini-exp', { google: 'models/Gemini-exp' }],
    ['grok-beta', { xai: 'grok-beta' }],
    ['GigaChat', { gigachat: 'GigaChat' }],
    ['gigachat-pro', { gigachat: 'gigachat-pro' }],
    ['sonar', { perplexity: 'sonar' }],
    ['sonar-deep-research', { perplexity: 'sonar-deep-research' }],
    ['r1-1776', { perplexity: 'r1-1776' }],
    ['r1-1777', {}],
    ['foo', {}],
  ])('%s → %j', (model, expected) => {
    expect(upstreams(map, model)).toEqual(expected);
  });

  test("a prefix is cut although another provider's models are called like that", () => {
    const members = [
      member('google', { provider: 'google', discovered: ['gemini-2.0-flash'] }),
      member('vercel', { provider: 'vercel', discovered: ['google/gemini-2.0-flash'] }),
    ];
    const mixed = new ModelMap(rules, members);
    expect(upstreams(mixed, 'google/gemini-2.0-flash')).toEqual({ google: 'gemini-2.0-flash' });
  });
});

/** `id = member: upstream`. */
const listed = (rules: ModelRule[], ...members: RuledMember[]) =>
  new ModelMap(rules, members)
    .list()
    .map(({ id, memberId, upstream }) => `${id} = ${memberId}: ${upstream}`);

describe('the list', () => {
  test('has what was discovered and what is allowed by name, once each, by code unit', () => {
    const members = [
      member('a', { discovered: ['o3', '', 'gpt-4o', 'Z'] }),
      member('b', { discovered: ['gpt-4o', 'o1'], models: ['gpt-*', 'exp', 'any-*'] }),
      member('c'),
    ];
    expect(listed([], ...members)).toEqual([
      'Z = a: Z',
      'exp = b: exp',
      'gpt-4o = a: gpt-4o',
      'o3 = a: o3',
    ]);
  });

  test('is empty when nobody is known to have anything', () => {
    expect(listed([rule('x-*', { upstream: '*', isListed: true })], member('a'))).toEqual([]);
  });

  test('has exact rules that somebody serves, each with who listed its upstream model', () => {
    const rules = [
      rule('fast', { upstream: 'gpt-4o-mini' }),
      rule('gone', { upstream: 'gpt-3' }),
      rule('theirs', { provider: 'q' }),
      rule('word', { credentials: ['B'] }),
    ];
    const members = [
      member('a', { models: ['gpt-*'] }),
      member('b', { discovered: ['gpt-4o-mini'] }),
    ];
    expect(listed(rules, ...members)).toEqual([
      'fast = b: gpt-4o-mini',
      'gone = a: gpt-3',
      'gpt-4o-mini = b: gpt-4o-mini',
      'word = b: word',
    ]);
  });

  test('leaves out what nobody may serve under that name', () => {
    const rules = [rule('secret-*', { credentials: [] }), rule('old', { credentials: ['B'] })];
    const members = [
      member('a', { discovered: ['secret-1', 'old', 'new'] }),
      member('b', { models: ['other'] }),
    ];
    expect(listed(rules, ...members)).toEqual(['new = a: new', 'other = b: other']);
  });

  test("shows models under a listed rule's name instead of their own", () => {
    const rules = [rule('google/*', { upstream: '*', provider: 'google', isListed: true })];
    const google = { provider: 'google', discovered: ['gemini-2.0-flash', 'imagen-3'] };
    const others = { provider: 'xai', discovered: ['grok-beta', 'imagen-3'] };
    expect(listed(rules, member('a', google), member('b', others))).toEqual([
      'google/gemini-2.0-flash = a: gemini-2.0-flash',
      'google/imagen-3 = a: imagen-3',
      'grok-beta = b: grok-beta',
      'imagen-3 = a: imagen-3',
    ]);
  });

  test.each<[string, Partial<ModelRule>, string]>([
    ['not unless it is to be listed', { upstream: 'm-*' }, 'm-1 = a: m-1'],
    ['only what its upstream pattern matches', { upstream: 'n-*', isListed: true }, 'm-1 = a: m-1'],
    ['only with a star upstream', { upstream: 'm-1', isListed: true }, 'm-1 = a: m-1'],
    ['not without an upstream', { isListed: true }, 'm-1 = a: m-1'],
    ['what the star stands for', { upstream: 'm-*', isListed: true }, 'g/1 = a: m-1'],
    [
      'not what would come back in another case',
      { upstream: 'M-*', isListed: true },
      'm-1 = a: m-1',
    ],
  ])('of wildcard rules: %s', (_name, rest, expected) => {
    expect(listed([rule('g/*', rest)], member('a', { discovered: ['m-1'] }))).toEqual([expected]);
  });

  test('keeps the own name where a more specific rule has taken the other', () => {
    const rules = [
      rule('google/*', { upstream: '*', isListed: true }),
      rule('google/gem*', { credentials: [] }),
    ];
    expect(listed(rules, member('a', { discovered: ['gemini', 'imagen'] }))).toEqual([
      'gemini = a: gemini',
      'google/imagen = a: imagen',
    ]);
  });

  test('keeps the own name of a member that another rule of the name is for', () => {
    const rules = [
      rule('g/*', { upstream: '*', provider: 'p', isListed: true }),
      rule('g/*', { upstream: '*', provider: 'q' }),
    ];
    const members = [
      member('a', { discovered: ['m', 'n'] }),
      member('b', { provider: 'q', discovered: ['m', 'o'] }),
    ];
    expect(listed(rules, ...members)).toEqual(['g/m = a: m', 'g/n = a: n', 'm = a: m', 'o = b: o']);
  });

  test('is made once', () => {
    const map = new ModelMap([], [member('a', { discovered: ['m'] })]);
    expect(map.list()).toBe(map.list());
  });
});

describe('memory', () => {
  test('a name asked for before costs one look-up', () => {
    const map = new ModelMap([], [member('a')]);
    for (const model of ['m', '', 'other']) expect(map.resolve(model)).toBe(map.resolve(model));
  });

  test('names made up by clients push out the oldest, beyond a thousand', () => {
    const map = new ModelMap([], [member('a', { discovered: ['first', 'second'] })]);
    const first = map.resolve('first');
    const second = map.resolve('second');
    for (let index = 0; index < 998; index += 1) map.resolve(`m-${index}`);
    expect(map.resolve('first')).toBe(first);
    map.resolve('one more');
    expect(map.resolve('second')).toBe(second);
    const again = map.resolve('first');
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });
});

const text = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '-'), minLength: 1, maxLength: 3 });
const pattern = fc
  .tuple(text, fc.constantFrom('', '*'), text)
  .map(([left, star, right]) => (star === '' ? left : `${left.slice(1)}*${right.slice(1)}`));
const few = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.option(fc.array(arbitrary, { maxLength: 4 }), { freq: 1 });
const ids = ['a', 'b', 'c'];

const someRules = fc.array(
  fc
    .record({
      name: pattern,
      upstream: fc.option(pattern, { freq: 2 }),
      credentials: few(fc.constantFrom(...ids.map((id) => id.toUpperCase()))),
      provider: fc.option(fc.constantFrom('p', 'q'), { freq: 1 }),
      isListed: fc.boolean(),
    })
    .map(({ name, ...rest }) => rule(name, { ...rest, set: { n: 1 } })),
  { maxLength: 6 },
);
const someMembers = fc.subarray(ids).chain((chosen) =>
  fc.tuple(
    ...chosen.map((id) =>
      fc
        .record({
          models: few(pattern),
          discovered: few(text),
          provider: fc.constantFrom('p', 'q'),
        })
        .map(({ models, discovered, provider }): RuledMember => ({
          ...member(id, { provider }),
          models,
          discovered: discovered === null ? null : new Set(discovered),
        })),
    ),
  ),
);

const isAllowed = (models: readonly string[], upstream: string) =>
  models.some((each) =>
    each.includes('*')
      ? new RegExp(`^${each.replaceAll('*', '.*')}$`, 'i').test(upstream)
      : each === upstream,
  );

test('nobody outside the pool serves, allow-lists bind, and every answer has its reason', () => {
  fc.assert(
    fc.property(someRules, someMembers, text, (rules, members, model) => {
      const map = new ModelMap(rules, members);
      for (const [id, { upstream, set }] of map.resolve(model)) {
        const server = members.find((each) => each.id === id);
        expect(upstream).not.toBe('');
        expect(server).toBeDefined();
        if (server === undefined) continue;
        const { name, models, discovered } = server;
        const isPromised = rules.some(
          (each) => each.name === model && each.credentials?.includes(name) === true,
        );
        expect(models === null || isAllowed(models, upstream)).toBe(true);
        const isFree = models !== null || discovered === null || isPromised;
        expect(isFree || discovered.has(upstream)).toBe(true);
        if (upstream !== model) expect(set).not.toBeNull();
      }
      expect([...map.resolve('').keys()]).toEqual(members.map(({ id }) => id));
    }),
    { numRuns: 2000 },
  );
});

test('whatever is listed is served, once, in order, by whom and as it says', () => {
  fc.assert(
    fc.property(someRules, someMembers, (rules, members) => {
      const map = new ModelMap(rules, members);
      const all = map.list();
      for (const { id, memberId, upstream } of all) {
        expect(served(map, id, memberId)?.upstream).toBe(upstream);
      }
      const names = all.map(({ id }) => id);
      expect(names).toEqual([...new Set(names)].toSorted());
      for (const { name } of rules) {
        if (!name.includes('*')) expect(names.includes(name)).toBe(map.resolve(name).size > 0);
      }
    }),
    { numRuns: 2000 },
  );
});
