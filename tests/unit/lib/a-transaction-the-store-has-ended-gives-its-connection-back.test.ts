import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openDatabase } from '../../../src/database.ts';

test('what SQLite rolled back by itself, as on a full disk, keeps nobody after it waiting', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tollgate-test-'));
  const { orm } = await openDatabase(dataDir);
  try {
    const em = orm.em.fork();
    await em.execute('create table full (id integer)');
    // As a write that finds no room does: it ends the whole transaction.
    await em.execute(
      `create trigger no_room before insert on full begin select raise(rollback, 'no room'); end`,
    );
    const failing = em.fork().transactional((tx) => tx.execute('insert into full values (1)'));
    await expect(failing).rejects.toThrow('no room');
    const next = em.fork().transactional((tx) => tx.execute('select count(*) as rows from full'));
    expect(await next).toEqual([{ rows: 0 }]);
  } finally {
    await orm.close();
    await rm(dataDir, { recursive: true });
  }
});
