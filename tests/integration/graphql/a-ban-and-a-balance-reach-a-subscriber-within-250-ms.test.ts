import { expect, test } from '@jest/globals';
import { SYSTEM } from '../../../src/services/actor.ts';
import { quickest } from '../../support/fastest-of.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { follow, liveClient } from '../../support/live-client.ts';

const LIMIT_MS = 250;
const TRIES = 8;

/** From the beginning of the change until a subscriber has been told of it. */
async function toldAfter(change: () => Promise<unknown>, told: Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  const [, endMs] = await Promise.all([change(), told.then(() => performance.now())]);
  return endMs - startMs;
}

const credential = 'cred-1';

test('a ban', async () => {
  const gateway = await startGateway();
  const client = liveClient(gateway);
  const bans = follow<{ step: string; reason: string; note: string | null }>(
    client,
    'subscription { banChanged(after: 0) { step credentialId reason note } }',
  );
  let nth = -1;
  // The subscription stands once it has told of this one.
  await gateway.space.bans.ban(SYSTEM, { credential: 'cred-2', note: 'the first' });
  expect(await bans.nth((nth += 1))).toMatchObject({ step: 'IMPOSED', note: 'the first' });
  const ms = await quickest(LIMIT_MS, TRIES, async () => {
    const took = await toldAfter(
      () => gateway.space.bans.ban(SYSTEM, { credential }),
      bans.nth((nth += 1)),
    );
    await gateway.space.bans.liftBans(SYSTEM, { credential });
    expect(await bans.nth((nth += 1))).toMatchObject({ step: 'LIFTED', reason: 'OPERATOR' });
    return took;
  });
  expect(ms).toBeLessThan(LIMIT_MS);
  await client.dispose();
});

const aCall = async (gateway: Gateway) => {
  const response = await gateway.chat();
  await response.text();
};

test('a balance that a call has lowered, and one that its provider tells', async () => {
  const gateway = await startGateway({ isClockShared: true });
  const client = liveClient(gateway);
  const balances = follow<{ balance: string; credentialName: string }>(
    client,
    'subscription { balanceChanged { credentialName balance checkedAt } }',
  );
  // What is so comes first.
  await balances.nth(2);
  expect(balances.results.map(({ balance }) => balance)).toEqual(['10.00', '5.00', '5.00']);
  let nth = 2;
  const lowered = await quickest(LIMIT_MS, TRIES, () =>
    toldAfter(() => aCall(gateway), balances.nth((nth += 1))),
  );
  expect(lowered).toBeLessThan(LIMIT_MS);
  const account = gateway.sandbox.credentials[2];
  const polled = await quickest(LIMIT_MS, TRIES, async () => {
    if (account !== undefined) account.balanceNano += 1_000_000_000n;
    // Also the others, whose balance has moved by the provider's own count.
    const told = (async () => {
      while ((await balances.nth((nth += 1))).credentialName !== 'cred-3');
    })();
    return await toldAfter(() => gateway.app.balances.refresh(), told);
  });
  expect(polled).toBeLessThan(LIMIT_MS);
  await client.dispose();
});
