import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openDatabase } from '../../src/database.ts';

test('after all migrations nothing is left to change', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tollgate-test-'));
  const { orm } = await openDatabase(dataDir);
  try {
    expect(await orm.schema.getUpdateSchemaSQL({ wrap: false })).toBe('');
  } finally {
    await orm.close();
    await rm(dataDir, { recursive: true });
  }
});
