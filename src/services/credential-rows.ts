import { z } from 'zod';
import { GatewayError } from '../errors/gateway-error.ts';
import { CsvError, parseCsv } from '../lib/csv.ts';
import { addInput } from './credential-input.ts';
import type { WantedCredential } from './credential-input.ts';

const TEXT_CHARS_MAX = 1_000_000;
const ROWS_MAX = 1000;

const { name, provider, secret, baseUrl, weight, priority, rpmLimit, tpmLimit, models } =
  addInput.shape;

/** A credential as `tollgate.yaml` spells it. */
export const rowInput = z
  .strictObject({
    name,
    provider,
    api_key: secret,
    base_url: baseUrl,
    weight,
    priority,
    rpm: rpmLimit,
    tpm: tpmLimit,
    models,
  })
  .transform(({ api_key, base_url, rpm, tpm, ...same }): WantedCredential => ({
    ...same,
    secret: api_key,
    baseUrl: base_url,
    rpmLimit: rpm,
    tpmLimit: tpm,
  }));

/** Names of the columns of a table, and of the fields of an object. */
export const COLUMNS = [
  'name',
  'provider',
  'api_key',
  'base_url',
  'weight',
  'priority',
  'rpm',
  'tpm',
  'models',
] as const;

export type RowFormat = 'csv' | 'json';

/** One row of a text, not judged yet. */
export interface RawRow {
  /** Of the table, from 1; the number of the object in a list. */
  line: number;
  /** An error where it is no row. */
  value: unknown;
}

/**
 * The rows of a text.
 * @throws GatewayError `invalid_request` where it is none, or too long. The text is not quoted: it has
 * secrets in it.
 */
export function rowsOf(format: RowFormat, text: string): RawRow[] {
  if (text.length > TEXT_CHARS_MAX)
    throw badText(`must not have more than ${TEXT_CHARS_MAX} characters`);
  const rows = format === 'csv' ? csvRows(text) : jsonRows(text);
  if (rows.length > ROWS_MAX) throw badText(`must not have more than ${ROWS_MAX} rows`);
  return rows;
}

function jsonRows(text: string): RawRow[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw badText('is not JSON');
  }
  if (!Array.isArray(parsed)) throw badText('must be a list of objects');
  return (parsed as unknown[]).map((value, index) => ({ line: index + 1, value }));
}

function csvRows(text: string): RawRow[] {
  const [head, ...records] = recordsOf(text);
  if (head === undefined) throw badText('has no line with the names of the columns');
  const columns = head.fields.map((field) => field.trim().toLowerCase());
  const at = columns.findIndex((column) => !(COLUMNS as readonly string[]).includes(column));
  if (at !== -1 || new Set(columns).size !== columns.length) {
    const which = at === -1 ? 'The columns' : `Column ${at + 1}`;
    throw badText(`${which} of the first line must be, once each: ${COLUMNS.join(', ')}`);
  }
  return records.map(({ line, fields }) => ({
    line,
    value:
      fields.length > columns.length
        ? new GatewayError('invalid_request', 'has more fields than there are columns')
        : Object.fromEntries(columns.flatMap((column, index) => cell(column, fields[index]))),
  }));
}

function recordsOf(text: string) {
  try {
    return parseCsv(text);
  } catch (error) {
    if (error instanceof CsvError) throw badText(`line ${error.line}: ${error.message}`);
    throw error;
  }
}

const NUMBERS: ReadonlySet<string> = new Set(['weight', 'priority', 'rpm', 'tpm']);
const WHOLE = /^-?\d{1,15}$/;

/** An empty cell is a field that is not given. */
function cell(column: string, raw = ''): [string, unknown][] {
  const text = raw.trim();
  if (text === '') return [];
  if (column === 'models') return [[column, text.split(/[\s;|]+/)]];
  return [[column, NUMBERS.has(column) && WHOLE.test(text) ? Number(text) : text]];
}

const badText = (message: string): GatewayError =>
  new GatewayError('invalid_request', `text: ${message}`, { param: 'text' });
