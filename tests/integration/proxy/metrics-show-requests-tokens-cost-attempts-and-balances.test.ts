import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';

/** Samples by `name{labels}`, as Prometheus reads them. */
async function samples(gateway: Gateway): Promise<Map<string, number>> {
  const response = await gateway.fetch('/metrics', { method: 'GET' });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith('tollgate_'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

test('calls, attempts, tokens, cost and balances are shown as the ledger has them', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.set('cred-1', 'status;code=500', { times: 1 });
  await gateway.chat();
  await gateway.chat({ stream: true }).then((response) => response.arrayBuffer());
  const records = await gateway.records();
  const shown = await samples(gateway);
  const requests =
    'tollgate_requests_total{endpoint="chat.completions",status="200",outcome="settled"}';
  expect(shown.get(requests)).toBe(2);
  const attempts = [...shown].filter(([name]) => name.startsWith('tollgate_attempts_total'));
  expect(Object.fromEntries(attempts)).toEqual({
    'tollgate_attempts_total{credential="default/cred-1",verdict="server_error"}': 1,
    'tollgate_attempts_total{credential="default/cred-2",verdict="served"}': 2,
  });
  const input = records.reduce((sum, record) => sum + record.input, 0);
  expect(shown.get('tollgate_usage_units_total{class="input"}')).toBe(input);
  const costNano = records.reduce((sum, record) => sum + Number(record.costNano), 0);
  expect(shown.get('tollgate_cost_usd_total{pool="default"}')).toBeCloseTo(costNano / 1e9, 12);
  const heldNano = records.reduce((sum, record) => sum + Number(record.holdNano), 0);
  expect(shown.get('tollgate_held_usd_total{pool="default"}')).toBeCloseTo(heldNano / 1e9, 12);
  const overrun = records.reduce(
    (sum, { costNano: cost, holdNano: hold }) => sum + Number(cost > hold ? cost - hold : 0n),
    0,
  );
  expect(shown.get('tollgate_overrun_usd_total{pool="default"}') ?? 0).toBeCloseTo(
    overrun / 1e9,
    12,
  );
  const balance = shown.get('tollgate_credential_balance_usd{pool="default",credential="cred-2"}');
  expect(balance).toBeCloseTo(5 - costNano / 1e9, 12);
  expect(shown.get('tollgate_in_flight')).toBe(0);
  expect(shown.get('tollgate_ledger_healthy')).toBe(1);
  const counted = 'tollgate_request_duration_seconds_count{endpoint="chat.completions"}';
  expect(shown.get(counted)).toBe(2);
});

test('refusals are counted by code, and no client can invent a series', async () => {
  const gateway = await startGateway();
  for (let round = 0; round < 5; round += 1) {
    await gateway.chat({ model: `made-up-${round}` }, { 'x-sandbox-fault': 'status;code=422' });
    await gateway.fetch(`/v1/invented-${round}`, { body: {} });
    await gateway.chat({}, { authorization: `Bearer invented-${round}` });
  }
  const shown = await samples(gateway);
  expect(shown.get('tollgate_refused_total{code="not_found",fault="client"}')).toBe(5);
  expect(shown.get('tollgate_refused_total{code="invalid_api_key",fault="client"}')).toBe(5);
  expect([...shown.keys()].filter((name) => /made-up|invented/.test(name))).toEqual([]);
});
