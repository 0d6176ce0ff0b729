import type { EntityManager } from '@mikro-orm/sqlite';
import { expect, test } from '@jest/globals';
import { Pool as PoolRow } from '../../../src/entities/pool.ts';
import type { EventDraft } from '../../../src/events/log.ts';
import type { Journal } from '../../../src/pool/journal.ts';
import { Selections } from '../../../src/pool/selections.ts';
import { aMember, aPool, theFacts } from './fixture.ts';

test('a selection that moved on is told with its cause, and kept in the pool’s row (C3)', async () => {
  const written: { drafts: readonly EventDraft[]; work: (tx: EntityManager) => unknown }[] = [];
  const journal = {
    write: (drafts: readonly EventDraft[], work: (tx: EntityManager) => unknown) =>
      void written.push({ drafts, work }),
  };
  const [from, to] = [aMember('a'), aMember('b')];
  const { pool } = aPool([from, to]);
  const selections = new Selections(journal as unknown as Journal);
  selections.moved(pool, from, to, theFacts({ verdict: 'rate_limited' }));
  expect(written[0]?.drafts).toEqual([
    {
      type: 'pool.credential_selected',
      subject: 'p1',
      actor: 'system',
      requestId: 'r1',
      before: { credential: 'a', name: 'name of a' },
      after: { credential: 'b', name: 'name of b', verdict: 'rate_limited', status: 429 },
    },
  ]);
  const updates: unknown[] = [];
  const tx = {
    nativeUpdate: (...args: unknown[]) => Promise.resolve(updates.push(args)),
  } as unknown as EntityManager;
  expect(await written[0]?.work(tx)).toBe(true);
  const isOurs = [
    { selectedCredentialId: null },
    { selectedCredentialId: 'a' },
    { selectedCredentialId: { $nin: ['a', 'b'] } },
  ];
  expect(updates).toEqual([[PoolRow, { id: 'p1', $or: isOurs }, { selectedCredentialId: 'b' }]]);
});
