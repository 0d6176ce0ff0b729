import { GatewayError } from '../errors/gateway-error.ts';
import type { Call } from './call.ts';
import { leftEarly } from './read-request.ts';

/** Looks at bytes that pass; throws what is wrong with them. */
export interface BodyWatch {
  write(chunk: Buffer): void;
  /** All bytes were seen. */
  end(): Promise<void>;
}

/**
 * A body on its way through, read once. Its last piece is held until the whole of it was found to be
 * good, so that an upstream never has a complete request that was refused here.
 */
export interface PassingBody extends AsyncIterable<Buffer> {
  /** What was wrong with it, if that is why it broke off: the client's fault, not the upstream's. */
  violation: GatewayError | null;
}

/** What of a call's body is not yet read, up to `bytesMax`. */
export function passingBody(call: Call, bytesMax: number, watch?: BodyWatch): PassingBody {
  return {
    violation: null,
    async *[Symbol.asyncIterator]() {
      try {
        yield* checked(call, bytesMax, watch);
      } catch (error) {
        this.violation = error instanceof GatewayError ? error : leftEarly(error);
        throw error;
      }
    },
  };
}

async function* checked(call: Call, bytesMax: number, watch?: BodyWatch): AsyncGenerator<Buffer> {
  let held: Buffer | undefined;
  let size = 0;
  for await (const chunk of chunksOf(call)) {
    size += chunk.length;
    if (size > bytesMax)
      throw new GatewayError('payload_too_large', 'The request body is too large.');
    watch?.write(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  await watch?.end();
  if (held !== undefined) yield held;
}

/** Leaves the connection open when its reader stops early: the answer is still to be written. */
export const chunksOf = (call: Call): AsyncIterable<Buffer> =>
  call.body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
