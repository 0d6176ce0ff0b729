import { Migration } from '@mikro-orm/migrations';

/** Named admin tokens, changes made once, pools of users, raised budgets, credentials that are gone. */
export class ControlPlane extends Migration {
  override up(): void {
    this.addSql(`
      create table "admin_tokens" (
        "id" text not null primary key,
        "name" text not null,
        "role" text not null,
        "hash" text not null,
        "hint" text not null,
        "created_by" text not null,
        "expires_at" datetime null,
        "revoked_at" datetime null,
        "created_at" datetime not null
      )`);
    this.addSql('create unique index "admin_tokens_name_unique" on "admin_tokens" ("name")');
    this.addSql('create unique index "admin_tokens_hash_unique" on "admin_tokens" ("hash")');
    this.addSql(`
      create table "client_mutations" (
        "actor" text not null,
        "mutation_id" text not null,
        "operation" text not null,
        "input_hash" text not null,
        "result" text not null,
        "at_ms" bigint not null,
        primary key ("actor", "mutation_id")
      )`);
    this.addSql('create index "client_mutations_at_ms_index" on "client_mutations" ("at_ms")');
    this.addSql('alter table "pools" add column "user_id" text null');
    this.addSql('alter table "budgets" add column "raise_nano" bigint not null default 0');
    this.addSql('alter table "budgets" add column "raised_until" datetime null');
    this.addSql('alter table "credentials" add column "deleted_at" datetime null');
    // The name of one that is gone is free again.
    this.addSql('drop index "credentials_pool_id_name_unique"');
    this.addSql(
      'create unique index "credentials_pool_id_name_unique" on "credentials" ("pool_id", "name") where "deleted_at" is null',
    );
    this.addSql(
      'create index "virtual_keys_created_at_id_index" on "virtual_keys" ("created_at", "id")',
    );
    this.addSql('create index "virtual_keys_user_id_index" on "virtual_keys" ("user_id")');
    this.addSql('create index "virtual_keys_team_id_index" on "virtual_keys" ("team_id")');
    this.addSql('create index "events_subject_index" on "events" ("subject")');
    this.addSql('create index "events_type_index" on "events" ("type")');
  }
}
