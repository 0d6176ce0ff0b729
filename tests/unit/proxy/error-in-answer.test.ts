import { describe, expect, test } from '@jest/globals';
import { errorCodeOf, errorInAnswer, errorToldBy } from '../../../src/proxy/error-in-answer.ts';

const ERRORS: [string, object, status: number, code: string | null][] = [
  [
    'OpenAI, by code',
    { error: { message: 'x', type: 'tokens', code: 'rate_limit_exceeded' } },
    429,
    'rate_limit_exceeded',
  ],
  [
    'OpenAI, by type',
    { error: { message: 'x', type: 'invalid_request_error', code: null } },
    400,
    'invalid_request_error',
  ],
  [
    'a code that says nothing, by type',
    { error: { type: 'authentication_error', code: 'odd' } },
    401,
    'odd',
  ],
  ['an empty account', { error: { code: 'insufficient_quota' } }, 429, 'insufficient_quota'],
  [
    'a spent budget',
    { error: { code: 'billing_hard_limit_reached' } },
    429,
    'billing_hard_limit_reached',
  ],
  [
    'a wrong key',
    { error: { code: 'invalid_api_key', type: 'invalid_request_error' } },
    401,
    'invalid_api_key',
  ],
  [
    'a missing model',
    { error: { code: 'model_not_found', type: 'invalid_request_error' } },
    404,
    'model_not_found',
  ],
  [
    'too long a prompt',
    { error: { code: 'context_length_exceeded' } },
    400,
    'context_length_exceeded',
  ],
  [
    'Anthropic',
    { type: 'error', error: { type: 'overloaded_error', message: 'x' } },
    529,
    'overloaded_error',
  ],
  ['OpenRouter, by number', { error: { code: 402, message: 'x' } }, 402, null],
  [
    'OpenRouter, by number, with an id',
    { id: 'gen-1', error: { code: 429, message: 'x' } },
    429,
    null,
  ],
  ['a number as text', { error: { code: '503', message: 'x' } }, 503, '503'],
  [
    'Google, by number and status',
    { error: { code: 429, status: 'RESOURCE_EXHAUSTED' } },
    429,
    null,
  ],
  ['a status of its own', { error: { code: 'odd', status: 403 } }, 403, 'odd'],
  [
    'a number that is no status of an error',
    { error: { code: 200, type: 'rate_limit_error' } },
    429,
    'rate_limit_error',
  ],
  ['a number out of range', { error: { code: 1234 } }, 500, null],
  ['a fraction', { error: { code: 429.5 } }, 500, null],
  [
    'Responses',
    { type: 'error', code: 'rate_limit_exceeded', message: 'x', param: null },
    429,
    'rate_limit_exceeded',
  ],
  [
    'Responses, unknown',
    { type: 'error', code: 'server_error', message: 'x' },
    500,
    'server_error',
  ],
  ['Responses, without a code', { type: 'error', code: null, message: 'x' }, 500, null],
  ['xAI, in words', { code: 'odd', error: 'Incorrect API key provided' }, 500, 'odd'],
  ['in words alone', { error: 'model overloaded' }, 500, null],
  ['nothing in it', { error: {} }, 500, null],
];

test.each(ERRORS)('%s', (_name, told, status, code) => {
  expect(errorToldBy({ ...told })).toEqual({ status, code });
  expect(errorInAnswer({ ...told })).toEqual({ status, code });
});

test.each<[string, object]>([
  ['a chat completion', { object: 'chat.completion', choices: [] }],
  ['choices alone', { choices: [{}] }],
  ['a list', { object: 'list', data: [] }],
  ['pictures', { created: 1, data: [{}] }],
  ['an error that is null', { error: null, text: 'x' }],
  ['an error that is empty', { error: '', text: 'x' }],
  ['an error that is no object', { error: false, text: 'x' }],
  ['an error that is a list', { error: [], text: 'x' }],
  ['a type of its own', { type: 'response.created', response: {} }],
  ['nothing', {}],
])('%s is an answer', (_name, told) => {
  expect(errorInAnswer({ ...told })).toBeNull();
});

describe('what says what it is', () => {
  const error = { code: 'server_error', message: 'x' };

  test.each<[string, object]>([
    ['a response that failed', { object: 'response', status: 'failed', error }],
    ['a completion with an error', { object: 'chat.completion', choices: [], error }],
    ['choices with an error', { choices: [], error }],
  ])('is an answer also with an error in it: %s', (_name, told) => {
    expect(errorInAnswer({ ...told })).toBeNull();
    expect(errorToldBy({ ...told })).toEqual({ status: 500, code: 'server_error' });
  });
});

test.each<[unknown, string | null]>([
  [{ code: 'a', type: 'b' }, 'a'],
  [{ code: null, type: 'b' }, 'b'],
  [{ code: 402, type: 'b' }, 'b'],
  [{ code: 402 }, null],
  [{}, null],
  ['a', null],
  [null, null],
  [undefined, null],
  [['a'], null],
])('the code of %j is %s', (error, code) => {
  expect(errorCodeOf(error)).toBe(code);
});
