/** One record of a table, and the line that it begins on; the first is 1. */
export interface CsvRecord {
  line: number;
  fields: string[];
}

/** Text that is no table. */
export class CsvError extends Error {
  override readonly name = 'CsvError';
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/** A field in quotes, or one without; then what ends it. */
const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;

/**
 * Comma-separated values (RFC 4180): fields in quotes may have commas, line ends and doubled quotes.
 * Also lines that end otherwise, and a byte-order mark. Lines without anything on them are no records.
 * @throws CsvError where a quote stands, or is missing, against the rules
 */
export function parseCsv(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let line = 1;
  let record: CsvRecord = { line, fields: [] };
  FIELD.lastIndex = text.startsWith('\uFEFF') ? 1 : 0;
  for (;;) {
    const match = FIELD.exec(text);
    if (match === null) throw new CsvError('a quote is where none may be, or one is missing', line);
    const [, quoted, bare = '', end] = match;
    record.fields.push(quoted?.replaceAll('""', '"') ?? bare);
    line += quoted?.match(/\r\n|\n|\r/g)?.length ?? 0;
    if (end === ',') continue;
    const isEmpty = record.fields.length === 1 && bare === '' && quoted === undefined;
    if (!isEmpty) records.push(record);
    if (end === '') return records;
    line += 1;
    record = { line, fields: [] };
  }
}
