import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { grpcOf } from '../../support/gateway-grpc.ts';
import { connect } from '../../support/ledger-books.ts';
import { until } from '../../support/patience.ts';
import { aUsage, BILLER, capOf, expectOneTruth, USAGE_NANO } from './fixture.ts';

const gatewayWithGrpc = () => startGateway({ env: { GRPC_PORT: '0' } });

const aRecord = ({ keyId }: Gateway, idempotencyId: string, fields: object = {}) => ({
  record: {
    idempotencyId,
    key: { id: keyId },
    provider: 'openai',
    model: 'gpt-4o-mini',
    usage: { input: 10, output: 5 },
    ...fields,
  },
});

const onDisk = (gateway: Gateway) =>
  new Set(
    connect(gateway.space.file).prepare<[], string>('select id from usage_records').pluck().all(),
  );

test('a thousand and more, in their order, each on disk when it is answered', async () => {
  const gateway = await gatewayWithGrpc();
  const budgetId = await capOf(gateway, 10n ** 12n);
  const stream = grpcOf(gateway).exchange('UsageService', 'RecordUsageStream');
  const names = Array.from({ length: 2500 }, (_, at) => `call-${at}`);
  for (const name of names) stream.write(aRecord(gateway, name));
  const first = await stream.nth(0);
  const known = onDisk(gateway);
  for (const { recorded } of first.results) expect(known.has(recorded!.requestId)).toBe(true);
  stream.end();
  expect(await stream.ended).toBeNull();
  const results = stream.answers.flatMap((answer) => answer.results);
  expect(results.map(({ idempotencyId }) => idempotencyId)).toEqual(names);
  expect(new Set(results.map(({ recorded }) => recorded?.requestId)).size).toBe(2500);
  // Far fewer messages than calls: those of a commit come together.
  expect(stream.answers.length).toBeLessThan(500);
  expect(await gateway.records()).toHaveLength(2500);
  await expectOneTruth(gateway, budgetId);
});

test('what is wrong with one is told in its answer and ends nothing; sent again it is a repeat', async () => {
  const gateway = await gatewayWithGrpc();
  const stream = grpcOf(gateway).exchange('UsageService', 'RecordUsageStream');
  stream.write(aRecord(gateway, 'one'));
  stream.write(aRecord(gateway, 'two', { model: '', usage: null }));
  stream.write(aRecord(gateway, 'three', { key: { id: 'nobody' } }));
  stream.write({});
  stream.write(aRecord(gateway, 'one'));
  stream.write(aRecord(gateway, 'one', { usage: { input: 1 } }));
  stream.end();
  expect(await stream.ended).toBeNull();
  const results = stream.answers.flatMap((answer) => answer.results);
  expect(results).toMatchObject([
    { idempotencyId: 'one', recorded: { costNanoUsd: String(USAGE_NANO), isRepeat: false } },
    {
      idempotencyId: 'two',
      error: {
        code: 3,
        message: 'model: must not be empty; usage: give usage or cost_nano_usd',
        field: 'model',
        isRetryable: false,
      },
    },
    { idempotencyId: 'three', error: { code: 5, field: 'key' } },
    { idempotencyId: '', error: { code: 3, message: 'record: is missing', field: 'record' } },
    { idempotencyId: 'one', recorded: { isRepeat: true } },
    { idempotencyId: 'one', error: { code: 6, field: 'idempotency_id' } },
  ]);
  expect(await gateway.records()).toHaveLength(1);
});

test('what is no id is told back shortened', async () => {
  const gateway = await gatewayWithGrpc();
  const stream = grpcOf(gateway).exchange('UsageService', 'RecordUsageStream');
  stream.write(aRecord(gateway, 'é'.repeat(400_000)));
  stream.write(aRecord(gateway, 'x'.repeat(128)));
  stream.end();
  expect(await stream.ended).toBeNull();
  const results = stream.answers.flatMap((answer) => answer.results);
  expect(results).toMatchObject([
    { idempotencyId: 'é'.repeat(128), error: { code: 3, field: 'idempotency_id' } },
    { idempotencyId: 'x'.repeat(128), recorded: { isRepeat: false } },
  ]);
});

test('while a thousand await their commit no more are read', async () => {
  const gateway = await startGateway();
  const { recordings } = gateway.app.services;
  // Another process writes: nothing is committed meanwhile.
  const blocker = connect(gateway.space.file);
  blocker.exec('begin immediate');
  let read = 0;
  async function* calls() {
    for (; read < 3000;) {
      read += 1;
      yield aUsage(gateway);
    }
  }
  const batches = recordings.recordAll(BILLER, calls());
  const first = batches.next();
  await until(() => read >= 1000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(read).toBe(1000);
  blocker.exec('rollback');
  let answered = (await first).value?.length ?? 0;
  for await (const batch of batches) answered += batch.length;
  expect(answered).toBe(3000);
  expect(await gateway.records()).toHaveLength(3000);
});
