import type { z } from 'zod';

type RawIssue = z.core.$ZodRawIssue;

/** What a person calls a type of JSON. */
const NOUNS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** What there is too much or too little of. */
const UNITS: Readonly<Record<string, string>> = { string: ' characters', array: ' entries' };

type Bounds<Code> = Extract<RawIssue, { code: Code }>;

function tooSmall({ origin, minimum, inclusive }: Bounds<'too_small'>): string {
  const unit = UNITS[origin];
  if (unit === undefined)
    return `must be ${inclusive === false ? 'more than' : 'at least'} ${minimum}`;
  return minimum === 1 ? 'must not be empty' : `must have at least ${minimum}${unit}`;
}

function tooBig({ origin, maximum, inclusive }: Bounds<'too_big'>): string {
  const unit = UNITS[origin];
  return unit === undefined
    ? `must be ${inclusive === false ? 'less than' : 'at most'} ${maximum}`
    : `must have at most ${maximum}${unit}`;
}

/** What a schema does not say in words of its own, in ours; undefined leaves it to the library. */
export function mistakeText(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing';
      return `must be ${NOUNS[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return tooSmall(issue);
    case 'too_big':
      return tooBig(issue);
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'unrecognized_keys':
      return `has unknown fields: ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`;
    default:
      return undefined;
  }
}
