import { Counter, Histogram, LATENCY_BUCKETS } from '../lib/metrics.ts';
import type { Registry } from '../lib/metrics.ts';

/** What `/metrics` tells of GraphQL. Labels are ours alone: no client can invent a series. */
export class OperationMetrics {
  readonly #operations: Counter<'kind' | 'code'>;
  readonly #seconds: Histogram<'kind'>;

  constructor(registry: Registry) {
    const registers = [registry];
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

  ended(kind: string, code: string, seconds: number): void {
    this.#operations.inc({ kind, code });
    this.#seconds.observe({ kind }, seconds);
  }
}
