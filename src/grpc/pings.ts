import { constants } from 'node:http2';
import type { ServerHttp2Session } from 'node:http2';
import type { Clock } from '../lib/clock.ts';

/** A client that hears nothing may ask so often whether we are there; keepalive is for slower. */
const INTERVAL_MS = 5000;
/** Sooner, so many times: clocks differ. */
const STRIKES_MAX = 2;
/** More was written than answers to pings, which have 17 each: it is being served. */
const SERVED_BYTES = 40;
/** What gRPC's clients read as: ask less often from now on. */
const REASON = Buffer.from('too_many_pings');

/**
 * Ends connections that ping too often, as gRPC's servers do and grpc-js does not. What is sent in between
 * makes up for it: clients measure the line with pings while they are served.
 */
export function boundPings(session: ServerHttp2Session, clock: Clock): void {
  let lastMs = Number.NEGATIVE_INFINITY;
  let lastBytes = 0;
  let strikes = 0;
  session.on('ping', () => {
    if (session.destroyed) return;
    const nowMs = clock.monotonic();
    const bytes = session.socket.bytesWritten;
    const isServed = bytes - lastBytes > SERVED_BYTES;
    if (isServed || nowMs - lastMs >= INTERVAL_MS) strikes = 0;
    else strikes += 1;
    lastMs = nowMs;
    lastBytes = bytes;
    if (strikes <= STRIKES_MAX) return;
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, REASON);
    session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  });
}
