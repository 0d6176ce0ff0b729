import { createServer } from 'node:http';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RouteNote } from '../../../src/entities/call-record.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';
import type { ReceivedEntry, Sandbox } from '../../../src/sandbox/index.ts';
import { canaryFleet, isOwnAsk, startGateway } from '../../support/gateway.ts';
import type { Gateway, GatewayOptions } from '../../support/gateway.ts';
import { afterwards } from '../proxy/fixture.ts';

/** Of calls that name none. */
export const DEFAULT_MODEL = 'gpt-4o-mini';

/** A credential of the fleet, `cred-1` and so on; what is not given is as in `startGateway`. */
export interface MemberOptions {
  /** The only models that the sandbox serves it. */
  offers?: readonly string[];
  /** Further fields as `tollgate.yaml` spells them. */
  fields?: Record<string, unknown>;
}

export interface FleetOptions extends Omit<GatewayOptions, 'fleet'> {
  members: readonly MemberOptions[];
  /** Whose credentials it has, for a second start on the same data; new ones unless given. */
  like?: Gateway;
  /** What its pauses go by; real time unless given. */
  fleetClock?: Clock;
  /** Before the gateway asks it anything. */
  prepare?(sandbox: Sandbox): void;
}

/** A gateway whose pool's credentials have fields of their own; the sandbox is that of the pool. */
export async function startFleet({
  members,
  like,
  prepare,
  fleetClock,
  ...options
}: FleetOptions): Promise<Gateway> {
  const drawn = canaryFleet(...members.map(() => 10));
  const known = like?.sandbox.credentials.map(({ name, key }) => ({
    name,
    key,
    balanceNano: 10n ** 10n,
  }));
  const fleet = (known ?? drawn).map((credential, index) => {
    const offers = members[index]?.offers;
    return offers === undefined ? credential : { ...credential, models: offers };
  });
  const sandbox = await startSandbox({
    credentials: fleet,
    ...options.sandbox,
    ...(fleetClock === undefined ? {} : { clock: fleetClock }),
  });
  afterwards(() => sandbox.close());
  prepare?.(sandbox);
  const credentials = fleet.map(({ name, key }, index) => ({
    name,
    provider: 'sandbox',
    api_key: key,
    base_url: `${sandbox.url}/v1`,
    ...members[index]?.fields,
  }));
  const gateway = await startGateway({ ...options, fleet, pool: { ...options.pool, credentials } });
  return { ...gateway, sandbox };
}

/** A request as a provider of the test's own saw it. */
export interface Seen {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** The same for all requests of one connection. */
  connection: number;
}

export interface Provider {
  baseUrl: string;
  /** In the order of arrival; lists of models and balances are not among them. */
  seen: Seen[];
}

type Answer = (response: ServerResponse, seen: Seen) => void;

/** A provider that lists these models, has ten dollars for everybody, and answers calls as told. */
export async function startProvider(models: readonly string[], answer: Answer): Promise<Provider> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const { method = '', url: path = '', headers, socket } = request;
    if (path.endsWith('/models')) {
      sendJson(response, 200, { data: models.map((id) => ({ id })) });
      return;
    }
    if (path.endsWith('/credits')) {
      sendJson(response, 200, { balance: '10', total_used: '0' });
      return;
    }
    const pieces: Buffer[] = [];
    request.on('data', (bytes: Buffer) => pieces.push(bytes));
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString('latin1');
      const connection = socket.remotePort ?? 0;
      const one = { method, path, headers, body, connection };
      seen.push(one);
      answer(response, one);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterwards(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}/v1`, seen };
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** A chat completion that names the model it was asked for. */
export const complete: Answer = (response, { body }) => {
  const { model } = JSON.parse(body) as { model: string };
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Hi' } }];
  const usage = { prompt_tokens: 3, completion_tokens: 1 };
  sendJson(response, 200, { object: 'chat.completion', model, choices, usage });
};

/** Calls of clients that the fleet received, in order. */
export const received = ({ sandbox }: Gateway): ReceivedEntry[] =>
  sandbox.witness.entries.filter(
    (entry): entry is ReceivedEntry => entry.kind === 'received' && !isOwnAsk(entry),
  );

/** Which credentials were asked, in the order of arrival. */
export const servers = (gateway: Gateway): string[] =>
  received(gateway).map(({ credential }) => credential ?? 'nobody');

/** The items so many times over. */
export const times = <T>(count: number, ...items: T[]): T[] =>
  Array.from({ length: count }, () => items).flat();

/** Calls with the body's fields, at once; their statuses in order. */
export function together(
  gateway: Gateway,
  count: number,
  extra: Record<string, unknown> = {},
): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, () => statusOf(gateway, extra)));
}

/** So long the fleet holds an answer, by a clock of its own: until the test moves that on. */
export const HELD_MS = 3_600_000;

/** One call; its answer is read to the end. */
export async function statusOf(
  gateway: Gateway,
  extra: Record<string, unknown> = {},
): Promise<number> {
  const response = await gateway.chat(extra);
  await response.arrayBuffer();
  return response.status;
}

export interface ErrorAnswer {
  error: { message: string; type: string; param: string | null; code: string | null };
}

export const errorOf = async (response: Response): Promise<ErrorAnswer['error']> =>
  ((await response.json()) as ErrorAnswer).error;

/** The names that a pool's credentials go by in records, by their ids. */
export function namesOf(gateway: Gateway): ReadonlyMap<string, string> {
  const members = gateway.app.pools.all().flatMap((pool) => pool.members);
  return new Map(members.map(({ id, name }) => [id, name]));
}

/** A record's route with the credentials' names. */
export function named(gateway: Gateway, route: RouteNote | null | undefined): RouteNote {
  if (route === null || route === undefined) throw new Error('the call was not routed');
  const names = namesOf(gateway);
  const nameOf = (id: string) => names.get(id) ?? id;
  return {
    ...route,
    order: route.order.map(nameOf),
    excluded: route.excluded.map((one) => ({ ...one, credential: nameOf(one.credential) })),
  };
}
