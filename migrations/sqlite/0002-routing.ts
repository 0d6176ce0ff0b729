import { Migration } from '@mikro-orm/migrations';

/** What routing needs to know of credentials, the journal of bans, and each call's way. */
export class Routing extends Migration {
  override up(): void {
    for (const column of [
      '"weight" integer not null default 1',
      '"priority" integer not null default 1',
      '"rpm_limit" integer null',
      '"tpm_limit" integer null',
      '"models" json null',
    ]) {
      this.addSql(`alter table "credentials" add column ${column}`);
    }
    this.addSql('alter table "pools" add column "selected_credential_id" text null');
    this.addSql('alter table "usage_records" add column "route" json null');
    this.addSql(`
      create table "bans" (
        "id" text not null primary key,
        "credential_id" text not null,
        "model" text null,
        "reason" text not null,
        "evidence" json not null,
        "actor" text not null,
        "strike" integer not null,
        "started_at_ms" bigint not null,
        "until_ms" bigint null,
        "ended_at_ms" bigint null,
        "ended_by" text null
      )`);
    this.addSql('create index "bans_credential_id_index" on "bans" ("credential_id")');
  }
}
