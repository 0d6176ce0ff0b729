import { describe, expect, test } from '@jest/globals';
import type { PriceBook } from '../../../src/accounting/prices/price-book.ts';
import type { Member } from '../../../src/pool/member.ts';
import { google } from '../../../src/providers/google.ts';
import { openai } from '../../../src/providers/openai.ts';
import { openaiCompatible } from '../../../src/providers/openai-compatible.ts';
import type { Arrived } from '../../../src/proxy/data-plane.ts';
import { batchesCreate, batchesList } from '../../../src/proxy/endpoints/batches.ts';
import { chatCompletions } from '../../../src/proxy/endpoints/chat-completions.ts';
import type { Endpoint } from '../../../src/proxy/endpoints/endpoint.ts';
import type { PassingBody } from '../../../src/proxy/passing-body.ts';
import type { OutgoingBody } from '../../../src/proxy/read-request.ts';
import { estimatedHold, outputCapField, provableHold } from '../../../src/proxy/hold-for.ts';
import { Client, aKey, aMember, aPool, aRule, aServed } from './fixture.ts';

const sheet = (perMillion: bigint) => ({
  rates: { input: perMillion, output: perMillion },
  tiers: [],
});

/** Dollars per million, by provider and model; others have no price. */
const SHEETS: Record<string, ReturnType<typeof sheet>> = {
  'openai m': sheet(1_000_000_000n),
  'openai dear': sheet(3_000_000_000n),
  'google m': sheet(2_000_000_000n),
};
const prices = {
  of: ({ priceKey }: typeof openai, upstream: string) => {
    const { provider, model } = priceKey(upstream);
    return SHEETS[`${provider} ${model}`];
  },
} as unknown as PriceBook;

interface Given {
  members?: Member[];
  endpoint?: Endpoint;
  fields?: Record<string, unknown>;
  rules?: Parameters<typeof aPool>[1];
  model?: string;
}

const MESSAGES = [{ role: 'user', content: 'hello' }];

function arrivedWith(given: Given = {}): Arrived {
  const { members = [aMember('a', { kind: openai })], endpoint = chatCompletions } = given;
  const { fields = { messages: MESSAGES }, rules = {}, model = 'm' } = given;
  const body = { kind: 'bytes', bytes: Buffer.alloc(100) } as const;
  const request = {
    asked: { model, fields, bytes: 100 },
    body,
    renamed: () => body,
    hidesUsage: false,
  };
  const pool = aPool(members, rules);
  return { call: new Client().call, endpoint, pool, request, key: aKey(), prices };
}

const unpriced = {
  ...openaiCompatible,
  id: 'unpriced',
  priceKey: (model: string) => ({ provider: '', model }),
};

const both = () => [aMember('a', { kind: openai }), aMember('b', { kind: google })];

describe('the most that a call can cost', () => {
  test('is that at the dearest of those that could serve it', () => {
    const one = provableHold(arrivedWith());
    expect(provableHold(arrivedWith({ members: both() }))).toBe(2n * one);
  });

  test('is beyond what it will probably cost', () => {
    const arrived = arrivedWith({ members: both() });
    expect(provableHold(arrived)).toBeGreaterThan(estimatedHold(arrived) ?? 0n);
  });

  test('goes by the model and the fields that a rule sets', () => {
    const models = [aRule('m', { upstream: 'dear', set: { max_completion_tokens: 9000 } })];
    const plain = provableHold(arrivedWith());
    const ruled = provableHold(arrivedWith({ rules: { models } }));
    expect(ruled).toBeGreaterThan(plain * 3n);
  });

  test('is nothing where nothing is charged', () => {
    expect(provableHold(arrivedWith({ endpoint: batchesList }))).toBe(0n);
  });

  test.each<[string, Given, RegExp]>([
    ['an endpoint without a price', { endpoint: batchesCreate }, /batches\.create/],
    [
      'a model that one of them has no price for',
      { members: [...both(), aMember('c', { kind: unpriced })] },
      /`m` at unpriced/,
    ],
  ])('is not known for %s', (_what, given, message) => {
    expect(() => provableHold(arrivedWith(given))).toThrow(message);
  });

  test('needs the size of a body that streams through', () => {
    const arrived = arrivedWith();
    const rest = {} as PassingBody;
    const body: OutgoingBody = { kind: 'stream', head: [], rest, grownBy: 0 };
    const request = { ...arrived.request, body };
    expect(() => provableHold({ ...arrived, request })).toThrow('Content-Length');
  });
});

describe('the cap to set', () => {
  const served = aServed('m');
  const capFor = (kind: typeof openai, fields: Record<string, unknown>) =>
    outputCapField(arrivedWith({ fields: { messages: MESSAGES, ...fields } }), kind, served);

  test.each<[string, typeof openai, Record<string, unknown>, Record<string, number> | null]>([
    ['none was', openai, {}, { max_completion_tokens: 4096 }],
    ['none was, and the new name is not known', openaiCompatible, {}, { max_tokens: 4096 }],
    ['it was', openai, { max_completion_tokens: 7 }, null],
    ['it was, by the old name', openai, { max_tokens: 7 }, null],
    [
      'it was, by a name not known',
      openaiCompatible,
      { max_completion_tokens: 7 },
      { max_tokens: 7 },
    ],
  ])('where %s', (_what, kind, fields, expected) => {
    expect(capFor(kind, fields)).toEqual(expected);
  });

  test('is none of an endpoint that is not charged', () => {
    const arrived = arrivedWith({ endpoint: batchesList });
    expect(outputCapField(arrived, openai, served)).toBeNull();
  });

  test('is the one that the rule sets', () => {
    const withRule = { ...served, set: { max_tokens: 5 } };
    expect(outputCapField(arrivedWith(), openai, withRule)).toBeNull();
  });
});
