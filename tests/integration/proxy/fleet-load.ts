import type { Gateway } from '../../support/gateway.ts';
import { isOwnAsk } from '../../support/gateway.ts';

/**
 * Calls in waves of ten, each wave 50 ms of the injected clock after the last: 200 calls a second as
 * far as any time of the product is concerned, and as fast as the machine goes.
 */
export async function load(
  gateway: Gateway,
  calls: number,
  afterWave?: () => void,
): Promise<number[]> {
  const statuses: number[] = [];
  for (let sent = 0; sent < calls; sent += 10) {
    const wave = Array.from({ length: 10 }, async () => {
      const response = await gateway.chat();
      await response.arrayBuffer();
      return response.status;
    });
    statuses.push(...(await Promise.all(wave)));
    gateway.clock.advance(50);
    afterWave?.();
  }
  return statuses;
}

/** Clients' calls that a credential was sent, in the order the fleet saw them. */
export const arrivalsOf = ({ sandbox }: Gateway, credential: string) =>
  sandbox.witness.entries.filter(
    (entry) => entry.kind === 'received' && entry.credential === credential && !isOwnAsk(entry),
  );

export const countOf = (statuses: readonly number[], status: number): number =>
  statuses.filter((one) => one === status).length;
