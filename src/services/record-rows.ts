import { USAGE_COLUMNS } from '../accounting/ledger/rows.ts';
import { USAGE_CLASSES } from '../entities/usage.ts';
import type { UsageRecord } from '../entities/usage-record.ts';
import type { Reader } from './reader/reader.ts';

type Fields = readonly (keyof UsageRecord)[];

const MONEY = ['costNano', 'holdNano'] as const satisfies Fields;
const FLAGS = ['isStream', 'isPriced'] as const satisfies Fields;
const JSONS = ['attempts', 'route'] as const satisfies Fields;
const PLAIN = [
  'id',
  'keyId',
  'poolId',
  'userId',
  'teamId',
  'credentialId',
  'endpoint',
  'model',
  'startedAtMs',
  'durationMs',
  'firstByteMs',
  'status',
  'outcome',
  'reason',
  'usageSource',
  'priceId',
] as const satisfies Fields;

const column = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** As text: what SQLite's driver hands over as a number is exact only up to 2^53. */
const COLUMNS = [
  ...[...PLAIN, ...FLAGS, ...JSONS].map((name) => `${column(name)} as "${name}"`),
  ...MONEY.map((name) => `cast(${column(name)} as text) as "${name}"`),
  ...USAGE_CLASSES.map((name, at) => `${USAGE_COLUMNS[at]} as "${name}"`),
].join(', ');

type Row = Record<string, string | number | null>;

/** Records as the entity has them, without an entity manager: in the order in which ids are given. */
export async function recordsOf(reader: Reader, ids: readonly string[]): Promise<UsageRecord[]> {
  if (ids.length === 0) return [];
  const rows = await reader.rows<Row>(
    `select ${COLUMNS} from usage_records where id in (select value from json_each(?))`,
    [JSON.stringify(ids)],
  );
  const byId = new Map(rows.map((row) => [row['id'], recordOf(row)]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

function recordOf(row: Row): UsageRecord {
  const read = <V>(names: readonly string[], value: (cell: string | number | null) => V) =>
    Object.fromEntries(names.map((name) => [name, value(row[name] ?? null)]));
  return {
    ...row,
    ...read(FLAGS, (cell) => cell === 1),
    ...read(JSONS, (cell) => (cell === null ? null : JSON.parse(String(cell)))),
    ...read(MONEY, (cell) => BigInt(cell ?? 0)),
  } as unknown as UsageRecord;
}
