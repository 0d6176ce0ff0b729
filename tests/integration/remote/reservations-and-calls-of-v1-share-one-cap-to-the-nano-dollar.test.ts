import { expect, test } from '@jest/globals';
import { CLI } from '../../../src/services/actor.ts';
import { startGateway } from '../../support/gateway.ts';
import { grpcOf } from '../../support/gateway-grpc.ts';
import { RpcFailure } from '../../support/grpc-client.ts';
import { until } from '../../support/patience.ts';
import {
  arrivalsAfter,
  budgetWorth,
  callOnce,
  expectNothingHeld,
  markOf,
  withinCaps,
  worthOfACall,
} from '../accounting/crowd.ts';

const EACH = 500;
const FIT = 40n;

test(`${EACH} Reserve and ${EACH} calls at once on a cap worth ${FIT} of them: ${FIT} are let in, to the nano-dollar`, async () => {
  const gateway = await startGateway({ isClockShared: true, env: { GRPC_PORT: '0' } });
  const client = grpcOf(gateway);
  const { holdNano } = await worthOfACall(gateway);
  // One nano-dollar less than another one would need.
  const roomNano = (FIT + 1n) * holdNano - 1n;
  const subject = { scope: 'key', subject: gateway.keyId } as const;
  const budgetId = await budgetWorth(gateway, roomNano, subject);
  const mark = markOf(gateway);
  let refused = 0;
  const reserve = async (at: number) => {
    const asked = {
      idempotencyId: `call-${at}`,
      key: { id: gateway.keyId },
      model: 'gpt-4o-mini',
      amountNanoUsd: String(holdNano),
    };
    try {
      const { reservation } = await client.ask('UsageService', 'Reserve', asked);
      return reservation?.id ?? null;
    } catch (error) {
      if (!(error instanceof RpcFailure)) throw error;
      expect(error.refusal).toMatchObject({
        code: 'RESOURCE_EXHAUSTED',
        reason: 'tollgate/INSUFFICIENT_QUOTA',
      });
      refused += 1;
      return null;
    }
  };
  const call = async (at: number) => {
    const headers = { 'x-sandbox-fault': 'delay-head;ms=30000' };
    const { status } = await callOnce(gateway, { isStream: at % 2 === 1, headers });
    if (status === 402) refused += 1;
    else expect(status).toBe(200);
    return status === 200;
  };
  const settled = await withinCaps(gateway, [budgetId], async () => {
    // Each side has its chance; then all the others at once.
    const [reserving, calling] = [[reserve(0)], [call(0)]];
    await reserving[0];
    await until(() => arrivalsAfter(gateway, mark).length === 1);
    for (let at = 1; at < EACH; at += 1) {
      reserving.push(reserve(at));
      calling.push(call(at));
    }
    const ids = (await Promise.all(reserving)).filter((id) => id !== null);
    const letIn = () => ids.length + arrivalsAfter(gateway, mark).length;
    await until(() => refused + letIn() === 2 * EACH);
    expect(letIn()).toBe(Number(FIT));
    await until(async () => {
      const { heldNano, holds } = await gateway.space.budgets.explain(CLI, budgetId);
      return heldNano === FIT * holdNano && holds.length === Number(FIT);
    });
    const settling = ids.map((reservationId, at) =>
      at % 3 === 0
        ? client.ask('UsageService', 'Release', { reservationId })
        : client.ask('UsageService', 'Settle', { reservationId, costNanoUsd: String(holdNano) }),
    );
    gateway.clock.advance(30_000);
    const [, served] = await Promise.all([Promise.all(settling), Promise.all(calling)]);
    expect(served.filter(Boolean)).toHaveLength(Number(FIT) - ids.length);
    return ids.length - Math.ceil(ids.length / 3);
  });
  await expectNothingHeld(gateway, [budgetId]);
  const records = (await gateway.records()).filter(({ keyId }) => keyId === gateway.keyId);
  expect(records).toHaveLength(Number(FIT));
  const remote = records.filter(({ credentialId }) => credentialId === '');
  const charged = remote.reduce((sum, { costNano }) => sum + costNano, 0n);
  expect(charged).toBe(BigInt(settled) * holdNano);
});
