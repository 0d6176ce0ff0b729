import { Migration } from '@mikro-orm/migrations';

/**
 * The first schema: pools, credentials, virtual keys, models, prices, events, and the ledger. The
 * ledger's tables are stored by their keys alone: request ids rise with time, so a record is always
 * appended, and a span of time is a range of ids.
 */
export class InitialSchema extends Migration {
  override up(): void {
    this.addSql(`
      create table "credentials" (
        "id" text not null primary key,
        "pool_id" text not null,
        "name" text not null,
        "provider" text not null,
        "base_url" text not null,
        "secret_sealed" text not null,
        "secret_hint" text not null,
        "is_enabled" integer not null,
        "source" text not null,
        "balance_nano" bigint null,
        "balance_used_nano" bigint null,
        "balance_checked_at" datetime null,
        "created_at" datetime not null,
        "updated_at" datetime not null
      )`);
    this.addSql(
      `create unique index "credentials_pool_id_name_unique" on "credentials" ("pool_id", "name")`,
    );
    this.addSql(`
      create table "events" (
        "seq" integer not null primary key autoincrement,
        "at" datetime not null,
        "type" text not null,
        "subject" text not null,
        "actor" text not null,
        "request_id" text null,
        "before" json null,
        "after" json null
      )`);
    this.addSql(`
      create table "holds" (
        "id" text not null primary key,
        "owner" text not null,
        "key_id" text not null,
        "pool_id" text not null,
        "endpoint" text not null,
        "model" text not null,
        "amount_nano" bigint not null,
        "created_at_ms" bigint not null,
        "expires_at_ms" bigint not null
      ) without rowid`);
    this.addSql(`
      create table "models" (
        "id" text not null primary key,
        "provider" text not null,
        "name" text not null
      )`);
    this.addSql(`
      create table "pools" (
        "id" text not null primary key,
        "name" text not null,
        "strategy" text not null,
        "policy" json not null,
        "source" text not null,
        "created_at" datetime not null,
        "updated_at" datetime not null
      )`);
    this.addSql(`create unique index "pools_name_unique" on "pools" ("name")`);
    this.addSql(`
      create table "prices" (
        "id" text not null primary key,
        "provider" text not null,
        "model" text not null,
        "valid_from" datetime not null,
        "rates" json not null,
        "tiers" json not null,
        "source" text not null,
        "version" text not null,
        "created_at" datetime not null
      )`);
    this.addSql(`create index "prices_provider_model_index" on "prices" ("provider", "model")`);
    this.addSql(`
      create table "usage_records" (
        "id" text not null primary key,
        "input" bigint not null,
        "cache_read" bigint not null,
        "cache_write" bigint not null,
        "output" bigint not null,
        "reasoning" bigint not null,
        "input_audio" bigint not null,
        "cache_read_audio" bigint not null,
        "output_audio" bigint not null,
        "images" bigint not null,
        "audio_millis" bigint not null,
        "requests" bigint not null,
        "key_id" text not null,
        "pool_id" text not null,
        "credential_id" text not null,
        "endpoint" text not null,
        "model" text not null,
        "is_stream" integer not null,
        "started_at_ms" bigint not null,
        "duration_ms" integer not null,
        "first_byte_ms" integer null,
        "status" integer not null,
        "outcome" text not null,
        "reason" text not null,
        "attempts" json not null,
        "usage_source" text not null,
        "cost_nano" bigint not null,
        "price_id" text not null,
        "is_priced" integer not null,
        "hold_nano" bigint not null
      ) without rowid`);
    this.addSql(`
      create table "usage_rollups" (
        "hour_ms" bigint not null,
        "key_id" text not null,
        "model" text not null,
        "credential_id" text not null,
        "input" bigint not null,
        "cache_read" bigint not null,
        "cache_write" bigint not null,
        "output" bigint not null,
        "reasoning" bigint not null,
        "input_audio" bigint not null,
        "cache_read_audio" bigint not null,
        "output_audio" bigint not null,
        "images" bigint not null,
        "audio_millis" bigint not null,
        "requests" bigint not null,
        "calls" bigint not null,
        "cost_nano" bigint not null,
        primary key ("hour_ms", "key_id", "model", "credential_id")
      ) without rowid`);
    this.addSql(`
      create table "virtual_keys" (
        "id" text not null primary key,
        "pool_id" text not null,
        "name" text not null,
        "hash" text not null,
        "hint" text not null,
        "is_active" integer not null,
        "expires_at" datetime null,
        "rpm_limit" integer null,
        "created_at" datetime not null,
        "updated_at" datetime not null
      )`);
    this.addSql(`create unique index "virtual_keys_hash_unique" on "virtual_keys" ("hash")`);
  }
}
