/** What is wrong, and how many there are of it. */
export type Check = readonly [what: string, sql: string];

/** SQL: how many reservations of other services hold money. */
export const OPEN_RESERVATIONS = `select count(*) as n from holds
  where id in (select id from remote_calls where kind = 'reservation')`;

const WITH_MONEY = `remote_calls c left join holds h on h.id = c.id
  left join usage_records r on r.id = c.id`;

/** That each call of another service is held or on record, and ended as its row says. */
export const REMOTE_CHECKS: readonly Check[] = [
  [
    'calls of other services that are neither held nor on record',
    `select count(*) as n from ${WITH_MONEY} where h.id is null and r.id is null`,
  ],
  [
    'calls of other services that were charged to another key',
    `select count(*) as n from ${WITH_MONEY} where c.key_id <> coalesce(r.key_id, h.key_id)`,
  ],
  [
    'calls of other services of no known kind',
    `select count(*) as n from remote_calls
     where (kind, on_expiry) not in (values
       ('usage', 'none'), ('reservation', 'charge'), ('reservation', 'release'))`,
  ],
  [
    'recorded usages that money is held for',
    `select count(*) as n from remote_calls join holds using (id) where kind = 'usage'`,
  ],
  [
    'recorded usages that did not end as calls do',
    `select count(*) as n from remote_calls c join usage_records r using (id)
     where c.kind = 'usage' and (r.outcome <> 'settled' or c.settle_fingerprint is not null)`,
  ],
  [
    'holds of reservations that nobody knows of',
    `select count(*) as n from holds
     where owner = 'remote' and id not in (select id from remote_calls)`,
  ],
  [
    'reservations that were ended, and are held still',
    `select count(*) as n from remote_calls join holds using (id)
     where settle_fingerprint is not null`,
  ],
  [
    'reservations that ended otherwise than their service said',
    // One that had expired may be ended in any way: an adjustment corrects it.
    `select count(*) as n from remote_calls c join usage_records r using (id)
     where c.kind = 'reservation' and r.reason <> 'expired' and (c.settle_fingerprint is null
       or (c.settle_fingerprint = 'released') <> (r.outcome = 'voided'))`,
  ],
  [
    'expired reservations that were not resolved as was asked for',
    `select count(*) as n from remote_calls c join usage_records r using (id)
     where r.reason = 'expired' and c.on_expiry <>
       case r.outcome when 'unknown' then 'charge' when 'voided' then 'release' else '' end`,
  ],
  [
    'records of expired reservations that nobody knows of',
    `select count(*) as n from usage_records
     where reason in ('expired', 'released') and id not in (select id from remote_calls)`,
  ],
  [
    'late settlements of calls that had not expired',
    `select count(*) as n from adjustments a left join remote_calls c on c.id = a.request_id
     left join usage_records r on r.id = a.request_id
     where a.reason = 'late'
       and (c.settle_fingerprint is null or coalesce(r.reason, '') <> 'expired')`,
  ],
  [
    'late settlements that were made twice',
    `select count(*) as n from (select 1 from adjustments
       where reason = 'late' group by request_id having count(*) > 1)`,
  ],
];
