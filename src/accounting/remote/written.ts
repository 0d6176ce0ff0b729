import type { Ledger } from '../ledger/ledger.ts';
import type { RemoteWrite } from '../ledger/rows.ts';

/** What follows from a write, in the very step in which the ledger is through with it. */
export interface WriteEffect {
  /** It is on disk; unless another call, whose id that is, has its name. */
  written(takenBy: string | null): void;
  /** Nothing of it is. */
  refused(): void;
}

/**
 * Resolves once it is on disk, or with the id of the call that has its name. Whatever memory counts is
 * put right before, so that nobody who reads both finds money twice or not at all.
 * @throws GatewayError as the ledger's `enter`, or when it could not be written
 */
export async function written(
  ledger: Pick<Ledger, 'enter'>,
  write: RemoteWrite,
  effect: WriteEffect,
): Promise<string | null> {
  return await new Promise((resolve, reject) => {
    const onRefused = (error: unknown) => {
      effect.refused();
      reject(error);
    };
    const onWritten = (takenBy: string | null) => {
      effect.written(takenBy);
      resolve(takenBy);
    };
    try {
      ledger.enter(write, { onWritten, onRefused });
    } catch (error) {
      onRefused(error);
    }
  });
}
