import { Migration } from '@mikro-orm/migrations';

const QUARTER_MS = 900_000;

/** Who spends (users, teams), what they may spend (limits, budgets), and what they have spent. */
export class Budgets extends Migration {
  override up(): void {
    for (const table of ['users', 'teams']) {
      this.addSql(`
        create table "${table}" (
          "id" text not null primary key,
          "name" text not null,
          "is_enabled" integer not null,
          ${table === 'teams' ? '"rpm_limit" integer null, "tpm_limit" integer null, "concurrency_limit" integer null,' : ''}
          "metadata" json not null,
          "created_at" datetime not null,
          "updated_at" datetime not null
        )`);
      this.addSql(`create unique index "${table}_name_unique" on "${table}" ("name")`);
    }
    this.addSql(`
      create table "budgets" (
        "id" text not null primary key,
        "scope" text not null,
        "subject_id" text not null,
        "name" text null,
        "cap_nano" bigint not null,
        "period" text not null,
        "zone" text not null default 'UTC',
        "is_hard" integer not null,
        "is_strict" integer not null,
        "alert_percents" json not null,
        "is_enabled" integer not null,
        "created_at" datetime not null,
        "updated_at" datetime not null
      )`);
    this.addSql(
      'create index "budgets_scope_subject_id_index" on "budgets" ("scope", "subject_id")',
    );
    for (const column of [
      '"user_id" text null',
      '"team_id" text null',
      '"metadata" json not null default \'{}\'',
      '"allowed_models" json null',
      '"allowed_endpoints" json null',
      '"source_networks" json null',
      '"tpm_limit" integer null',
      '"concurrency_limit" integer null',
      '"previous_hash" text null',
      '"previous_until" datetime null',
      '"deleted_at" datetime null',
    ]) {
      this.addSql(`alter table "virtual_keys" add column ${column}`);
    }
    this.addSql(
      'create unique index "virtual_keys_previous_hash_unique" on "virtual_keys" ("previous_hash")',
    );
    for (const table of ['holds', 'usage_records']) {
      this.addSql(`alter table "${table}" add column "user_id" text not null default ''`);
      this.addSql(`alter table "${table}" add column "team_id" text not null default ''`);
    }
    this.addSql(`
      create table "spend_rollups" (
        "scope" text not null,
        "subject_id" text not null,
        "quarter_ms" bigint not null,
        "calls" bigint not null,
        "cost_nano" bigint not null,
        primary key ("scope", "subject_id", "quarter_ms")
      ) without rowid`);
    for (const [scope, column] of [
      ['key', 'key_id'],
      ['pool', 'pool_id'],
    ]) {
      this.addSql(
        `insert into spend_rollups select '${scope}', ${column},
           started_at_ms - started_at_ms % ${QUARTER_MS}, count(*), sum(cost_nano)
         from usage_records group by 2, 3`,
      );
    }
  }
}
