import { Migration } from '@mikro-orm/migrations';

/** Calls that other services make, by the names that those have for them. */
export class RemoteCalls extends Migration {
  override up(): void {
    this.addSql(`
      create table "remote_calls" (
        "id" text not null primary key,
        "key_id" text not null,
        "idempotency_id" text not null,
        "kind" text not null,
        "fingerprint" text not null,
        "settle_fingerprint" text null,
        "is_priced" integer not null,
        "provider" text not null,
        "price_id" text not null,
        "on_expiry" text not null,
        "actor" text not null,
        "created_at_ms" bigint not null,
        "expires_at_ms" bigint not null
      ) without rowid`);
    this.addSql(
      'create unique index "remote_calls_key_id_idempotency_id_unique" on "remote_calls" ("key_id", "idempotency_id")',
    );
  }
}
