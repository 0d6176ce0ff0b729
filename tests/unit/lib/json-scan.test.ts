import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { JsonScanError, patchTopLevel, scanTopLevel } from '../../../src/lib/json-scan.ts';
import { growth } from '../../support/fastest-of.ts';

const LIMITS = { depthMax: 128, membersMax: 10_000 };
const scan = (text: string) => scanTopLevel(Buffer.from(text), LIMITS);
const membersOf = (count: number) => Array.from({ length: count }, (_, at) => `"k${at}":1`).join();
const keys = (text: string) => scan(text).members.map((member) => member.key);

const blanks = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
/** Strings rich in what a scanner can stumble over, some longer than the short-string loop. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', ',', ':', 'a', 'é'), maxLength: 120 }),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(text, fc.double(), fc.maxSafeInteger(), fc.boolean(), fc.constant(null)),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(text, tie('any'), { maxKeys: 4 }),
  ),
})).any;

/** A key or string as JSON, some characters spelled as escapes though they need not be. */
const escaped = (plain: string, every: number) =>
  JSON.stringify(plain).replaceAll(/[a-z](?<!\\.)/g, (letter, at: number) =>
    every > 0 && at % every === 0
      ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
      : letter,
  );

interface Sample {
  readonly json: string;
  readonly members: readonly (readonly [string, unknown])[];
}

/** Root objects written by hand: free blanks, keys that may repeat, pretty-printed values. */
const sample: fc.Arbitrary<Sample> = fc
  .tuple(
    fc.array(fc.tuple(fc.oneof(text, fc.constantFrom('model', 'stream', '__proto__')), value), {
      maxLength: 6,
    }),
    blanks,
    fc.nat(3),
    fc.constantFrom(0, 2),
  )
  .map(([members, gap, every, indent]) => {
    const written = members.map(
      ([key, held]) =>
        `${gap}${escaped(key, every)}${gap}:${gap}${JSON.stringify(held, null, indent)}${gap}`,
    );
    return { json: `${gap}{${written.join()}${gap}}${gap}`, members };
  });

describe('scanTopLevel', () => {
  test('members and their spans are those of JSON.parse', () => {
    fc.assert(
      fc.property(sample, ({ json, members }) => {
        const bytes = Buffer.from(json);
        const top = scanTopLevel(bytes, LIMITS);
        const parsed = (start: number, end: number): unknown =>
          JSON.parse(bytes.toString('utf8', start, end));
        expect(top.members.map((member) => member.key)).toEqual(members.map(([key]) => key));
        for (const [at, member] of top.members.entries()) {
          const span = bytes.toString('utf8', member.valueStart, member.valueEnd);
          expect(span).toBe(span.trim());
          const held: unknown = JSON.parse(JSON.stringify(members[at]?.[1]));
          expect(parsed(member.valueStart, member.valueEnd)).toEqual(held);
          expect(bytes[member.keyStart]).toBe(0x22);
          const both = bytes.toString('utf8', member.keyStart, member.valueEnd);
          expect(Object.keys(JSON.parse(`{${both}}`) as object)).toEqual([member.key]);
        }
        const repeated = members
          .map(([key]) => key)
          .filter((key, at, all) => all.indexOf(key) < at);
        expect(top.duplicates.toSorted()).toEqual([...new Set(repeated)].toSorted());
      }),
    );
  });

  test.each<[string, string[]]>([
    ['{}', []],
    [' \t\r\n{ \n} ', []],
    ['{"a":1}', ['a']],
    ['{"mod\\u0065l":"x"}', ['model']],
    ['{"a\\"b":"}","c\\\\":"\\\\","d":[{"e":"]"}]}', ['a"b', 'c\\', 'd']],
    ['{"":0,"é🔑":1}', ['', 'é🔑']],
    [`{"${'k'.repeat(31)}\\"${'k'.repeat(40)}":1}`, [`${'k'.repeat(31)}"${'k'.repeat(40)}`]],
  ])('keys of %s', (json, expected) => {
    expect(keys(json)).toEqual(expected);
  });

  test('quotes and backslashes are told apart wherever the native search takes over', () => {
    for (let before = 0; before <= 70; before += 1) {
      for (let backslashes = 0; backslashes <= 4; backslashes += 1) {
        const held = `${'k'.repeat(before)}${'\\'.repeat(backslashes)}`;
        for (const string of [held, `${held}"`, `${held}"${held}`, `"\\${held}"${held}"`]) {
          const json = `{${JSON.stringify(string)}:[${JSON.stringify(string)}],"z":0}`;
          expect(keys(json)).toEqual([string, 'z']);
        }
      }
    }
  });

  test.each<[string, string[]]>([
    ['{"model":1,"x":2,"mod\\u0065l":3}', ['model']],
    ['{"a":1,"a":2,"a":3,"b":4,"b":5}', ['a', 'b']],
    ['{"a":{"b":1},"b":{"b":1,"b":2}}', []],
  ])('repeated keys of %s', (json, expected) => {
    expect(scan(json).duplicates.toSorted()).toEqual(expected);
  });

  test.each(['', ' ', '[]', '"{}"', 'null', '1', '\uFEFF{}', '}{'])('%p is no object', (json) => {
    expect(() => scan(json)).toThrow(expect.objectContaining({ reason: 'not_object' }));
  });

  test.each(['[', '{"a":', '[{"b":'])('depth is counted over %s', (open) => {
    const deep = (levels: number) => {
      const opened = open
        .repeat(200)
        .split(/(?=[[{])/)
        .slice(0, levels);
      return `{"x":${opened.join('')}`;
    };
    expect(() => scan(deep(127))).not.toThrow();
    expect(() => scan(deep(128))).toThrow(expect.objectContaining({ reason: 'depth' }));
  });

  test.each([
    ['at the top', (count: number) => `{${membersOf(count)}}`],
    ['in one nested object', (count: number) => `{"a":{${membersOf(count - 1)}}}`],
    ['in many objects', (count: number) => `{"a":[${'{"b":1},'.repeat(count - 1)}{}]}`],
    ['with one name', (count: number) => `{"a":{${'"b":1,'.repeat(count - 2)}"b":2}}`],
  ])('members are counted %s', (_where, json) => {
    const scanUpTo = (membersMax: number) =>
      scanTopLevel(Buffer.from(json(500)), { ...LIMITS, membersMax });
    expect(scanUpTo(500).members.length).toBeGreaterThan(0);
    expect(() => scanUpTo(499)).toThrow(expect.objectContaining({ reason: 'members' }));
  });

  test('colons in strings, and array elements, are no members', () => {
    const json = `{"a":["${':'.repeat(50)}"${',1'.repeat(50)}]}`;
    expect(scanTopLevel(Buffer.from(json), { ...LIMITS, membersMax: 1 }).members).toHaveLength(1);
  });

  test('brackets in strings, and siblings, are no depth', () => {
    expect(keys(`{"a":"${'['.repeat(1000)}","b":[${'[],{},'.repeat(500)}[]]}`)).toEqual(['a', 'b']);
  });

  test('any bytes end in a result or in its own error', () => {
    const pieces = fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', '1', 'a', ' ', '"k":');
    const garbage = fc.oneof(
      fc.array(pieces, { maxLength: 200 }).map((all) => Buffer.from(`{${all.join('')}`)),
      fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(garbage, fc.nat(5), (bytes, depthMax) => {
        try {
          for (const member of scanTopLevel(bytes, { ...LIMITS, depthMax }).members) {
            expect(member.valueEnd).toBeLessThanOrEqual(bytes.length);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(JsonScanError);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('every prefix of a body is safe', () => {
    const json = '{"a\\u0062":"x\\\\\\"y","b":[{"c":[1,2,"]"]}],"d":-1.5e3 ,"e":null}';
    for (let end = 1; end <= json.length; end += 1) {
      expect(() => scan(json.slice(0, end))).not.toThrow();
    }
  });

  test.each<[string, string, string]>([
    ['deep nesting', '{"a":', '['],
    ['escaped quotes', '{"a":"', '\\"'],
    ['backslashes', '{"a":"', '\\'],
    ['quotes', '{"a":[', '"'],
    ['blanks', '{', ' '],
    ['one long string', '{"a":"', 'x'],
  ])('hostile input takes time in proportion to its length: %s', async (_name, start, rest) => {
    const bytesOf = (length: number) => Buffer.from(start + rest.repeat(length / rest.length));
    // So that nothing is left out for its depth.
    const limits = { ...LIMITS, depthMax: Number.POSITIVE_INFINITY };
    const [part, whole] = [bytesOf(2_000_000 / 32), bytesOf(2_000_000)];
    // 32 if it grew with the square.
    const LIMIT = 6;
    const grown = growth(
      LIMIT,
      () => Array.from({ length: 32 }).forEach(() => scanTopLevel(part, limits)),
      () => scanTopLevel(whole, limits),
    );
    expect(await grown).toBeLessThan(LIMIT);
  });

  test('deep nesting is not followed', () => {
    expect(() => scan(`{"a":${'['.repeat(100_000)}`)).toThrow(JsonScanError);
  });
});

/** As JSON can hold it: no -0, NaN or infinity. */
const plain = (pairs: Iterable<readonly [string, unknown]>): unknown =>
  JSON.parse(JSON.stringify(Object.fromEntries(pairs)));

describe('patchTopLevel', () => {
  const changes = fc.dictionary(fc.oneof(fc.constantFrom('model', 'stream', 'n'), text), value, {
    maxKeys: 3,
  });

  test('the patched text parses to the changed object, and all other bytes are untouched', () => {
    fc.assert(
      fc.property(sample, changes, ({ json, members }, changed) => {
        const bytes = Buffer.from(json);
        const top = scanTopLevel(bytes, LIMITS);
        const texts = Object.fromEntries(
          Object.entries(changed).map(([key, held]) => [key, JSON.stringify(held)]),
        );
        const patched = patchTopLevel(bytes, top, texts);
        expect(JSON.parse(patched.toString())).toEqual(
          plain([...members, ...Object.entries(changed)]),
        );
        const back = scanTopLevel(patched, LIMITS);
        const added = back.members.length - top.members.length;
        const untouched = (of: typeof top, from: Buffer, skipped: number) => {
          let kept = of.members[skipped]?.keyStart ?? -1;
          if (kept === -1) return '';
          let rest = '';
          for (const { key, valueStart, valueEnd } of of.members.slice(skipped)) {
            if (!Object.hasOwn(changed, key)) continue;
            rest += `${from.toString('latin1', kept, valueStart)}\0`;
            kept = valueEnd;
          }
          return rest + from.toString('latin1', kept);
        };
        expect(untouched(back, patched, added)).toBe(untouched(top, bytes, 0));
      }),
    );
  });

  test.each<[string, Record<string, string>, string]>([
    ['{}', {}, '{}'],
    [' { "a" : 1 } ', {}, ' { "a" : 1 } '],
    ['{"model":"a","n":9007199254740993}', { model: '"b"' }, '{"model":"b","n":9007199254740993}'],
    ['{ "mod\\u0065l" : "a" }', { model: '"b"' }, '{ "mod\\u0065l" : "b" }'],
    ['{}', { a: '1', 'b"': '{}' }, '{"a":1,"b\\"":{}}'],
    ['{ "x":1e999 }', { a: '1' }, '{"a":1, "x":1e999 }'],
    ['{"b":0,"x":1}', { a: '1', b: '2' }, '{"a":1,"b":2,"x":1}'],
    ['{"b":0,"b":1}', { b: '2' }, '{"b":2,"b":2}'],
    ['{"a":{"b":0}}', { b: '2' }, '{"b":2,"a":{"b":0}}'],
  ])('%s with %p', (json, changed, expected) => {
    expect(patchTopLevel(Buffer.from(json), scan(json), changed).toString()).toBe(expected);
  });

  test('bytes that are not UTF-8 stay as they are', () => {
    const bytes = Buffer.from('{"a":"\xff\xfe","model":"x"}', 'latin1');
    const patched = patchTopLevel(bytes, scanTopLevel(bytes, LIMITS), { model: '"y"' });
    expect(patched.toString('latin1')).toBe('{"a":"\xff\xfe","model":"y"}');
  });
});
