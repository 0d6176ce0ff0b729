import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import type { RecordUsageStreamResponse__Output } from '../../src/grpc/generated/tollgate/v1/RecordUsageStreamResponse.ts';
import { seededRandom } from '../../src/lib/random.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { grpcClient, RpcFailure } from '../support/grpc-client.ts';
import type { GrpcClient } from '../support/grpc-client.ts';
import { runCommand, startServer, temporaryDirectory } from '../support/server-process.ts';
import { fleet, poolOn } from './fixture.ts';

const ROUNDS = 6;
/** Starts of a process, on a machine that may be busy. */
const PATIENCE_MS = 300_000;
const SEED = 20_261_121;
const SECRET = 'an-admin-secret-of-this-test-alone-0123456789';
/** Each costs so much, nano-USD. */
const COST = 7n;

let sandbox: Sandbox | undefined;

afterEach(() => sandbox?.close());

/** What services were told, over all lives of the server. */
interface Told {
  /** Request ids of recorded calls, by their names. */
  recorded: Map<string, string>;
  /** Reservations that are open as far as anybody knows, and those that were settled. */
  reserved: Set<string>;
  settled: Set<string>;
}

function hear(told: Told, { results }: RecordUsageStreamResponse__Output): void {
  for (const { idempotencyId, recorded, error } of results) {
    if (recorded === null || recorded === undefined) throw new Error(JSON.stringify(error));
    expect(recorded.costNanoUsd).toBe(String(COST));
    const known = told.recorded.get(idempotencyId);
    // Sent again it is what it was; one that nobody was told of may be on record all the same.
    if (known !== undefined) {
      expect(recorded).toMatchObject({ requestId: known, isRepeat: true });
    }
    told.recorded.set(idempotencyId, recorded.requestId);
  }
}

const aCall = (keyId: string, idempotencyId: string) => ({
  record: { idempotencyId, key: { id: keyId }, model: 'm', costNanoUsd: String(COST) },
});

/** Money held, more of it, and settled, over and over until the connection breaks. */
async function reserveAndSettle(client: GrpcClient, keyId: string, told: Told): Promise<void> {
  try {
    for (let nth = 0; ; nth += 1) {
      const { reservation } = await client.ask('UsageService', 'Reserve', {
        idempotencyId: randomUUID(),
        key: { id: keyId },
        model: 'm',
        amountNanoUsd: '100',
        expiresIn: { seconds: 86_400 },
      });
      const reservationId = reservation?.id ?? '';
      told.reserved.add(reservationId);
      if (nth % 3 === 0) continue;
      await client.ask('UsageService', 'Extend', { reservationId, amountNanoUsd: '150' });
      await client.ask('UsageService', 'Settle', { reservationId, costNanoUsd: String(COST) });
      told.settled.add(reservationId);
    }
  } catch (error) {
    // What may come of a kill; any other answer would be a fault of the product.
    if (!(error instanceof RpcFailure)) throw error;
    expect(['UNAVAILABLE', 'CANCELLED', 'UNKNOWN']).toContain(error.refusal.code);
  }
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
  `${ROUNDS} kills: what was answered is on disk, what is sent again is there once`,
  async () => {
    const random = seededRandom(SEED);
    const members = fleet('one');
    sandbox = await startSandbox({ credentials: members });
    const dataDir = await temporaryDirectory();
    const file = { pools: [poolOn(sandbox, members)] };
    const env = { LOG_LEVEL: 'warn', GRPC_PORT: '0', ADMIN_SECRET: SECRET };
    const start = () => startServer({ dataDir, file, env });
    const told: Told = { recorded: new Map(), reserved: new Set(), settled: new Set() };
    /** In the order in which they were sent first. */
    const sent: string[] = [];
    let keyId = '';

    for (let round = 0; round < ROUNDS; round += 1) {
      const server = await start();
      keyId ||= query<{ id: string }>(dataDir, 'select id from virtual_keys')[0]?.id ?? '';
      const client = grpcClient(server.grpc ?? '', { token: SECRET });
      const stream = client.exchange('UsageService', 'RecordUsageStream');
      // What was not answered comes again, among some that were.
      const again = sent.filter((name) => !told.recorded.has(name) || random() < 0.05);
      const fresh = Array.from({ length: 2000 }, (_, nth) => `${round} ${nth}`);
      sent.push(...fresh);
      for (const name of [...again, ...fresh]) stream.write(aCall(keyId, name));
      const reserving = reserveAndSettle(client, keyId, told);
      await stream.nth(0);
      await new Promise((resolve) => setTimeout(resolve, random() * 100));
      await server.stop('SIGKILL');
      expect(await stream.ended).not.toBeNull();
      for (const batch of stream.answers) hear(told, batch);
      await reserving;
    }
    expect(told.recorded.size).toBeLessThan(sent.length);

    const last = await start();
    const client = grpcClient(last.grpc ?? '', { token: SECRET });
    const stream = client.exchange('UsageService', 'RecordUsageStream');
    for (const name of sent) stream.write(aCall(keyId, name));
    stream.end();
    expect(await stream.ended).toBeNull();
    for (const batch of stream.answers) hear(told, batch);
    expect(told.recorded.size).toBe(sent.length);
    for (const reservationId of told.reserved) {
      const { reservation } = await client.ask('UsageService', 'GetReservation', { reservationId });
      const state = reservation?.state ?? '';
      if (told.settled.has(reservationId)) expect(state).toBe('RESERVATION_STATE_SETTLED');
      // Whoever was not told may have been settled all the same; nobody's time is over.
      else expect(['RESERVATION_STATE_OPEN', 'RESERVATION_STATE_SETTLED']).toContain(state);
    }
    expect(await last.stop()).toBe(0);

    const records = query<{ id: string; cost: number }>(
      dataDir,
      `select r.id, r.cost_nano as cost from usage_records r join remote_calls c on c.id = r.id
       where c.kind = 'usage'`,
    );
    expect(records.length).toBe(sent.length);
    expect(new Set(records.map(({ id }) => id))).toEqual(new Set(told.recorded.values()));
    expect(records.every(({ cost }) => BigInt(cost) === COST)).toBe(true);
    expect(query(dataDir, `select 1 from events where type = 'hold.recovered'`)).toEqual([]);
    const verified = await runCommand(['ledger', 'verify'], { TOLLGATE_DATA_DIR: dataDir });
    expect(verified).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('The books balance.'),
    });
  },
  PATIENCE_MS,
);
