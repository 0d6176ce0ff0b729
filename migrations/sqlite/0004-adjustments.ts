import { Migration } from '@mikro-orm/migrations';

/** Corrections of what calls cost, beside the records that are never changed. */
export class Adjustments extends Migration {
  override up(): void {
    this.addSql(`
      create table "adjustments" (
        "id" text not null primary key,
        "request_id" text not null,
        "at_ms" bigint not null,
        "delta_nano" bigint not null,
        "reason" text not null,
        "actor" text not null,
        "price_id" text not null,
        "note" text null
      ) without rowid`);
    this.addSql('create index "adjustments_request_id_index" on "adjustments" ("request_id")');
  }
}
