import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import type { FinishedEntry, ReceivedEntry, WitnessEntry } from '../../src/sandbox/index.ts';

// The independent judge of money. It knows only what the sandbox witnessed and what providers
// publish, computes with its own arithmetic and shares no code with the product's accounting.
// By hand: node tests/support/oracle.ts <witness.json> <tollgate.db>

/** USD per million tokens as published: input, cached input, output. */
const PUBLISHED: Record<string, readonly [string, string, string]> = {
  'gpt-4o-mini': ['0.15', '0.075', '0.60'],
  'gpt-4o': ['2.50', '1.25', '10.00'],
  'gpt-4.1-nano': ['0.10', '0.025', '0.40'],
  'text-embedding-3-small': ['0.02', '0.02', '0'],
};

const TOKENS_PER_PRICE = 1_000_000n;

export interface LedgerRow {
  id: string;
  model: string;
  outcome: string;
  usageSource: string;
  costNano: bigint;
  holdNano: bigint;
}

export interface Judgement {
  /** Records that were compared with what was told upstream. */
  compared: number;
  /** Records of calls that the process did not survive: charged at their hold. */
  unknown: number;
  /** Records the provider told no usage for: nothing independent to compare with. */
  estimated: number;
  expectedNano: bigint;
  recordedNano: bigint;
  /** Empty when the ledger is right to the nano-dollar. */
  differences: string[];
}

/** `0.075` dollars are 75,000,000 nano-dollars, read digit by digit. */
function nanoDollars(decimal: string): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.padEnd(9, '0'));
}

const count = (holder: unknown, ...names: string[]): bigint => {
  for (const name of names) {
    const value = (holder as Record<string, unknown> | null | undefined)?.[name];
    if (typeof value === 'number') return BigInt(value);
  }
  return 0n;
};

/** What a told usage costs at the published prices; null for a model that has none here. */
export function publishedCost(model: string, usage: object): bigint | null {
  const prices = PUBLISHED[model.replace(/^openai\//, '')];
  if (prices === undefined) return null;
  const [input, cached, output] = prices.map(nanoDollars) as [bigint, bigint, bigint];
  const told = usage as Record<string, unknown>;
  const details = told['prompt_tokens_details'] ?? told['input_tokens_details'];
  const cachedTokens = count(details, 'cached_tokens');
  const promptTokens = count(told, 'prompt_tokens', 'input_tokens');
  const outputTokens = count(told, 'completion_tokens', 'output_tokens');
  const scaled =
    (promptTokens - cachedTokens) * input + cachedTokens * cached + outputTokens * output;
  const isExact = scaled % TOKENS_PER_PRICE === 0n;
  return scaled / TOKENS_PER_PRICE + (isExact ? 0n : 1n);
}

/** Cost of each request by what the upstream told while serving it; ids without any are absent. */
export function toldCosts(entries: readonly WitnessEntry[]): Map<string, bigint> {
  const models = new Map<number, string>();
  for (const entry of entries.filter((one): one is ReceivedEntry => one.kind === 'received')) {
    if (entry.model !== null) models.set(entry.callId, entry.model);
  }
  const costs = new Map<string, bigint>();
  for (const entry of entries.filter((one): one is FinishedEntry => one.kind === 'finished')) {
    const { callId, requestId, usage, usageDelivered } = entry;
    if (requestId === null || usage === null || !usageDelivered) continue;
    const model = models.get(callId) ?? '';
    const cost = publishedCost(model, usage);
    if (cost === null) throw new Error(`the oracle has no published price of "${model}"`);
    if (costs.has(requestId)) throw new Error(`request ${requestId} was served twice`);
    costs.set(requestId, cost);
  }
  return costs;
}

/** All records of a ledger, money exact. */
export function readLedger(file: string): LedgerRow[] {
  const database = new Database(file, { readonly: true });
  try {
    return database
      .prepare<[], Record<'id' | 'model' | 'outcome' | 'usage_source' | 'cost' | 'hold', string>>(
        `select id, model, outcome, usage_source, cast(cost_nano as text) as cost,
           cast(hold_nano as text) as hold from usage_records order by id`,
      )
      .all()
      .map(({ id, model, outcome, usage_source: usageSource, cost, hold }) => ({
        id,
        model,
        outcome,
        usageSource,
        costNano: BigInt(cost),
        holdNano: BigInt(hold),
      }));
  } finally {
    database.close();
  }
}

/** Sets the ledger against the witness, request by request. */
export function judge(entries: readonly WitnessEntry[], rows: readonly LedgerRow[]): Judgement {
  const told = toldCosts(entries);
  const verdict: Judgement = {
    compared: 0,
    unknown: 0,
    estimated: 0,
    expectedNano: 0n,
    recordedNano: 0n,
    differences: [],
  };
  const seen = new Set<string>();
  for (const row of rows) {
    if (seen.has(row.id)) verdict.differences.push(`${row.id}: recorded twice`);
    seen.add(row.id);
    const expected = expectedCost(row, told, verdict);
    verdict.expectedNano += expected;
    verdict.recordedNano += row.costNano;
    if (expected !== row.costNano) {
      verdict.differences.push(
        `${row.id} (${row.model}, ${row.outcome}): recorded ${row.costNano}, told ${expected}`,
      );
    }
  }
  return verdict;
}

function expectedCost(row: LedgerRow, told: Map<string, bigint>, verdict: Judgement): bigint {
  if (row.outcome === 'unknown') {
    verdict.unknown += 1;
    return row.holdNano;
  }
  if (row.usageSource === 'estimated' || row.usageSource === 'counted') {
    verdict.estimated += 1;
    return row.costNano;
  }
  verdict.compared += 1;
  return row.outcome === 'voided' ? 0n : (told.get(row.id) ?? 0n);
}

function main([witnessFile, databaseFile]: string[]): void {
  if (witnessFile === undefined || databaseFile === undefined) {
    console.error('usage: node tests/support/oracle.ts <witness.json> <tollgate.db>');
    process.exitCode = 2;
    return;
  }
  const read = JSON.parse(readFileSync(witnessFile, 'utf8')) as
    | WitnessEntry[]
    | { entries: WitnessEntry[]; dropped?: number };
  const entries = Array.isArray(read) ? read : read.entries;
  if (!Array.isArray(read) && (read.dropped ?? 0) > 0)
    console.log(`note: the witness dropped ${read.dropped} old entries`);
  const { differences, ...totals } = judge(entries, readLedger(databaseFile));
  console.log(`Compared      ${totals.compared}`);
  console.log(`Unknown       ${totals.unknown} (charged at the hold)`);
  console.log(`Estimated     ${totals.estimated} (no usage was told)`);
  console.log(`Recorded      ${totals.recordedNano} nano-USD`);
  console.log(`Told          ${totals.expectedNano} nano-USD`);
  for (const difference of differences) console.log(`  - ${difference}`);
  console.log(differences.length === 0 ? 'The ledger is right.' : 'The ledger is NOT right.');
  if (differences.length > 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
