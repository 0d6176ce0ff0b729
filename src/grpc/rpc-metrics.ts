import { Counter, Gauge, Histogram, LATENCY_BUCKETS } from '../lib/metrics.ts';
import type { Registry } from '../lib/metrics.ts';

/** What `/metrics` tells of gRPC. Labels are the contract's: no client can invent a series. */
export class RpcMetrics {
  readonly #requests: Counter<'method' | 'code'>;
  readonly #seconds: Histogram<'method'>;

  constructor(registry: Registry, open: () => number) {
    const registers = [registry];
    this.#requests = new Counter({
      name: 'tollgate_grpc_requests_total',
      help: 'gRPC calls by method and by the status they ended with.',
      labelNames: ['method', 'code'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'tollgate_grpc_request_seconds',
      help: 'gRPC calls with one answer, asked to answered.',
      labelNames: ['method'],
      buckets: LATENCY_BUCKETS,
      registers,
    });
    new Gauge({
      name: 'tollgate_grpc_streams',
      help: 'gRPC streams that are open.',
      registers,
      collect() {
        this.set(open());
      },
    });
  }

  ended(method: string, code: string): void {
    this.#requests.inc({ method, code });
  }

  answered(method: string, seconds: number): void {
    this.#seconds.observe({ method }, seconds);
  }
}
