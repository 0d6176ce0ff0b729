import { expect, test } from '@jest/globals';
import { isCredentialFault } from '../../../src/pool/effect.ts';
import type { Effect } from '../../../src/pool/effect.ts';

const effects: [Effect, boolean][] = [
  [{ kind: 'cooling', ms: null }, true],
  [{ kind: 'forbidden' }, true],
  [{ kind: 'unauthorized' }, true],
  [{ kind: 'exhausted' }, true],
  [{ kind: 'none' }, false],
  [{ kind: 'served' }, false],
  [{ kind: 'origin', isWhole: true, ms: null }, false],
  [{ kind: 'origin', isWhole: false, ms: 1000 }, false],
];

test.each(effects)('%j blames the credential: %s', (effect, isBlamed) => {
  expect(isCredentialFault(effect)).toBe(isBlamed);
});
