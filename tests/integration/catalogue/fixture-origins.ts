import type { Member } from '../../../src/pool/member.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';
import type { ReceivedEntry, Sandbox } from '../../../src/sandbox/index.ts';
import { canaryFleet, isOwnAsk, startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { afterwards } from '../proxy/fixture.ts';

/** A gateway with two credentials, each at an origin of its own. The first is asked first. */
export interface Origins {
  gateway: Gateway;
  bad: Sandbox;
  good: Sandbox;
}

/** Starts both, with further fields of the pool. One failure ejects an origin, so that it shows. */
export async function startOrigins(pool: Record<string, unknown> = {}): Promise<Origins> {
  const fleet = canaryFleet(10, 10);
  const [bad, good] = await Promise.all(
    fleet.map((credential) => startSandbox({ credentials: [credential] })),
  );
  if (bad === undefined || good === undefined) throw new Error('two origins');
  afterwards(async () => {
    await Promise.all([bad.close(), good.close()]);
  });
  const urls = [bad.url, good.url];
  const credentials = fleet.map(({ name, key }, index) => ({
    name,
    provider: 'sandbox',
    api_key: key,
    base_url: `${urls[index]}/v1`,
    priority: index + 1,
  }));
  const fields = { strategy: 'priority', discover_models: false, ejection: { failures: 1 } };
  const gateway = await startGateway({ fleet, pool: { ...fields, credentials, ...pool } });
  return { gateway, bad, good };
}

export function firstOf({ gateway }: Origins): Member {
  const member = gateway.app.pools.members().find(({ name }) => name === 'cred-1');
  if (member === undefined) throw new Error('there is a cred-1');
  return member;
}

/** How often an origin was asked for a client's call. */
export const timesAsked = ({ witness }: Sandbox, id: string): number =>
  witness.entries.filter(
    (entry): entry is ReceivedEntry =>
      entry.kind === 'received' && !isOwnAsk(entry) && entry.requestId === id,
  ).length;
