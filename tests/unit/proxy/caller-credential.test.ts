import { describe, expect, test } from '@jest/globals';
import type { PoolPolicy } from '../../../src/entities/pool-policy.ts';
import type { Member } from '../../../src/pool/member.ts';
import type { Pool } from '../../../src/pool/pool.ts';
import { gigachat } from '../../../src/providers/gigachat.ts';
import { google } from '../../../src/providers/google.ts';
import { splitBaseUrl } from '../../../src/providers/provider.ts';
import { xai } from '../../../src/providers/xai.ts';
import type { Call } from '../../../src/proxy/call.ts';
import { CALLER, callerRoute } from '../../../src/proxy/caller-credential.ts';
import { PoolRoute } from '../../../src/proxy/route.ts';
import { Client, HandClock, NOW, aMember, aPool, aRule, facts } from './fixture.ts';

const KINDS = [gigachat, google, xai].map((kind) => ({
  kind,
  header: kind.callerHeader ?? '',
  ...splitBaseUrl(kind.baseUrl ?? ''),
}));
/** As in contracts C3: the provider follows from the model's name, some names are cut. */
const RULES = [
  aRule('google/*', { upstream: '*', provider: 'google' }),
  aRule('*gemini*', { provider: 'google' }),
  aRule('*grok*', { provider: 'xai' }),
];

const GOOGLE = 'x-google-api-key';
const XAI = 'x-xai-api-key';
const SECRET = 'AIza-of-the-caller';

const anOpenPool = (members: Member[] = [], policy: Partial<PoolPolicy> = {}) =>
  aPool(members, { callerCredentials: true, models: RULES, ...policy });

function routeOf(headers: Call['headers'], model = 'gemini-2.0-flash', pool = anOpenPool()) {
  const { call } = new Client({ headers });
  return callerRoute(call, { pool, model, tokens: 10 }, { kinds: KINDS, clock: new HandClock() });
}

/** Where a credential of this caller goes, and as what. */
function memberOf(headers: Call['headers'], model?: string, pool?: Pool): Member {
  const route = routeOf(headers, model, pool);
  if (route === null) throw new Error('The caller’s own credential should be used.');
  return route.member;
}

const GOOGLES = 'https://generativelanguage.googleapis.com';

describe('a caller’s own credential', () => {
  test('is used where the pool allows it', () => {
    const { secret, kind, origin, prefix } = memberOf({ [GOOGLE]: SECRET });
    expect(secret.reveal()).toBe(SECRET);
    expect([kind.id, origin, prefix]).toEqual(['google', GOOGLES, '/v1beta/openai']);
  });

  test.each([
    ['good', SECRET],
    ['odd', 'no secret\n'],
  ])('is not looked at where it does not, %s or not', (_name, secret) => {
    const closed = anOpenPool([], { callerCredentials: false });
    expect(routeOf({ [GOOGLE]: secret }, 'gemini-2.0-flash', closed)).toBeNull();
  });

  test('is none without its header', () => {
    expect(
      routeOf({ authorization: 'Bearer x', 'x-api-key': 'y', 'x-openai-api-key': 'z' }),
    ).toBeNull();
  });

  test.each<[model: string, headers: Record<string, string>, provider: string | null]>([
    ['gemini-2.0-flash', { [GOOGLE]: 'g', [XAI]: 'x' }, 'google'],
    ['grok-4', { [GOOGLE]: 'g', [XAI]: 'x' }, 'xai'],
    ['GROK-4', { [GOOGLE]: 'g', [XAI]: 'x' }, 'xai'],
    ['google/anything', { [XAI]: 'x', [GOOGLE]: 'g' }, 'google'],
    ['grok-4', { [GOOGLE]: 'g' }, null],
    ['gemini-2.0-flash', { [XAI]: 'x' }, null],
    // Without a rule of its own a model is anybody's, and calls without a model are, too.
    ['gpt-5', { [XAI]: 'x' }, 'xai'],
    ['', { [GOOGLE]: 'g' }, 'google'],
  ])('serves %j with %j: %s', (model, headers, provider) => {
    expect(routeOf(headers, model)?.member.kind.id ?? null).toBe(provider);
  });

  test('serves the model under the name that the pool’s rules give it', () => {
    const lease = routeOf({ [GOOGLE]: SECRET }, 'google/gemini-2.0-flash')?.next();
    expect(lease?.served.upstream).toBe('gemini-2.0-flash');
  });

  test('is not used for a model that its provider is known to lack', () => {
    const own = aMember('own', { kind: google });
    own.discovered = new Map([['gemini-1', { id: 'gemini-1', created: 0, ownedBy: '' }]]);
    const pool = anOpenPool([own]);
    expect(routeOf({ [GOOGLE]: SECRET }, 'gemini-1', pool)).not.toBeNull();
    expect(routeOf({ [GOOGLE]: SECRET }, 'gemini-2', pool)).toBeNull();
  });

  test('of the second provider is used where the first does not serve the model', () => {
    const pool = anOpenPool([], { models: [aRule('m', { provider: 'xai' })] });
    expect(memberOf({ [GOOGLE]: 'odd value', [XAI]: 'x' }, 'm', pool).kind.id).toBe('xai');
  });
});

describe('a header that can hold no secret', () => {
  test.each<[string, string | string[]]>([
    ['nothing', ''],
    ['blanks', '   '],
    ['two words', 'AIza of'],
    ['a blank at its end', 'AIza '],
    ['a line end', 'AIza\r\nhost: evil'],
    ['a tab', 'AI\tza'],
    ['another alphabet', 'AIzä'],
    ['a byte of nothing', 'AI\0za'],
    ['two values', ['AIza1', 'AIza2']],
    ['one value in a list', ['AIza1']],
    ['more than 4096 characters', 'x'.repeat(4097)],
  ])('is refused by its name, and not repeated: %s', (_name, value) => {
    const refused = () => routeOf({ [GOOGLE]: value });
    expect(refused).toThrow(expect.objectContaining({ code: 'invalid_request', param: GOOGLE }));
    expect(refused).toThrow(/^The header x-google-api-key holds no usable credential\.$/);
  });

  test('may be as long as 4096 characters', () => {
    expect(memberOf({ [GOOGLE]: 'x'.repeat(4096) }).secret.reveal()).toHaveLength(4096);
  });

  test('of another provider than the model’s is nobody’s concern', () => {
    expect(memberOf({ [XAI]: 'no secret', [GOOGLE]: SECRET }).kind.id).toBe('google');
    expect(routeOf({ [XAI]: 'no secret' })).toBeNull();
  });
});

describe('where it is sent', () => {
  const proxied = aMember('own', { kind: google, origin: 'https://eu.test', prefix: '/gemini' });

  test('is where the pool’s own credential of the provider goes', () => {
    const later = aMember('later', { kind: google, origin: 'https://us.test' });
    const pool = anOpenPool([aMember('other'), proxied, later]);
    const { origin, prefix } = memberOf({ [GOOGLE]: SECRET }, 'gemini-2', pool);
    expect([origin, prefix]).toEqual(['https://eu.test', '/gemini']);
  });

  test('is the provider itself where the pool has none', () => {
    const pool = anOpenPool([aMember('other'), proxied]);
    const { origin, prefix } = memberOf({ [XAI]: SECRET }, 'grok-4', pool);
    expect([origin, prefix]).toEqual(['https://api.x.ai', '']);
  });

  test('is never the client’s to say', () => {
    const headers = {
      [GOOGLE]: SECRET,
      host: 'evil.test',
      origin: 'https://evil.test',
      'x-google-api-base': 'https://evil.test',
      'x-base-url': 'https://evil.test',
      'x-forwarded-host': 'evil.test',
    };
    const { origin, prefix } = memberOf(headers, 'google/../../evil.test');
    expect([origin, prefix]).toEqual([GOOGLES, '/v1beta/openai']);
  });
});

const idOf = (secret: string, pool = anOpenPool()) =>
  memberOf({ [GOOGLE]: secret }, 'gemini-2', pool).id;

describe('whose connections it uses', () => {
  test('are those of the same secret only', () => {
    const secrets = ['a', 'b', 'ab', 'A', `${SECRET}1`, `${SECRET}2`, 'own', 'caller'];
    const ids = secrets.map((secret) => idOf(secret));
    expect(new Set(ids).size).toBe(secrets.length);
    expect(secrets.map((secret) => idOf(secret))).toEqual(ids);
  });

  test('are those of the same origin only', () => {
    const own = aMember('own', { kind: google, origin: 'https://eu.test' });
    expect(idOf(SECRET, anOpenPool([own]))).not.toBe(idOf(SECRET));
  });

  test('do not tell the secret, and are of no credential of the pool', () => {
    expect(idOf(SECRET)).not.toContain(SECRET);
    const own = aMember(SECRET, { kind: google });
    expect(idOf(SECRET, anOpenPool([own]))).not.toBe(own.id);
  });
});

describe('its route', () => {
  test('has one attempt, and nobody behind it', () => {
    const route = routeOf(
      { [GOOGLE]: SECRET },
      'gemini-2',
      anOpenPool([aMember('own', { kind: google })]),
    );
    expect(route?.next()?.member.name).toBe(CALLER);
    expect(route?.next()).toBeNull();
    expect([route?.failed(), route?.limitedUntil()]).toEqual([null, null]);
  });

  test('is on record without a trace of whose it is', () => {
    const route = routeOf({ [GOOGLE]: SECRET });
    expect(route?.isCallers).toBe(true);
    expect(route?.note).toEqual({ strategy: 'caller', order: ['caller'], excluded: [] });
    expect(JSON.stringify(route)).not.toContain(SECRET);
  });

  test('touches nothing of the pool’s', () => {
    const limits = { rpm: 1, tpm: 10 };
    const own = aMember('own', { kind: google, limits });
    const pool = anOpenPool([own], {
      strategy: 'selected_then_rotate',
      models: [aRule('gemini-2', { provider: 'google', rpm: 1 })],
    } as Partial<PoolPolicy>);
    const route = routeOf({ [GOOGLE]: SECRET }, 'gemini-2', pool);
    const lease = route?.next();
    lease?.settle(99, 0);
    route?.settle();
    pool.report(lease?.member ?? own, { kind: 'unauthorized' }, facts('gemini-2', { status: 401 }));
    pool.report(
      lease?.member ?? own,
      { kind: 'origin', isWhole: true, ms: null },
      facts('gemini-2'),
    );
    route?.failed();
    expect(own.inFlight).toBe(0);
    expect(own.health.blocks(NOW)).toEqual([]);
    expect(own.originHealth.exclusion('gemini-2', NOW)).toBeNull();
    expect(pool.turn).toEqual({ cursor: 0, selectedId: null });
    const served = pool.models.resolve('gemini-2');
    const parts = { clock: new HandClock(), random: () => 0 };
    const next = new PoolRoute({ pool, served, tokens: 10, costOf: () => null }, parts).next();
    expect(next?.member).toBe(own);
  });

  test('is open while all of the pool’s own credentials are set aside', () => {
    const own = aMember('own', { kind: google, limits: { rpm: 0, tpm: null } });
    own.health.ban({ id: 'b', model: null, untilMs: null, strike: 1, hasTrial: false });
    expect(routeOf({ [GOOGLE]: SECRET }, 'gemini-2', anOpenPool([own]))?.next()).not.toBeNull();
  });
});
