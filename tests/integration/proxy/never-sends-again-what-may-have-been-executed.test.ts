import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { arrivals, verdictsOf } from './fixture.ts';

const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { error: { code: string } }).error.code;

test.each(['fin', 'rst'])(
  'a connection closed (%s) after the request was read: one attempt, then 502',
  async (mode) => {
    const gateway = await startGateway();
    gateway.sandbox.faults.set('cred-1', `close-before-head;mode=${mode}`);
    const response = await gateway.chat();
    expect(response.status).toBe(502);
    expect(await codeOf(response)).toBe('upstream_error');
    expect(arrivals(gateway)).toHaveLength(1);
    const records = await gateway.records();
    expect(records.map(verdictsOf)).toEqual([['lost']]);
    expect(records[0]).toMatchObject({ outcome: 'voided', status: 502, costNano: 0n });
  },
);

test('a first byte that does not come in time: one attempt, then 504', async () => {
  const gateway = await startGateway({ pool: { timeouts: { first_byte_ms: 20_000 } } });
  gateway.sandbox.faults.set('cred-1', 'never-answer');
  const answered = gateway.chat();
  await gateway.sandbox.witness.waitFor(
    (entry) => entry.kind === 'received' && entry.path === '/v1/chat/completions',
    PATIENCE_MS,
  );
  gateway.clock.advance(20_001);
  const response = await answered;
  expect(response.status).toBe(504);
  expect(await codeOf(response)).toBe('upstream_timeout');
  expect(arrivals(gateway)).toHaveLength(1);
  expect((await gateway.records()).map(verdictsOf)).toEqual([['first_byte_timeout']]);
});

test('an answer cut before it was whole is not asked for again', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.set('cred-1', 'cut-after-bytes;n=40');
  const response = await gateway.chat();
  expect(response.status).toBe(502);
  expect(await codeOf(response)).toBe('upstream_error');
  expect(arrivals(gateway)).toHaveLength(1);
});

test('a list of files is asked for again, since that costs nothing', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.set('cred-1', 'close-before-head', { path: '/v1/files' });
  const response = await gateway.fetch('/v1/files', { method: 'GET' });
  expect(response.status).toBe(200);
  expect((await gateway.records()).map(verdictsOf)).toEqual([['lost', 'served']]);
  expect(arrivals(gateway)).toHaveLength(2);
});
