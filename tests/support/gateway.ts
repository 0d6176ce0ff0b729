import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { verifyLedger } from '../../src/accounting/ledger/verify.ts';
import { createApp } from '../../src/app.ts';
import type { App } from '../../src/app.ts';
import { fileSchema } from '../../src/config/file-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import { Event } from '../../src/entities/event.ts';
import { UsageRecord } from '../../src/entities/usage-record.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { seededRandom } from '../../src/lib/random.ts';
import { openSqlite } from '../../src/lib/sqlite.ts';
import type { Resolve } from '../../src/proxy/host-resolver.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox, SandboxCredential } from '../../src/sandbox/index.ts';
import { openWorkspace } from '../../src/workspace.ts';
import type { Workspace } from '../../src/workspace.ts';
import { MovableClock } from './movable-clock.ts';
import { SYSTEM } from '../../src/services/actor.ts';
import { until } from './patience.ts';
import { preparedDirectory } from './prepared-database.ts';

export interface GatewayOptions {
  /** Credentials of the sandbox fleet and of the pool; three with 10, 5 and 5 dollars unless given. */
  fleet?: SandboxCredential[];
  /** Fields of the pool as `tollgate.yaml` spells them. */
  pool?: Record<string, unknown>;
  /** Further fields of the file: `prices`, or more `pools`. */
  file?: Record<string, unknown>;
  sandbox?: { chunkCount?: number; chunkPaceMs?: number };
  /** The fleet's pauses go by the gateway's clock, which a test can push forward. */
  isClockShared?: boolean;
  /** Settings by environment name. */
  env?: Record<string, string>;
  /** Continue in this data directory instead of a new one. */
  dataDir?: string;
  /** Stands for DNS. */
  resolve?: Resolve;
}

export interface Gateway {
  url: string;
  /** A virtual key of the pool. */
  key: string;
  keyId: string;
  clock: MovableClock;
  sandbox: Sandbox;
  app: App;
  space: Workspace;
  /** A call with the virtual key; `body` is sent as JSON unless it is a string or bytes. */
  fetch(
    path: string,
    init?: {
      method?: string;
      body?: unknown;
      headers?: Record<string, string>;
      signal?: AbortSignal;
    },
  ): Promise<Response>;
  chat(extra?: Record<string, unknown>, headers?: Record<string, string>): Promise<Response>;
  /** Ledger records in order, once everything under way has been written. */
  records(): Promise<UsageRecord[]>;
  events(type?: string): Promise<Event[]>;
  logs(): string;
}

/** Whether the gateway itself asked: for a balance, for models, or whether a credential works. */
export const isOwnAsk = ({ path }: { path: string }): boolean =>
  path === '/v1/credits' || path === '/v1/models';

/** Answers up to here are searched for secrets after the test. */
const KEPT_BYTES_MAX = 64 * 1024;

let serial = 0;

/** Secrets no other text contains: finding one anywhere it must not be is a leak. */
export function canaryFleet(...balances: number[]): SandboxCredential[] {
  const dollars = balances.length === 0 ? [10, 5, 5] : balances;
  return dollars.map((balance, index) => {
    serial += 1;
    return {
      name: `cred-${index + 1}`,
      key: `vck_canary_${process.pid}_${serial}_${'x'.repeat(16)}`,
      balanceNano: BigInt(Math.round(balance * 1e9)),
    };
  });
}

interface Running {
  stop(): Promise<void>;
}

const open: Running[] = [];

afterEach(() => stopAll(open));

async function stopAll(running: Running[]): Promise<void> {
  for (const one of running.splice(0).toReversed()) await one.stop();
}

/**
 * The real gateway in this process: real SQLite file, real sockets, the sandbox as upstream. Stopped
 * after the test, when the books must balance, no secret may have leaked, and no socket may be left.
 */
export const startGateway = (options: GatewayOptions = {}): Promise<Gateway> =>
  start(options, open);

/**
 * The same for all tests of a file, where nothing that one of them does may show in the next; the
 * checks come after the last. To be called outside of tests.
 */
export function gatewayOfFile(options: GatewayOptions = {}): () => Gateway {
  const running: Running[] = [];
  let gateway: Gateway | undefined;
  beforeAll(async () => {
    gateway = await start(options, running);
  });
  afterAll(() => stopAll(running));
  return () => {
    if (gateway === undefined) throw new Error('The gateway is started before the first test.');
    return gateway;
  };
}

async function start(options: GatewayOptions, running: Running[]): Promise<Gateway> {
  const socketsBefore = socketCount();
  const clock = new MovableClock();
  const fleet = options.fleet ?? canaryFleet();
  const sandbox = await startSandbox({
    credentials: fleet,
    ...options.sandbox,
    ...(options.isClockShared === true ? { clock } : {}),
  });
  const dataDir = options.dataDir ?? (await preparedDirectory());
  const lines: string[] = [];
  const env = { TOLLGATE_DATA_DIR: dataDir, PORT: '0', GRPC_PORT: 'off', ...options.env };
  const { pools, prices } = fileSchema.parse({
    pools: [poolFields(fleet, sandbox, options.pool)],
    ...options.file,
  });
  const loaded = loadConfig({ overrides: env, environment: {} });
  const config = { ...loaded, prices: [...loaded.prices, ...prices], hasFilePools: false };
  const space = await openWorkspace(
    config,
    clock,
    createLogger({ level: 'trace', destination: collector(lines) }),
  );
  const app = await createApp(space, pools, {
    random: seededRandom(1),
    onFatal: (reason) => lines.push(`fatal ${reason}`),
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
  });
  const url = await app.listen();
  await app.balances.refresh();
  const { key, virtualKey } = await space.keys.create(SYSTEM, { name: 'test' });
  const replies: string[] = [];

  const fetchPath: Gateway['fetch'] = async (
    path,
    { method = 'POST', body, headers = {}, signal } = {},
  ) => {
    const isRaw =
      typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined || body instanceof FormData
          ? {}
          : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isRaw ? (body as never) : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    replies.push(JSON.stringify([...response.headers]));
    const length = Number(response.headers.get('content-length') ?? Number.NaN);
    if (length < KEPT_BYTES_MAX) replies.push(await response.clone().text());
    return response;
  };
  const gateway: Gateway = {
    url,
    key,
    keyId: virtualKey.id,
    clock,
    sandbox,
    app,
    space,
    fetch: fetchPath,
    chat: (extra = {}, headers = {}) =>
      fetchPath('/v1/chat/completions', {
        body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }], ...extra },
        headers,
      }),
    async records() {
      await settled(app);
      return await space.orm.em.fork().find(UsageRecord, {}, { orderBy: { id: 'asc' } });
    },
    events: (type) =>
      space.orm.em
        .fork()
        .find(Event, type === undefined ? {} : { type }, { orderBy: { seq: 'asc' } }),
    logs: () => lines.join(''),
  };
  running.push({
    async stop() {
      await app.close(0);
      const { file } = space;
      await space.close();
      await sandbox.close();
      expectBalancedBooks(file);
      const secrets = fleet.map((credential) => credential.key);
      await expectNoLeak(dataDir, [...lines, ...replies], [...secrets, key]);
      await expectSockets(socketsBefore);
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  });
  return gateway;
}

function poolFields(
  fleet: SandboxCredential[],
  sandbox: Sandbox,
  extra: Record<string, unknown> = {},
) {
  const credentials = fleet.map(({ name, key }) => ({
    name,
    provider: 'sandbox',
    api_key: key,
    base_url: `${sandbox.url}/v1`,
  }));
  return { name: 'default', strategy: 'round_robin', credentials, ...extra };
}

const collector = (lines: string[]) =>
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });

/** A settlement is given to the ledger a microtask after the answer; then flushed. */
async function settled(app: App): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    while (app.counter.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await app.ledger.flush();
  }
}

function expectBalancedBooks(file: string): void {
  const database = openSqlite(file);
  try {
    expect(verifyLedger(database, false).findings).toEqual([]);
  } finally {
    database.close();
  }
}

async function expectNoLeak(dataDir: string, texts: string[], secrets: string[]): Promise<void> {
  const files = (await readdir(dataDir)).filter(
    (name) => !/^(admin-secret|pepper|master-key)$/.test(name),
  );
  const bytes = await Promise.all(files.map((name) => readFile(join(dataDir, name), 'latin1')));
  const leaked = secrets.filter((secret) =>
    [...texts, ...bytes].some((text) => text.includes(secret)),
  );
  expect(leaked).toEqual([]);
}

export const socketCount = (): number =>
  process.getActiveResourcesInfo().filter((name) => /^TCP(Server)?(Socket)?Wrap$/.test(name))
    .length;

/** Client sockets of `fetch` close a moment after their server; those of the product must be gone. */
export async function expectSockets(before: number): Promise<void> {
  await until(() => socketCount() <= before);
}
