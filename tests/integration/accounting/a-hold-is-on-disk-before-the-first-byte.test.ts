import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import { connect, until } from '../../support/ledger-books.ts';
import { PATIENCE_MS } from '../../support/patience.ts';

const isFinished = (entry: { kind: string; requestId: string | null }): boolean =>
  entry.kind === 'finished' && entry.requestId !== null;

test.each([
  { form: 'a plain answer', isStream: false },
  { form: 'a stream', isStream: true },
])('$form that is here waits for the commit of its hold', async ({ isStream }) => {
  const gateway = await startGateway();
  const other = connect(gateway.space.file);
  other.exec('begin immediate');
  let isAnswered = false;
  const answer = gateway.chat({ stream: isStream }).then((response) => {
    isAnswered = true;
    return response;
  });
  await gateway.sandbox.witness.waitFor(isFinished, PATIENCE_MS);
  // A whole request of another kind passes the server meanwhile: only the store is waited for.
  for (let round = 0; round < 5; round += 1) {
    await gateway.fetch('/health', { method: 'GET' }).then((response) => response.text());
  }
  expect(isAnswered).toBe(false);
  expect(other.prepare('select count(*) as n from holds').get()).toEqual({ n: 0 });

  other.exec('rollback');
  const response = await answer;
  expect(response.status).toBe(200);
  await response.text();
  const records = await gateway.records();
  expect(records.map(({ id, outcome }) => ({ id, outcome }))).toEqual([
    { id: response.headers.get('x-request-id'), outcome: 'settled' },
  ]);
});

test('a hold that cannot be written ends in 503, and no upstream is asked until the store is back', async () => {
  const gateway = await startGateway();
  const before = await gateway.chat();
  const other = connect(gateway.space.file);
  other.exec('alter table holds rename to holds_away');

  const failed = await gateway.chat();
  expect(failed.status).toBe(503);
  expect(failed.headers.get('retry-after')).toBe('1');
  expect(await failed.json()).toMatchObject({
    error: { type: 'server_error', code: 'storage_unavailable' },
  });
  const asked = () =>
    gateway.sandbox.witness.entries.filter(({ kind }) => kind === 'received').length;
  const before503 = asked();
  const refused = await gateway.chat();
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ error: { code: 'storage_unavailable' } });
  expect(asked()).toBe(before503);
  expect(gateway.app.ledger.isHealthy).toBe(false);

  other.exec('alter table holds_away rename to holds');
  // Nobody calls meanwhile: the ledger finds out by itself.
  await until(() => gateway.app.ledger.isHealthy);
  const served = await gateway.chat();
  expect(served.status).toBe(200);
  const records = await gateway.records();
  expect(records.map(({ id }) => id)).toEqual(
    [before, served].map((response) => response.headers.get('x-request-id')),
  );
});

test('a stream whose hold cannot be written is given up upstream', async () => {
  const gateway = await startGateway();
  await (await gateway.chat()).text();
  // Its settlement must be committed: a store known to fail takes no call at all.
  await gateway.records();
  const from = gateway.sandbox.witness.entries.length;
  const other = connect(gateway.space.file);
  other.exec('alter table holds rename to holds_away');
  const response = await gateway.chat(
    { stream: true },
    { 'x-sandbox-fault': 'endless-stream;ms=20' },
  );
  expect(response.status).toBe(503);
  other.exec('alter table holds_away rename to holds');
  const ended = await gateway.sandbox.witness.waitFor(
    (entry) => isFinished(entry) && entry.seq > from,
    PATIENCE_MS,
  );
  expect(ended).toMatchObject({ outcome: 'aborted' });
  expect(await gateway.records()).toHaveLength(1);
});
