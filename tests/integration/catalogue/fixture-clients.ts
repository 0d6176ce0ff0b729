import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server } from 'node:http';
import { expect } from '@jest/globals';
import type { UsageRecord } from '../../../src/entities/usage-record.ts';
import type { Gateway } from '../../support/gateway.ts';
import type { RawAnswer } from '../../support/raw-answers.ts';
import { rawChat, type RawRequest } from '../../support/raw-request.ts';
import { answered, play, send, type Outcome } from '../../support/scripted-client.ts';
import { arrivals, until } from '../proxy/fixture.ts';

/** What the catalogue allows between a client's leaving and the upstream's being told (S4). */
export const ABORT_MS = 250;

/** The bytes of a chat call with the gateway's own key. */
export const chatOf = (
  { key }: Pick<Gateway, 'key'>,
  fields: object = {},
  headers: RawRequest['headers'] = {},
): Buffer => rawChat(key, fields, headers);

/** One request on a connection of its own, up to its answer. */
export const ask = ({ url }: Pick<Gateway, 'url'>, request: Buffer): Promise<Outcome> =>
  play(url, send(request), answered());

export interface Refusal {
  status: number;
  code?: string;
  param?: string | null;
}

/** The one answer is an error of ours, in OpenAI's form, with an id and a word about retries. */
export function expectRefusal(answers: readonly RawAnswer[], { status, ...facts }: Refusal): void {
  expect(answers.map((answer) => answer.status)).toEqual([status]);
  const [answer] = answers;
  const headers = new Map(answer?.headers);
  expect(headers.get('content-type')).toBe('application/json');
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers.get('x-should-retry')).toMatch(/^(?:true|false)$/);
  const { error } = JSON.parse(answer?.body ?? '') as { error: object };
  expect(Object.keys(error)).toEqual(['message', 'type', 'param', 'code']);
  expect(error).toMatchObject({
    message: expect.stringMatching(/./),
    type: expect.stringMatching(/_error$/),
    code: expect.stringMatching(/^[a-z_]+$/),
    ...facts,
  });
}

/** What a refused call must leave as it was: the upstream, and the books. */
export async function marks(gateway: Gateway) {
  return { arrivals: arrivals(gateway).length, records: (await gateway.records()).length };
}

/** The next call is served as ever. */
export async function expectServing(gateway: Gateway): Promise<void> {
  const response = await gateway.chat();
  await response.arrayBuffer();
  expect(response.status).toBe(200);
}

/** Calls that the gateway has under way, as its metrics tell. */
export async function inFlight({ url }: Pick<Gateway, 'url'>): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^tollgate_in_flight (\d+)$/m.exec(text)?.[1]);
}

export const untilInFlight = (gateway: Pick<Gateway, 'url'>, count: number): Promise<unknown> =>
  until(async () => (await inFlight(gateway)) === count);

/** The only record, once it is there. */
export async function theRecord(gateway: Gateway): Promise<UsageRecord> {
  await until(async () => (await gateway.records()).length > 0);
  const [record, ...more] = await gateway.records();
  expect(more).toEqual([]);
  if (record === undefined) throw new Error('There is no record.');
  return record;
}

const BEGUN = 'http.server.request.start';

/** The gateway's HTTP server, as Node shows it to whoever watches requests begin. */
export async function serverOf({ url }: Pick<Gateway, 'url'>): Promise<Server> {
  let found: Server | undefined;
  const look = (message: unknown): void => {
    const { request, server } = message as { request: IncomingMessage; server: Server };
    if (request.url === '/livez') found = server;
  };
  subscribe(BEGUN, look);
  await (await fetch(`${url}/livez`)).arrayBuffer();
  unsubscribe(BEGUN, look);
  if (found === undefined) throw new Error('The server was not seen.');
  return found;
}
