import type { EntityManager } from '@mikro-orm/sqlite';

export interface UsageLine {
  /** Name of the virtual key, or its id when it is gone. */
  key: string;
  model: string;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  costNano: bigint;
}

/** What was spent since a time, by key and model, dearest first. Read from the roll-ups. */
export async function usageByKeyAndModel(em: EntityManager, sinceMs: number): Promise<UsageLine[]> {
  const rows = await em
    .fork()
    .getConnection()
    .execute<
      { key: string; model: string; calls: number; input: number; output: number; cost: string }[]
    >(
      `select coalesce(k.name, r.key_id) as key, r.model as model, sum(r.calls) as calls,
       sum(r.input + r.cache_read + r.cache_write + r.input_audio + r.cache_read_audio) as input,
       sum(r.output + r.reasoning + r.output_audio) as output,
       cast(sum(r.cost_nano) as text) as cost
     from usage_rollups r left join virtual_keys k on k.id = r.key_id
     where r.hour_ms >= ? group by r.key_id, r.model order by sum(r.cost_nano) desc, 1, 2`,
      [sinceMs],
    );
  return rows.map(({ key, model, calls, input, output, cost }) => ({
    key,
    model,
    calls,
    inputTokens: input,
    outputTokens: output,
    costNano: BigInt(cost),
  }));
}
