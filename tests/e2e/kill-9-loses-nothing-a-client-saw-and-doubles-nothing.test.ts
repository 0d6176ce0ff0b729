import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { Pool } from 'undici';
import { seededRandom } from '../../src/lib/random.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox, SandboxCredential } from '../../src/sandbox/index.ts';
import { judge, readLedger, toldCosts } from '../support/oracle.ts';
import { runCommand, startServer, temporaryDirectory } from '../support/server-process.ts';

const ROUNDS = 20;
/** Twenty starts of a process, on a machine that may be busy. */
const PATIENCE_MS = 600_000;
const CALLERS = 30;
/** For so long before every second kill no hold can be committed: nothing may be answered then. */
const BLOCKED_MS = 40;
const SEED = 20_260_713;

const fleet: SandboxCredential[] = [1, 2, 3].map((serial) => ({
  name: `cred-${serial}`,
  key: `vck_e2e_kill_${serial}_${'x'.repeat(16)}`,
  balanceNano: 1_000_000_000_000n,
}));

let sandbox: Sandbox | undefined;

afterEach(() => sandbox?.close());

/** What clients saw: the head of an answer, or all of it. */
interface Seen {
  heads: string[];
  whole: Set<string>;
  /** Called at the next head. */
  onHead(): void;
}

interface Target {
  pool: Pool;
  key: string;
  seen: Seen;
}

/** Plain and streamed calls, one after the other, until the connection breaks. */
async function caller({ pool, key, seen }: Target, turn: number): Promise<void> {
  for (let round = turn; ; round += 1) {
    const { statusCode, headers, body } = await pool.request({
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'gpt-4o-mini',
        stream: round % 2 === 0,
        messages: [{ role: 'user', content: 'word '.repeat(1 + (round % 13)) }],
      }),
    });
    const id = String(headers['x-request-id']);
    seen.heads.push(id);
    seen.onHead();
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${statusCode}: ${text.slice(0, 300)}`);
    if (round % 2 === 1 || text.endsWith('data: [DONE]\n\n')) seen.whole.add(id);
  }
}

/** Calls from many clients; the server is killed without warning a moment after the first answer. */
async function loadAndKill(
  target: Target,
  kill: () => Promise<unknown>,
  delayMs: number,
): Promise<void> {
  const firstHead = new Promise<void>((resolve) => (target.seen.onHead = resolve));
  const callers = Array.from({ length: CALLERS }, (_, turn) => caller(target, turn));
  const broken = Promise.allSettled(callers);
  await Promise.race([firstHead, broken]);
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  await kill();
  for (const ended of await broken) {
    const message = ended.status === 'rejected' ? String(ended.reason) : 'ended';
    // Any answer but 200 would be a fault of the product and not of the kill.
    expect(message).not.toMatch(/^Error: \d{3}:/);
  }
}

/** Another process writes on the ledger's file, for longer than the server lives. */
async function withBlockedStore(dataDir: string, kill: () => Promise<unknown>): Promise<void> {
  const other = new Database(join(dataDir, 'tollgate.db'));
  other.exec('begin immediate');
  await new Promise((resolve) => setTimeout(resolve, BLOCKED_MS));
  await kill();
  other.exec('rollback');
  other.close();
}

const query = <T>(dataDir: string, sql: string): T[] => {
  const database = new Database(join(dataDir, 'tollgate.db'), { readonly: true });
  try {
    return database.prepare<[], T>(sql).all();
  } finally {
    database.close();
  }
};

test(
  `${ROUNDS} kills under load: what a client saw is on record, once, at its price`,
  async () => {
    const random = seededRandom(SEED);
    const fleetServer = await startSandbox({ credentials: fleet, chunkPaceMs: 2 });
    sandbox = fleetServer;
    const dataDir = await temporaryDirectory();
    const credentials = fleet.map(({ name, key }) => ({
      name,
      provider: 'sandbox',
      api_key: key,
      base_url: `${fleetServer.url}/v1`,
    }));
    const file = { pools: [{ name: 'default', credentials }] };
    const start = () => startServer({ dataDir, file, env: { LOG_LEVEL: 'warn' } });
    const seen: Seen = { heads: [], whole: new Set(), onHead: () => undefined };

    let key = '';
    for (let round = 0; round < ROUNDS; round += 1) {
      const server = await start();
      key = server.key ?? key;
      expect(query(dataDir, 'select id from holds')).toEqual([]);
      const pool = new Pool(server.url, { connections: CALLERS });
      const delayMs = 50 + Math.floor(random() * 350);
      const kill = () => server.stop('SIGKILL');
      const killBlocked = () => withBlockedStore(dataDir, kill);
      await loadAndKill({ pool, key, seen }, round % 2 === 0 ? kill : killBlocked, delayMs);
      await pool.destroy();
    }
    const last = await start();
    expect(query(dataDir, 'select id from holds')).toEqual([]);
    // An answer proves that the start is over, signal handlers included.
    expect((await fetch(`${last.url}/health`)).ok).toBe(true);
    expect(await last.stop()).toBe(0);
    const { entries } = fleetServer.witness;

    const rows = readLedger(join(dataDir, 'tollgate.db'));
    const byId = new Map(rows.map((row) => [row.id, row]));
    expect(byId.size).toBe(rows.length);
    expect(new Set(seen.heads).size).toBe(seen.heads.length);
    expect(seen.heads.filter((id) => !byId.has(id))).toEqual([]);

    const told = toldCosts(entries);
    const wrong = [...seen.whole].filter((id) => {
      const row = byId.get(id);
      if (row?.outcome === 'unknown') return row.costNano !== row.holdNano;
      return row?.outcome !== 'settled' || row.costNano !== told.get(id);
    });
    expect(wrong).toEqual([]);
    expect(judge(entries, rows).differences).toEqual([]);

    const unknown = rows.filter((row) => row.outcome === 'unknown').map((row) => row.id);
    expect(unknown.length).toBeGreaterThan(0);
    const recovered = query<{ subject: string }>(
      dataDir,
      `select subject from events where type = 'hold.recovered' order by subject`,
    );
    expect(recovered.map((event) => event.subject)).toEqual(unknown);

    const verified = await runCommand(['ledger', 'verify'], { TOLLGATE_DATA_DIR: dataDir });
    expect(verified).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('The books balance.'),
    });
  },
  PATIENCE_MS,
);
