import { expect, test } from '@jest/globals';
import { providers } from '../../../src/providers/index.ts';

const google = (message: string) => ({ error: { code: 400, message, status: 'INVALID_ARGUMENT' } });
const xai = (error: unknown) => ({ code: 'Client specified an invalid argument', error });

test.each([
  ['google', [google('API key not valid. Please pass a valid API key.')], true],
  ['google', google('API key not valid. Please pass a valid API key.'), true],
  ['google', [google('API Key not found. Please pass a valid API key.')], true],
  ['google', [google('API key expired. Please renew the API key.')], true],
  ['google', [google('Invalid JSON payload received. Unknown name "API key not valid"')], false],
  ['google', [google('Request contains an invalid argument.')], false],
  ['google', [{ error: { message: 7 } }], false],
  ['google', [{ error: 'API key not valid' }], false],
  ['xai', xai('Incorrect API key provided: xa***yz. You can obtain an API key from ...'), true],
  ['xai', xai('Model "Incorrect API key provided" does not exist.'), false],
  ['xai', xai({ message: 'Incorrect API key provided' }), false],
  ['xai', {}, false],
])('%s: a 400 with %j is about the credential: %s', (id, answer, expected) => {
  expect(providers.get(id)?.refusesCredential?.(answer)).toBe(expected);
});

test.each(['google', 'xai'])('%s: no body at all says nothing about the credential', (id) => {
  for (const answer of [undefined, null, [], '', 7, [null]]) {
    expect(providers.get(id)?.refusesCredential?.(answer)).toBe(false);
  }
});
