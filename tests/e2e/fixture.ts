import { join } from 'node:path';
import { expect } from '@jest/globals';
import Database from 'better-sqlite3';
import OpenAI from 'openai';
import type {
  FinishedEntry,
  ReceivedEntry,
  Sandbox,
  SandboxCredential,
  WitnessEntry,
} from '../../src/sandbox/index.ts';
import { until } from '../support/patience.ts';
import { runCommand } from '../support/server-process.ts';
import type { CommandResult, ServerProcess } from '../support/server-process.ts';

export { until } from '../support/patience.ts';

export const MODEL = 'gpt-4o-mini';
export const HELLO = { model: MODEL, messages: [{ role: 'user' as const, content: 'Hello' }] };

/** Credentials that only the sandbox knows, with ten dollars each. */
export const fleet = (...names: string[]): SandboxCredential[] =>
  names.map((name) => ({ name, key: `vck_e2e_${name}`, balanceNano: 10_000_000_000n }));

/** A pool of the sandbox's credentials, as `tollgate.yaml` spells it. */
export function poolOn(
  sandbox: Pick<Sandbox, 'url'>,
  members: readonly SandboxCredential[],
  fields: Record<string, unknown> = {},
): { name: string; credentials: Record<string, string>[] } & Record<string, unknown> {
  const credentials = members.map(({ name, key }) => ({
    name,
    provider: 'sandbox',
    api_key: key,
    base_url: `${sandbox.url}/v1`,
  }));
  return { name: 'default', ...fields, credentials };
}

/** The official SDK, told nothing but where Tollgate is. */
export const sdk = (
  { url }: Pick<ServerProcess, 'url'>,
  key: string | null,
  options: { maxRetries?: number } = {},
): OpenAI => new OpenAI({ baseURL: `${url}/v1`, apiKey: key ?? '', ...options });

/** A chat completion without an SDK in between. */
export const chat = (
  { url }: Pick<ServerProcess, 'url'>,
  key: string | null,
  { body = {}, headers = {} }: { body?: object; headers?: Record<string, string> } = {},
): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify({ ...HELLO, ...body }),
  });

/** Every event of a stream. */
export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const events: T[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** A command on a server's data directory and configuration. */
export const onDataDir = (
  { dataDir }: Pick<ServerProcess, 'dataDir'>,
  ...args: string[]
): Promise<CommandResult> => runCommand(args, { TOLLGATE_DATA_DIR: dataDir });

/** Makes a virtual key as an operator does, and reads it off the screen. */
export async function createKey(
  server: Pick<ServerProcess, 'dataDir'>,
  ...flags: string[]
): Promise<{ key: string; id: string }> {
  const made = await onDataDir(server, 'create-key', ...flags);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const key = /^ {2}API Key: +(sk-tg-\S+)$/m.exec(made.stdout)?.[1] ?? '';
  const id = /^ {2}ID: +(\S+)$/m.exec(made.stdout)?.[1] ?? '';
  expect(key).not.toBe('');
  return { key, id };
}

export type Row = Record<string, unknown>;

/** Reads from a data directory's database, also beside a running server. */
export function query(dataDir: string, sql: string, ...values: string[]): Row[] {
  const database = new Database(join(dataDir, 'tollgate.db'), { readonly: true });
  try {
    return database.prepare<string[], Row>(sql).all(...values);
  } finally {
    database.close();
  }
}

/** The ledger, oldest call first; `attempts` parsed, and the credential by its name. */
export function ledgerOf(dataDir: string): Row[] {
  const rows = query(
    dataDir,
    `select r.*, c.name as credential from usage_records r
     left join credentials c on c.id = r.credential_id order by r.id`,
  );
  return rows.map((row) => ({ ...row, attempts: JSON.parse(String(row['attempts'])) }));
}

/** The one record of a call; it is committed a moment after its answer. */
export async function recordOf(dataDir: string, requestId: string): Promise<Row> {
  let found: Row[] = [];
  const isThere = () => {
    found = ledgerOf(dataDir).filter((row) => row['id'] === requestId);
    return found.length > 0;
  };
  await until(isThere);
  expect(found).toHaveLength(1);
  return found[0] ?? {};
}

export const isReceived = (entry: WitnessEntry): entry is ReceivedEntry =>
  entry.kind === 'received';

export const isFinished = (entry: WitnessEntry): entry is FinishedEntry =>
  entry.kind === 'finished';

/** What the witness noted of one call of a client: an entry for each upstream call, in order. */
export const finishedOf = ({ witness }: Sandbox, requestId: string): FinishedEntry[] =>
  witness.entries.filter(isFinished).filter((entry) => entry.requestId === requestId);

/** The request id of every call that reached the upstream for a client, in order of arrival. */
export const upstreamIds = ({ witness }: Sandbox): string[] =>
  witness.entries.filter(isReceived).flatMap(({ requestId }) => requestId ?? []);
