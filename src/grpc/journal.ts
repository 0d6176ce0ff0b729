import type { GatewayError } from '../errors/gateway-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { OpenRpc } from './open-rpc.ts';
import type { RpcMetrics } from './rpc-metrics.ts';

export interface JournalParts {
  clock: Clock;
  logger: Logger;
  metrics: RpcMetrics;
}

/** Of a method that is none: its name is the caller's own. */
export const UNKNOWN_METHOD = 'unknown';

/** Refusals that an operator wants to know of. */
const NOTABLE: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'PERMISSION_DENIED']);

/** One log line for each call, never with what was asked, and one for each error nobody expected. */
export class Journal {
  readonly #parts: JournalParts;

  constructor(parts: JournalParts) {
    this.#parts = parts;
  }

  ended(rpc: OpenRpc): void {
    const { clock, logger, metrics } = this.#parts;
    const { requestId, path, code, kind } = rpc;
    const durationMs = clock.monotonic() - rpc.startedMs;
    const method = path.slice(1);
    metrics.ended(method, code);
    if (kind === 'unary') metrics.answered(method, durationMs / 1000);
    const level = NOTABLE.has(code) ? 'info' : 'debug';
    if (!logger.isLevelEnabled(level)) return;
    const actor = rpc.isKnown ? rpc.actor.name : null;
    const facts = { requestId, actor, method, code, durationMs: Math.round(durationMs) };
    logger[level](facts, 'grpc call');
  }

  failed({ requestId, path }: OpenRpc, error: GatewayError): void {
    if (error.row.fault !== 'platform') return;
    const facts = { requestId, method: path.slice(1), err: error.cause ?? error };
    this.#parts.logger.error(facts, 'grpc call failed');
  }

  unknown(): void {
    this.#parts.metrics.ended(UNKNOWN_METHOD, 'UNIMPLEMENTED');
  }
}
