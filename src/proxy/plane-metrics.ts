import type { CallRecord } from '../entities/call-record.ts';
import { USAGE_CLASSES } from '../entities/usage.ts';
import type { GatewayError } from '../errors/gateway-error.ts';
import { Counter, Gauge, Histogram, LATENCY_BUCKETS, Registry } from '../lib/metrics.ts';
import { usdFromNano } from '../lib/money.ts';
import type { Member } from '../pool/member.ts';
import type { Pool } from '../pool/pool.ts';

export interface MetricSources {
  pools(): Pool[];
  inFlight(): number;
  isLedgerHealthy(): boolean;
  nowMs(): number;
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
  readonly #remote = this.#counter('remote_calls_total', 'Calls of other services by end.', [
    'outcome',
  ]);
  readonly #attempts = this.#counter('attempts_total', 'Upstream calls by verdict.', [
    'credential',
    'verdict',
  ]);
  readonly #tokens = this.#counter('usage_units_total', 'Units used, by usage class.', ['class']);
  readonly #held = this.#counter('held_usd_total', 'Money held for calls that are over.', ['pool']);
  readonly #overrun = this.#counter('overrun_usd_total', 'Money charged beyond what was held.', [
    'pool',
  ]);
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
    this.#perCredential(
      'credential_usable',
      '1 while it may serve at all.',
      (member, pool) => (pool.isUsable(member, sources.nowMs()) ? 1 : 0),
      sources,
    );
    this.#perCredential(
      'credential_in_flight',
      'Calls it is serving.',
      ({ inFlight }) => inFlight,
      sources,
    );
    this.#blocks(sources);
    this.#perCredential(
      'credential_balance_usd',
      'Balance as last asked, less what was settled since.',
      ({ balanceNano }) => (balanceNano === null ? null : Number(usdFromNano(balanceNano))),
      sources,
    );
  }

  /**
   * Names for the ids in records; called when pools are reloaded. Who is gone loses its name: a call
   * of its that ends later is told by its id.
   */
  learn(pools: readonly Pool[]): void {
    this.#names.clear();
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
      // A credential that a caller brought has no name but `caller`.
      const name = this.#names.get(credential)?.credential ?? credential;
      this.#attempts.inc({ credential: name, verdict });
    }
    this.#units(record);
    this.#money(record);
  }

  /** A call that another service made: its endpoint and its times are that service's. */
  recorded(record: CallRecord): void {
    this.#remote.inc({ outcome: record.outcome });
    this.#units(record);
    // For one that was told when it was over nothing was held: its cost is no overrun.
    if (record.holdNano > 0n) this.#money(record);
    else this.#charged(record);
  }

  #units({ usage }: CallRecord): void {
    for (const usageClass of USAGE_CLASSES) {
      const units = usage[usageClass];
      if (units > 0) this.#tokens.inc({ class: usageClass }, units);
    }
  }

  #money(record: CallRecord): void {
    const { poolId, costNano, holdNano } = record;
    const pool = this.#names.get(poolId)?.pool ?? '';
    if (holdNano > 0n) this.#held.inc({ pool }, Number(holdNano) / 1e9);
    this.#charged(record);
    if (costNano > holdNano) this.#overrun.inc({ pool }, Number(costNano - holdNano) / 1e9);
  }

  #charged({ poolId, costNano }: CallRecord): void {
    const pool = this.#names.get(poolId)?.pool ?? '';
    if (costNano > 0n) this.#cost.inc({ pool }, Number(costNano) / 1e9);
  }

  /** Why credentials are set aside just now: a ban of one model counts beside one of the whole. */
  #blocks({ pools, nowMs }: MetricSources): void {
    const name = 'tollgate_credential_blocks';
    const help = 'What sets a credential aside, wholly or for a model, by state.';
    new Gauge({
      name,
      help,
      labelNames: ['pool', 'credential', 'state'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const pool of pools()) {
          for (const { name: credential, health } of pool.members) {
            for (const { state } of health.blocks(nowMs())) {
              this.inc({ pool: pool.name, credential, state });
            }
          }
        }
      },
    });
  }

  /** One number for each credential; null leaves it out. */
  #perCredential(
    name: string,
    help: string,
    read: (member: Member, pool: Pool) => number | null,
    { pools }: MetricSources,
  ): void {
    this.#gauge(name, help, (gauge) => {
      gauge.reset();
      for (const pool of pools()) {
        for (const member of pool.members) {
          const value = read(member, pool);
          if (value !== null) gauge.set({ pool: pool.name, credential: member.name }, value);
        }
      }
    });
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
