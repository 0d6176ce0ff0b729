import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { validated } from '../../../src/services/operation.ts';

const schema = z.strictObject({
  name: z.string().min(1),
  note: z.string().min(3).max(5).optional(),
  limit: z.number().int().min(1).max(10).optional(),
  share: z.number().gt(0).lt(1).optional(),
  list: z.array(z.string()).min(1).max(2).optional(),
  kind: z.enum(['this', 'that']).optional(),
  notes: z.record(z.string(), z.json()).optional(),
  own: z
    .string()
    .refine((text) => text === 'right', 'must be right')
    .optional(),
});

test.each([
  [{}, 'name: is missing'],
  [{ name: 7 }, 'name: must be text'],
  [{ name: '' }, 'name: must not be empty'],
  [{ name: 'a', note: 'b' }, 'note: must have at least 3 characters'],
  [{ name: 'a', note: 'bcdefg' }, 'note: must have at most 5 characters'],
  [{ name: 'a', limit: 0 }, 'limit: must be at least 1'],
  [{ name: 'a', limit: 11 }, 'limit: must be at most 10'],
  [{ name: 'a', limit: 1.5 }, 'limit: must be a whole number'],
  [{ name: 'a', share: 0 }, 'share: must be more than 0'],
  [{ name: 'a', share: 1 }, 'share: must be less than 1'],
  [{ name: 'a', list: [] }, 'list: must not be empty'],
  [{ name: 'a', list: ['b', 'c', 'd'] }, 'list: must have at most 2 entries'],
  [{ name: 'a', kind: 'other' }, 'kind: must be one of this, that'],
  [{ name: 'a', notes: 'b' }, 'notes: must be an object'],
  [{ name: 'a', own: 'wrong' }, 'own: must be right'],
  [{ name: 'a', more: 1 }, 'input: has unknown fields: "more"'],
  [{ name: '', limit: 0 }, 'name: must not be empty; limit: must be at least 1'],
])('%j is refused in plain words', (input, message) => {
  expect(() => validated(schema, input)).toThrow(
    expect.objectContaining({ code: 'invalid_request', message }),
  );
});

test('what is wrong as a whole is told of the input', () => {
  const whole = z.strictObject({}).refine(() => false, 'give at least one price');
  expect(() => validated(whole, {})).toThrow(
    expect.objectContaining({ message: 'input: give at least one price', param: 'input' }),
  );
});
