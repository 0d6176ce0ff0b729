import { expect, test } from '@jest/globals';
import { refusesCredential } from '../../../src/pool/upstream-kind.ts';
import { aKind } from './fixture.ts';

const picky = aKind({
  refusesCredential: (answer) => (answer as { reason: { code: string } }).reason.code === 'bad_key',
});

test.each([
  ['what its provider knows as a refusal', picky, '{"reason":{"code":"bad_key"}}', true],
  ['another error', picky, '{"reason":{"code":"bad_model"}}', false],
  ['a shape its provider does not expect', picky, '{"error":"bad_key"}', false],
  ['no JSON', picky, 'bad_key', false],
  ['nothing', picky, '', false],
  ['a provider that never says so', aKind(), '{"reason":{"code":"bad_key"}}', false],
])('a body is a refusal of the credential: %s', (_name, kind, body, isRefusal) => {
  expect(refusesCredential(kind, body)).toBe(isRefusal);
});
