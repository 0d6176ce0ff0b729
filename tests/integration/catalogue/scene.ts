import { afterEach, beforeEach } from '@jest/globals';
import type { Clock } from '../../../src/lib/clock.ts';
import type { Member } from '../../../src/pool/member.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';
import type { ReceivedEntry, Sandbox } from '../../../src/sandbox/index.ts';
import {
  canaryFleet,
  expectSockets,
  isOwnAsk,
  socketCount,
  startGateway,
} from '../../support/gateway.ts';
import type { Gateway, GatewayOptions } from '../../support/gateway.ts';
import type { OddOrigin } from '../../support/odd-origins.ts';
import { until } from '../proxy/fixture.ts';

export const MODEL = 'gpt-4o-mini';

/** Two credentials, each at an origin of its own. The first is tried first, and its origin misbehaves. */
export interface Scene extends AsyncDisposable {
  gateway: Gateway;
  bad: Sandbox;
  good: Sandbox;
  /** Where the first credential lives instead of at `bad`. */
  origin: OddOrigin | undefined;
  /** Events up to here were looked at. */
  seenSeq: number;
}

export interface SceneOptions extends Pick<GatewayOptions, 'resolve'> {
  /** Where the first credential lives instead. */
  origin?(bad: Sandbox): Promise<OddOrigin>;
  /** Base URL of the first credential, under another name. */
  baseUrl?(bad: Sandbox): string;
  /** Of the first origin. */
  clock?: Clock;
}

const open: Sandbox[] = [];
let socketsBefore = 0;

beforeEach(() => {
  socketsBefore = socketCount();
});

// Comes after the gateway's own: nothing at all may be left.
afterEach(async () => {
  for (const sandbox of open.splice(0)) await sandbox.close();
  await expectSockets(socketsBefore);
});

export async function startScene(options: SceneOptions = {}): Promise<Scene> {
  const { clock, origin: startOrigin, baseUrl, ...others } = options;
  const fleet = canaryFleet(10, 10);
  const [one, two] = fleet;
  if (one === undefined || two === undefined) throw new Error('two credentials');
  const bad = await startSandbox({
    credentials: [one],
    ...(clock === undefined ? {} : { clock }),
  });
  const good = await startSandbox({ credentials: [two] });
  open.push(bad, good);
  const origin = await startOrigin?.(bad);
  const elsewhere = origin?.baseUrl ?? baseUrl?.(bad);
  const credentials = [
    {
      name: one.name,
      api_key: one.key,
      priority: 1,
      // Balances are not asked for where nobody could tell them.
      provider: elsewhere === undefined ? 'sandbox' : 'openai-compatible',
      base_url: elsewhere ?? `${bad.url}/v1`,
    },
    {
      name: two.name,
      api_key: two.key,
      priority: 2,
      provider: 'sandbox',
      base_url: `${good.url}/v1`,
    },
  ];
  // One failure is to show at once.
  const fields = { strategy: 'priority', discover_models: false, ejection: { failures: 1 } };
  const gateway = await startGateway({ fleet, pool: { ...fields, credentials }, ...others });
  return {
    gateway,
    bad,
    good,
    origin,
    seenSeq: 0,
    // Before the gateway: some of them never let go of a connection.
    [Symbol.asyncDispose]: async () => await origin?.close(),
  };
}

/** A list of files costs nothing, so it may be sent again where a chat may not (ADR 8). */
export type Kind = 'chat' | 'files';

export const PATHS: Record<Kind, string> = { chat: '/v1/chat/completions', files: '/v1/files' };

export const ask = ({ gateway }: Scene, kind: Kind = 'chat'): Promise<Response> =>
  kind === 'chat' ? gateway.chat() : gateway.fetch(PATHS.files, { method: 'GET' });

export function memberOf({ gateway }: Scene, nth: 1 | 2): Member {
  const member = gateway.app.pools.members().find(({ name }) => name === `cred-${nth}`);
  if (member === undefined) throw new Error(`there is a cred-${nth}`);
  return member;
}

/** Clients' calls that an origin saw. */
export const arrivalsAt = ({ witness }: Sandbox): ReceivedEntry[] =>
  witness.entries.filter(
    (entry): entry is ReceivedEntry => entry.kind === 'received' && !isOwnAsk(entry),
  );

/** What is done ends a kept connection; resolves once its far end is gone. The near one is not counted. */
export async function connectionEnds(work: () => void): Promise<void> {
  const before = socketCount();
  work();
  await until(() => socketCount() < before);
}
