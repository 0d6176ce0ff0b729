import { Counter, Gauge, Histogram, LATENCY_BUCKETS } from '../lib/metrics.ts';
import type { Registry } from '../lib/metrics.ts';

/** Operation names are the clients' own: so much of one is noted. */
export const NAME_CHARS_MAX = 80;

/** What `/metrics` tells of GraphQL. Labels are ours alone: no client can invent a series. */
export class OperationMetrics {
  readonly #registry: Registry;
  readonly #operations: Counter<'kind' | 'code'>;
  readonly #seconds: Histogram<'kind'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#registry = registry;
    this.#operations = new Counter({
      name: 'tollgate_graphql_operations_total',
      help: 'GraphQL operations by kind and by the code of their first error, if any.',
      labelNames: ['kind', 'code'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'tollgate_graphql_operation_seconds',
      help: 'GraphQL queries and mutations, asked to answered.',
      labelNames: ['kind'],
      buckets: LATENCY_BUCKETS,
      registers,
    });
  }

  /** How many sockets and streams are open, read when scraped. */
  watch(connections: () => number): void {
    new Gauge({
      name: 'tollgate_graphql_connections',
      help: 'Sockets and streams of events that are open.',
      registers: [this.#registry],
      collect() {
        this.set(connections());
      },
    });
  }

  /** Of what goes on for as long as its reader likes, or was never begun. */
  begun(kind: string, code: string): void {
    this.#operations.inc({ kind, code });
  }

  ended(kind: string, code: string, seconds: number): void {
    this.#operations.inc({ kind, code });
    this.#seconds.observe({ kind }, seconds);
  }
}
