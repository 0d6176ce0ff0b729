import { Migration } from '@mikro-orm/migrations';

const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
const SPANS_MS = [QUARTER_MS, DAY_MS, 32 * DAY_MS];

const KEYS = ['key_id', 'team_id', 'user_id', 'pool_id', 'model', 'endpoint', 'credential_id'];
const USAGE = [
  'input',
  'cache_read',
  'cache_write',
  'output',
  'reasoning',
  'input_audio',
  'cache_read_audio',
  'output_audio',
  'images',
  'audio_millis',
  'requests',
];
const SUMS = ['calls', 'cost_nano', 'adjusted_nano', ...USAGE];
/** A family of lines for each key alone, for two that go together, and for all of them. */
const FAMILIES: [string, string[]][] = [
  ...KEYS.map((key): [string, string[]] => [key.replace(/_id$/, ''), [key]]),
  ['key_model', ['key_id', 'model']],
  ['call', KEYS],
];

/**
 * Roll-ups by whatever calls are told apart by, summed over spans of three lengths, so that any
 * question about any time is answered from few rows. Built anew from records and adjustments.
 */
export class UsageTotals extends Migration {
  override up(): void {
    const keys = KEYS.map((name) => `"${name}" text not null`).join(', ');
    const sums = SUMS.map((name) => `"${name}" bigint not null`).join(', ');
    this.addSql('drop table "usage_rollups"');
    this.addSql(`
      create table "usage_rollups" (
        "quarter_ms" bigint not null, ${keys}, ${sums},
        primary key ("quarter_ms", ${KEYS.join(', ')})
      ) without rowid`);
    this.addSql(`
      create table "usage_lines" (
        "id" integer not null primary key,
        "family" text not null,
        ${KEYS.map((name) => `"${name}" text not null default ''`).join(', ')}
      )`);
    this.addSql(
      `create unique index "usage_lines_unique" on "usage_lines" ("family", ${KEYS.map((name) => `"${name}"`).join(', ')})`,
    );
    this.addSql(`
      create table "usage_totals" (
        "span_ms" bigint not null, "line_id" integer not null, "start_ms" bigint not null, ${sums},
        primary key ("span_ms", "line_id", "start_ms")
      ) without rowid`);
    this.addSql(`
      create table "usage_quarters" (
        "quarter_ms" bigint not null primary key, "first_id" text not null, "last_id" text not null
      ) without rowid`);
    this.#rollUp();
    for (const [family, columns] of FAMILIES) this.#total(family, columns);
    this.addSql('delete from usage_rollups');
  }

  #rollUp(): void {
    const quarter = `r.started_at_ms - r.started_at_ms % ${QUARTER_MS}`;
    const keys = KEYS.map((name) => `r.${name}`).join(', ');
    const none = USAGE.map(() => 0).join(', ');
    this.addSql(`
      insert into usage_rollups (quarter_ms, ${KEYS.join(', ')}, ${SUMS.join(', ')})
      select ${quarter}, ${keys}, count(*), sum(r.cost_nano), 0,
        ${USAGE.map((name) => `sum(r.${name})`).join(', ')} from usage_records r
      group by ${quarter}, ${keys}`);
    this.addSql(`
      insert into usage_rollups (quarter_ms, ${KEYS.join(', ')}, ${SUMS.join(', ')})
      select ${quarter}, ${keys}, 0, sum(a.delta_nano), sum(a.delta_nano), ${none}
      from adjustments a join usage_records r on r.id = a.request_id
      group by ${quarter}, ${keys}
      on conflict (quarter_ms, ${KEYS.join(', ')}) do update set
        cost_nano = cost_nano + excluded.cost_nano,
        adjusted_nano = adjusted_nano + excluded.adjusted_nano`);
    this.addSql(`
      insert into usage_quarters select ${quarter}, min(r.id), max(r.id) from usage_records r
      group by 1`);
  }

  #total(family: string, columns: string[]): void {
    const filled = columns.join(', ');
    this.addSql(`
      insert into usage_lines (family, ${filled})
      select distinct '${family}', ${filled} from usage_rollups`);
    const same = KEYS.map((name) =>
      columns.includes(name) ? `l.${name} = r.${name}` : `l.${name} = ''`,
    );
    const summed = SUMS.map((name) => `sum(r.${name}) as ${name}`).join(', ');
    for (const spanMs of SPANS_MS) {
      this.addSql(`
        insert into usage_totals (span_ms, line_id, start_ms, ${SUMS.join(', ')})
        select ${spanMs}, l.id, r.start_ms, ${SUMS.map((name) => `r.${name}`).join(', ')} from (
          select r.quarter_ms - r.quarter_ms % ${spanMs} as start_ms, ${filled}, ${summed}
          from usage_rollups r group by 1, ${filled}
        ) r join usage_lines l on l.family = '${family}' and ${same.join(' and ')}`);
    }
  }
}
