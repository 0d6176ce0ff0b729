import type { CallRecord } from '../entities/call-record.ts';
import { USAGE_CLASSES } from '../entities/usage.ts';
import type { GatewayError } from '../errors/gateway-error.ts';
import { Counter, Gauge, Histogram, LATENCY_BUCKETS, Registry } from '../lib/metrics.ts';
import { usdFromNano } from '../lib/money.ts';
import type { Pool } from '../pool/pool.ts';

export interface MetricSources {
  pools(): Pool[];
  inFlight(): number;
  isLedgerHealthy(): boolean;
}

/** What `/metrics` tells of the data plane. Labels are ours alone: no client can invent a series. */
export class PlaneMetrics {
  readonly registry = new Registry();
  readonly #requests = this.#counter('requests_total', 'Accepted calls by end.', [
    'endpoint',
    'status',
    'outcome',
  ]);
  readonly #refused = this.#counter('refused_total', 'Calls that ended in an error of ours.', [
    'code',
    'fault',
  ]);
  readonly #attempts = this.#counter('attempts_total', 'Upstream calls by verdict.', [
    'credential',
    'verdict',
  ]);
  readonly #tokens = this.#counter('usage_units_total', 'Units used, by usage class.', ['class']);
  readonly #cost = this.#counter('cost_usd_total', 'Money charged, US dollars.', ['pool']);
  readonly #latency = this.#histogram('request_duration_seconds', 'Accepted to answered.');
  readonly #firstByte = this.#histogram(
    'first_byte_seconds',
    'Accepted to first byte of the answer.',
  );
  readonly #names = new Map<string, { pool: string; credential: string }>();

  constructor(sources: MetricSources) {
    this.#gauge('in_flight', 'Calls under way.', (gauge) => gauge.set(sources.inFlight()));
    this.#gauge('ledger_healthy', '1 while the ledger can be written.', (gauge) =>
      gauge.set(sources.isLedgerHealthy() ? 1 : 0),
    );
    const balance = 'Balance as last asked, less what was settled since.';
    this.#gauge('credential_balance_usd', balance, (gauge) => {
      gauge.reset();
      for (const pool of sources.pools()) {
        for (const { name: credential, balanceNano } of pool.members) {
          if (balanceNano === null) continue;
          gauge.set({ pool: pool.name, credential }, Number(usdFromNano(balanceNano)));
        }
      }
    });
  }

  /** Names for the ids in records; called when pools are reloaded. */
  learn(pools: readonly Pool[]): void {
    for (const pool of pools) {
      this.#names.set(pool.id, { pool: pool.name, credential: '' });
      for (const { id, name } of pool.members) {
        this.#names.set(id, { pool: pool.name, credential: `${pool.name}/${name}` });
      }
    }
  }

  settled(record: CallRecord): void {
    const { endpoint } = record;
    this.#requests.inc({ endpoint, status: record.status, outcome: record.outcome });
    this.#latency.observe({ endpoint }, record.durationMs / 1000);
    if (record.firstByteMs !== null)
      this.#firstByte.observe({ endpoint }, record.firstByteMs / 1000);
    for (const { credential, verdict } of record.attempts) {
      this.#attempts.inc({ credential: this.#names.get(credential)?.credential ?? '', verdict });
    }
    for (const usageClass of USAGE_CLASSES) {
      const units = record.usage[usageClass];
      if (units > 0) this.#tokens.inc({ class: usageClass }, units);
    }
    if (record.costNano > 0n) {
      const pool = this.#names.get(record.poolId)?.pool ?? '';
      this.#cost.inc({ pool }, Number(record.costNano) / 1e9);
    }
  }

  refused({ code, row }: GatewayError): void {
    this.#refused.inc({ code, fault: row.fault });
  }

  #counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
    return new Counter({ name: `tollgate_${name}`, help, labelNames, registers: [this.registry] });
  }

  /** Read when scraped. */
  #gauge(name: string, help: string, read: (gauge: Gauge) => void): void {
    new Gauge({
      name: `tollgate_${name}`,
      help,
      labelNames: ['pool', 'credential'],
      registers: [this.registry],
      collect() {
        read(this);
      },
    });
  }

  #histogram(name: string, help: string): Histogram<'endpoint'> {
    const buckets = LATENCY_BUCKETS;
    const registers = [this.registry];
    return new Histogram({
      name: `tollgate_${name}`,
      help,
      labelNames: ['endpoint'],
      buckets,
      registers,
    });
  }
}
