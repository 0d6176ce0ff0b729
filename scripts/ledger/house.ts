import type { Database } from 'better-sqlite3';
import { fileSchema } from '../../src/config/file-schema.ts';
import type { Sealer } from '../../src/lib/seal.ts';
import { policyOf } from '../../src/services/pool-policy-of.ts';
import { type Chance, Urn } from './chance.ts';

const KEYS = 200;
const TEAMS = 20;
const USERS = 50;
const POOLS = 6;
const CREDENTIALS_PER_POOL = 5;
const STRATEGIES = ['round_robin', 'weighted', 'least_latency', 'priority', 'random', 'cheapest'];

/** What is asked for, and what that takes. Prices are nano-USD for a unit of usage. */
export interface Offer {
  endpoint: string;
  kind: 'text' | 'vectors' | 'images' | 'speech';
}

export interface HouseModel {
  name: string;
  offers: Urn<Offer>;
  nanoPerInput: number;
  nanoPerOutput: number;
}

export interface HousePool {
  id: string;
  strategy: string;
  credentialIds: string[];
}

export interface HouseKey {
  id: string;
  pool: HousePool;
  userId: string;
  teamId: string;
  models: Urn<HouseModel>;
}

const CHAT: Offer = { endpoint: 'chat.completions', kind: 'text' };
const RESPONSES: Offer = { endpoint: 'responses', kind: 'text' };
const COMPLETIONS: Offer = { endpoint: 'completions', kind: 'text' };
const KINDS: { count: number; name: string; offers: [Offer, number][] }[] = [
  {
    count: 30,
    name: 'chat',
    offers: [
      [CHAT, 85],
      [RESPONSES, 11],
      [COMPLETIONS, 4],
    ],
  },
  { count: 4, name: 'embedding', offers: [[{ endpoint: 'embeddings', kind: 'vectors' }, 1]] },
  { count: 3, name: 'image', offers: [[{ endpoint: 'images.generations', kind: 'images' }, 1]] },
  { count: 3, name: 'speech', offers: [[{ endpoint: 'audio.speech', kind: 'speech' }, 1]] },
];

/** Owners, pools and keys that have been there for `ageDays`; a few keys make most of the calls. */
export function makeHouse(
  database: Database,
  chance: Chance,
  { sealer, bornMs }: { sealer: Sealer; bornMs: number },
): Urn<HouseKey> {
  const insert = (table: string, row: Record<string, string | number | null>) => {
    const names = Object.keys(row);
    const marks = names.map(() => '?').join(', ');
    database
      .prepare(`insert into ${table} (${names.join(', ')}) values (${marks})`)
      .run(...Object.values(row));
  };
  const stamps = { created_at: bornMs, updated_at: bornMs };
  const owners = (table: 'users' | 'teams', count: number): string[] =>
    Array.from({ length: count }, (_, index) => {
      const id = chance.id(bornMs);
      const name = `synthetic-${table.slice(0, -1)}-${index + 1}`;
      insert(table, { id, name, is_enabled: 1, metadata: '{}', ...stamps });
      return id;
    });
  const budget = (scope: string, subjectId: string, period: string, dollars: number) =>
    insert('budgets', {
      id: chance.id(bornMs),
      scope,
      subject_id: subjectId,
      cap_nano: dollars * 1e9,
      period,
      is_hard: 1,
      is_strict: 0,
      alert_percents: '[80]',
      is_enabled: 1,
      ...stamps,
    });
  const pools = Array.from({ length: POOLS }, (_, index) => {
    const name = `synthetic-pool-${index + 1}`;
    const strategy = STRATEGIES[index % STRATEGIES.length] ?? '';
    const id = chance.id(bornMs);
    const credentials = Array.from({ length: CREDENTIALS_PER_POOL }, (_credential, at) => ({
      name: `account-${at + 1}`,
      provider: 'openai',
      api_key: 'nobody',
    }));
    const [config] = fileSchema.parse({
      pools: [{ name, strategy, discover_models: false, credentials }],
    }).pools;
    const policy = JSON.stringify(config === undefined ? {} : policyOf(config));
    insert('pools', { id, name, strategy, policy, source: 'operator', ...stamps });
    budget('pool', id, 'none', 10_000_000);
    const credentialIds = credentials.map((credential) => {
      const credentialId = chance.id(bornMs);
      insert('credentials', {
        id: credentialId,
        pool_id: id,
        name: credential.name,
        provider: credential.provider,
        base_url: 'http://127.0.0.1:9/v1',
        secret_sealed: sealer.seal(credential.api_key, `credentials|${credentialId}|secret`),
        secret_hint: '',
        is_enabled: 1,
        models: '["*"]',
        source: 'operator',
        ...stamps,
      });
      return credentialId;
    });
    return { id, strategy, credentialIds };
  });
  const teamIds = owners('teams', TEAMS);
  const userIds = owners('users', USERS);
  for (const id of teamIds) budget('team', id, 'monthly', 1_000_000);
  const models = makeModels(chance);
  const keys = Array.from({ length: KEYS }, (_, index): HouseKey => {
    const id = chance.id(bornMs);
    const pool = pools[index % POOLS];
    if (pool === undefined) throw new RangeError('a key without a pool');
    // One in nine belongs to nobody.
    const isOwned = index % 9 !== 8;
    const userId = isOwned ? (userIds[index % USERS] ?? '') : '';
    const teamId = isOwned ? (teamIds[index % TEAMS] ?? '') : '';
    insert('virtual_keys', {
      id,
      pool_id: pool.id,
      name: `synthetic-key-${index + 1}`,
      hash: `synthetic:${id}`,
      hint: 'sk-tg-…none',
      is_active: 1,
      user_id: userId || null,
      team_id: teamId || null,
      ...stamps,
    });
    budget('key', id, 'daily', 100_000);
    const count = 1 + Math.floor(chance.random() ** 2 * 12);
    const own = Array.from({ length: count }, () => models.draw(chance.random));
    return { id, pool, userId, teamId, models: new Urn(own, (_model, at) => 1 / (at + 1)) };
  });
  return new Urn(keys, (_key, index) => 1 / (index + 1));
}

function makeModels(chance: Chance): Urn<HouseModel> {
  const models = KINDS.flatMap(({ count, name, offers }) =>
    Array.from({ length: count }, (_, index): HouseModel => ({
      name: `synthetic/${name}-${index + 1}`,
      offers: new Urn(
        offers.map(([offer]) => offer),
        (_offer, at) => offers[at]?.[1] ?? 0,
      ),
      nanoPerInput: chance.whole(50, 5000),
      nanoPerOutput: chance.whole(200, 20_000),
    })),
  );
  return new Urn(models, (_model, index) => 1 / (1 + (index % 30)));
}
