import type { Readable } from 'node:stream';
import { Doorbell } from '../lib/doorbell.ts';

const MOVES = ['readable', 'end', 'close'];

/**
 * What a caller sends, until it has sent all or the signal says that it is over: whoever reads it comes to
 * an end in good order, and can still answer. A caller that breaks off has sent all. A stream's own
 * iterator would take the answering half along with it.
 */
export async function* askedUntil<Asked>(
  signal: AbortSignal,
  call: Readable,
): AsyncGenerator<Asked, void> {
  const bell = new Doorbell();
  const ring = () => bell.ring();
  for (const move of MOVES) call.on(move, ring);
  try {
    while (!signal.aborted && !call.readableEnded && !call.destroyed) {
      const one = call.read() as Asked | null;
      if (one === null) await bell.rung(signal);
      else yield one;
    }
  } finally {
    for (const move of MOVES) call.off(move, ring);
  }
}
