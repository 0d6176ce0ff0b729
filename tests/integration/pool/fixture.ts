import { lookup } from 'node:dns';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach } from '@jest/globals';
import { fileSchema } from '../../../src/config/file-schema.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { Ban } from '../../../src/entities/ban.ts';
import { Event } from '../../../src/entities/event.ts';
import { createLogger } from '../../../src/lib/logger.ts';
import type { Effect, EffectFacts } from '../../../src/pool/effect.ts';
import type { Member } from '../../../src/pool/member.ts';
import type { Pool } from '../../../src/pool/pool.ts';
import { providers } from '../../../src/providers/index.ts';
import { strategies } from '../../../src/routing/index.ts';
import { applyConfiguredPools } from '../../../src/services/configured-pools.ts';
import { createUpkeep } from '../../../src/upkeep.ts';
import type { Upkeep } from '../../../src/upkeep.ts';
import { openWorkspace } from '../../../src/workspace.ts';
import type { Workspace } from '../../../src/workspace.ts';
import { ManualClock } from '../../support/manual-clock.ts';

export { until } from '../../support/patience.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

export interface Provider {
  origin: string;
  /** Status of every answer. */
  status: number;
  /** Secrets it was asked with, in order. */
  asked: string[];
}

/** A provider that answers everything with one status. */
export async function startProvider(status = 200): Promise<Provider> {
  const server = createServer((request, response) => {
    provider.asked.push(request.headers.authorization?.replace('Bearer ', '') ?? '');
    response.writeHead(provider.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ object: 'list', data: [{ id: 'm' }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const { port } = server.address() as AddressInfo;
  const provider: Provider = { origin: `http://127.0.0.1:${port}`, status, asked: [] };
  return provider;
}

/** A pool as `tollgate.yaml` spells it, with credentials of these names at the provider. */
export const poolAt = (provider: Provider, names: readonly string[], fields: object = {}) => ({
  name: 'default',
  credentials: names.map((name) => ({
    name,
    provider: 'openai-compatible',
    api_key: `sk-canary-${name}`,
    base_url: `${provider.origin}/v1`,
  })),
  ...fields,
});

export interface House {
  space: Workspace;
  upkeep: Upkeep;
  clock: ManualClock;
  dataDir: string;
  /** Makes the database's pools these, as a start with such a file does, and reads them. */
  configure(pools: readonly object[]): Promise<void>;
  pool(name?: string): Pool;
  member(name: string): Member;
  /** Why the credential cannot serve the model now. */
  reason(name: string, model?: string): string | null;
  /** What one call to the credential was answered, as the data plane reports it. */
  report(name: string, effect: Effect, facts?: Partial<EffectFacts>): void;
  /** Every probe has come back, and everything decided is on disk. */
  settled(): Promise<void>;
  /** Rows of the journal, oldest first. */
  bans(): Promise<Ban[]>;
  /** Changes so far whose type begins so, oldest first. */
  events(prefix: string): Promise<Event[]>;
  logs(): string;
  close(): Promise<void>;
}

/** The pools and what keeps them true, on real SQLite and real sockets; without a data plane. */
export async function openHouse(
  from: Pick<House, 'dataDir' | 'clock'> | null = null,
): Promise<House> {
  const dataDir = from?.dataDir ?? (await temporaryDirectory());
  const clock = from?.clock ?? new ManualClock();
  const lines: string[] = [];
  const { space, upkeep } = await open(dataDir, clock, lines);
  const { directory } = upkeep;
  const ofDisk = () => space.orm.em.fork();
  let isOpen = true;
  const house: House = {
    space,
    upkeep,
    clock,
    dataDir,
    async configure(pools) {
      await applyConfiguredPools(space.parts, fileSchema.parse({ pools }).pools, {
        sealer: space.sealer,
        registries: { providers, strategies },
      });
      await upkeep.reload();
    },
    pool: (name = 'default') => found(directory.all().find((pool) => pool.name === name)),
    member: (name) => found(directory.members().find((member) => member.name === name)),
    reason: (name, model = 'm') =>
      house.member(name).health.exclusion(model, clock.now())?.reason ?? null,
    report(name, effect, facts = {}) {
      const nowMs = clock.now();
      const call = { model: 'm', status: 500, verdict: 'v', requestId: 'r1', startedAtMs: nowMs };
      const member = house.member(name);
      found(directory.poolOf(member)).report(member, effect, { ...call, nowMs, ...facts });
    },
    async settled() {
      await upkeep.prober.idle();
      await upkeep.journal.flushed();
    },
    bans: () => ofDisk().find(Ban, {}, { orderBy: { startedAtMs: 'asc', id: 'asc' } }),
    async events(prefix) {
      const events = await ofDisk().find(Event, {}, { orderBy: { seq: 'asc' } });
      return events.filter(({ type }) => type.startsWith(prefix));
    },
    logs: () => lines.join(''),
    async close() {
      if (!isOpen) return;
      isOpen = false;
      // After a test that failed, something may wait for a time that nobody lets pass.
      const impatience = setInterval(() => clock.advance(1000), 500);
      await upkeep.stop().finally(() => clearInterval(impatience));
      await space.close();
    },
  };
  cleanups.push(() => house.close());
  return house;
}

/** The same data directory in a new process, as far as memory goes. */
export async function restarted(house: House): Promise<House> {
  await house.close();
  const again = await openHouse(house);
  await again.upkeep.reload();
  return again;
}

/** Another process on the same data directory: the command line. */
export async function otherProcess({ dataDir, clock }: House): Promise<Workspace> {
  const { space } = await open(dataDir, clock, []);
  cleanups.push(() => space.close());
  return space;
}

async function open(dataDir: string, clock: ManualClock, lines: string[]) {
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const config = loadConfig({ overrides: { TOLLGATE_DATA_DIR: dataDir }, environment: {} });
  const logger = createLogger({ level: 'trace', destination });
  const space = await openWorkspace(config, clock, logger);
  return { space, upkeep: createUpkeep(space, lookup, () => 0.5) };
}

async function temporaryDirectory(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tollgate-house-'));
  cleanups.push(() => rm(dataDir, { recursive: true, force: true }));
  return dataDir;
}

function found<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the test asks for what is not there');
  return thing;
}
