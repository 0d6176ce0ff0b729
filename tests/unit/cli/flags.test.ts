import { expect, test } from '@jest/globals';
import { Command } from 'commander';
import { z } from 'zod';
import {
  decimals,
  duration,
  Flags,
  jsonObject,
  judged,
  limit,
  list,
  text,
} from '../../../src/cli/flags.ts';

test.each([
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['87600h', 315_360_000_000],
])('--for %s is %d ms', (written, ms) => {
  expect(duration(written)).toBe(ms);
});

test.each(['', '0s', '10', '10 minutes', '-5m', '87601h', 'permanent'])(
  '--for "%s" is a mistake that shows how to write one',
  (written) => {
    expect(duration(written)).toEqual({ mistake: expect.stringContaining('such as 30s, 10m') });
  },
);

test('a limit of 0 is none', () => {
  expect(limit(10)('0')).toBeNull();
  expect(limit(10)('10')).toBe(10);
  expect(limit(10)('11')).toEqual({ mistake: 'must be a whole number from 0 to 10' });
});

test('a list has no empty parts, and empty text lifts it', () => {
  expect(list('')).toBeNull();
  expect(list('gpt-4o, claude-*')).toEqual(['gpt-4o', 'claude-*']);
  expect(list('a,,b')).toEqual({ mistake: 'has an empty part' });
});

test('numbers between commas are decimal', () => {
  expect(decimals('')).toEqual([]);
  expect(decimals('50, 99.5')).toEqual([50, 99.5]);
  for (const wrong of ['50,', 'x', '1e2', '-5', '0x10'])
    expect(decimals(wrong)).toEqual({ mistake: expect.stringContaining('is not a number') });
});

test('metadata is a JSON object', () => {
  expect(jsonObject('')).toEqual({});
  expect(jsonObject('{"a":1}')).toEqual({ a: 1 });
  for (const wrong of ['{', '[]', 'null', '1'])
    expect(jsonObject(wrong)).toEqual({ mistake: expect.stringContaining('a JSON object') });
});

test('what a service would refuse is a mistake of the flag, told once', () => {
  const schema = z.array(z.string().refine((part) => part !== 'x', 'no x'));
  expect(judged(list, schema)('a,b')).toEqual(['a', 'b']);
  expect(judged(list, schema)('x,x')).toEqual({ mistake: 'no x' });
  expect(judged(text, schema)('')).toEqual({ mistake: 'is empty' });
});

const flagsOf = (...line: string[]) => {
  const command = new Command().option('--on').option('--off').option('--name <name>');
  return new Flags(command.parse(line, { from: 'user' }));
};

test('of two opposite flags one makes sense', () => {
  expect(flagsOf().either('on', 'off')).toBeUndefined();
  expect(flagsOf('--on').either('on', 'off')).toBe(true);
  expect(flagsOf('--off').either('on', 'off')).toBe(false);
  const both = flagsOf('--on', '--off');
  both.either('on', 'off');
  expect(both.mistakes).toEqual(['--on, --off: only one of them makes sense']);
});

test('a change changes something, if only to null', () => {
  const flags = flagsOf('--name', '');
  expect(flags.isGiven('name')).toBe(true);
  expect(flags.isGiven('on')).toBe(false);
  flags.requireChange({ name: null, other: undefined });
  expect(flags.mistakes).toEqual([]);
  flags.requireChange({ name: undefined });
  expect(flags.mistakes).toEqual(['nothing to change: give at least one option']);
});
