import type { Adjustment } from '../entities/adjustment.ts';
import type { Reader } from './reader/reader.ts';

/** Corrections of what calls cost, by request id, each in the order they were made. */
export async function adjustmentsOf(
  reader: Reader,
  requestIds: readonly string[],
): Promise<ReadonlyMap<string, Adjustment[]>> {
  const rows = await reader.rows<Omit<Adjustment, 'deltaNano'> & { deltaNano: string }>(
    `select id, request_id as "requestId", at_ms as "atMs", cast(delta_nano as text) as "deltaNano",
       reason, actor, price_id as "priceId", note
     from adjustments where request_id in (select value from json_each(?)) order by at_ms, id`,
    [JSON.stringify(requestIds)],
  );
  const found = new Map<string, Adjustment[]>(requestIds.map((id) => [id, []]));
  for (const row of rows) {
    found.get(row.requestId)?.push({ ...row, deltaNano: BigInt(row.deltaNano) });
  }
  return found;
}
