import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';
import { until } from '../../support/patience.ts';
import { aReservation, aUsage, BILLER } from './fixture.ts';

const EXPLAIN = `query ($id: ID!) {
  explainRequest(id: $id) {
    whatHappened fault isRetryable
    remote { kind actor idempotencyId provider }
    record { outcome reason status route { strategy } attempts { ms } credential { name } }
  }
}`;

test('who told it, under which id, and what became of it, without a way that it never had', async () => {
  const gateway = await startGateway();
  const { ask } = graphqlClient(gateway);
  const { recordings, reservations } = gateway.app.services;
  const usage = aUsage(gateway, { idempotency_id: 'order 7' });
  const { recorded } = await recordings.record(BILLER, usage);
  const held = aReservation(gateway, { idempotency_id: 'order 8', provider: '' });
  const { reservation } = await reservations.reserve(BILLER, held);
  const open = await ask(EXPLAIN, { id: reservation.id });
  expect(open.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  gateway.clock.advance(600_000);
  await until(() => reservations.get(BILLER, { reservation_id: reservation.id }).state !== 'open');
  const told = async (id: string) => (await ask(EXPLAIN, { id })).data.explainRequest;
  const nothing = { route: null, attempts: [], credential: null };
  expect(await told(recorded.id)).toEqual({
    whatHappened: 'complete',
    fault: null,
    isRetryable: false,
    remote: {
      kind: 'USAGE',
      actor: 'token:biller',
      idempotencyId: 'order 7',
      provider: 'openai',
    },
    record: { outcome: 'SETTLED', reason: 'ok', status: 200, ...nothing },
  });
  expect(await told(reservation.id)).toMatchObject({
    whatHappened: 'its service did not say in time what became of it; charged at the hold',
    remote: { kind: 'RESERVATION', idempotencyId: 'order 8', provider: '' },
    record: { outcome: 'UNKNOWN', reason: 'expired', status: 0, ...nothing },
  });
  // A call of `/v1` has no such origin.
  const id = (await gateway.chat()).headers.get('x-request-id');
  await gateway.records();
  expect(await told(id ?? '')).toMatchObject({ remote: null });
});
