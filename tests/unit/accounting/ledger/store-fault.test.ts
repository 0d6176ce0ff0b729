import { expect, test } from '@jest/globals';
import { isBeyondTrust } from '../../../../src/accounting/ledger/store-fault.ts';

test.each([
  ['SQLITE_IOERR_FSYNC', true],
  ['SQLITE_IOERR_WRITE', true],
  ['SQLITE_IOERR', true],
  ['SQLITE_CORRUPT', true],
  ['SQLITE_CORRUPT_VTAB', true],
  ['SQLITE_NOTADB', true],
  ['SQLITE_FULL', false],
  ['SQLITE_IOERR_SHMSIZE', false],
  ['SQLITE_BUSY', false],
  ['SQLITE_ERROR', false],
  ['UNKNOWN', false],
])('after %s the process must end: %s', (code, isFatal) => {
  expect(isBeyondTrust(code)).toBe(isFatal);
});
