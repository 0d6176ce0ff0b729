import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { Step } from '../../../../src/sandbox/script.ts';
import { FAULTS, readFaults } from '../../../../src/sandbox/faults/index.ts';

describe('readFaults', () => {
  test('binds parameters over defaults', () => {
    const [bound] = readFaults('status;code=429;retry-after=3');
    expect(bound?.fault.name).toBe('status');
    expect(bound?.params.number('code')).toBe(429);
    expect(bound?.params.text('retry-after')).toBe('3');
    expect(bound?.params.text('body')).toBe('json');
  });

  test('reads several, and percent-encoded values', () => {
    const bound = readFaults('delay-head;ms=5 | header;name=x-a;value=b%3Bc%7C=d');
    expect(bound.map(({ fault }) => fault.name)).toEqual(['delay-head', 'header']);
    expect(bound[1]?.params.text('value')).toBe('b;c|=d');
  });

  test.each([
    ['', "There is no fault ''"],
    ['nope', "There is no fault 'nope'"],
    ['status;code=many', 'code must be a number'],
    ['status;colour=red', 'status has no parameter colour'],
    ['usage-bad;kind=odd', 'kind must be one of negative, float, string, huge, null'],
    ['header;value=%zz', 'not percent-encoded'],
  ])('refuses %j', (text, message) => {
    expect(() => readFaults(text)).toThrow(message);
  });
});

test('a padding of 200 MB takes no memory', () => {
  const head: Step = {
    do: 'head',
    status: 200,
    headers: { 'content-type': 'application/json', 'content-length': '7' },
  };
  const [bound] = readFaults('big-json;bytes=200000000');
  const steps = bound?.fault.script?.(
    [head, { do: 'write', bytes: '{"a":1}', tellsUsage: true }, { do: 'end' }],
    bound.params,
  );
  const pieces = (steps ?? []).flatMap((step) => (step.do === 'write' ? [step.bytes] : []));
  const memory = new Set(pieces.map((piece) => (typeof piece === 'string' ? piece : piece.buffer)));
  const total = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);
  expect(total).toBe(200_000_000 + '{"padding":"",'.length + '"a":1}'.length);
  expect(steps?.[0]).toMatchObject({ headers: { 'content-length': String(total) } });
  expect(pieces.length).toBeGreaterThan(1000);
  expect(memory.size).toBe(4);
});

test.each(FAULTS.map((fault) => [fault.name, fault] as const))(
  '%s is documented',
  (name, fault) => {
    const page = readFileSync('docs/sandbox.md', 'utf8');
    const line = page
      .split('\n')
      .map((each) => each.replaceAll(/ +\|/g, ' |'))
      .find((each) => each.startsWith(`| \`${name}\` | ${fault.description} |`));
    expect(line).toBeDefined();
    for (const param of Object.keys(fault.params ?? {})) expect(line).toContain(`\`${param}\``);
  },
);
