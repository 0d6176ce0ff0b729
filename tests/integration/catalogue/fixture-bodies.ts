import { expect } from '@jest/globals';
import { explanationLines } from '../../../src/cli/explanation-lines.ts';
import { CLI } from '../../../src/services/actor.ts';
import type { Anomaly, Outcome } from '../../../src/entities/call-record.ts';
import type { UsageRecord } from '../../../src/entities/usage-record.ts';
import type { FinishedEntry, Sandbox, WitnessEntry } from '../../../src/sandbox/index.ts';
import { publishedCost } from '../../support/oracle.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { tokensOfChat, tokensOfText } from '../../support/token-count.ts';
import { chatBody, verdictsOf } from '../proxy/fixture.ts';
import { eventsOf, plain, textOf, withoutUsage } from './fixture-events.ts';
import { firstOf, startOrigins, timesAsked } from './fixture-origins.ts';
import type { Origins } from './fixture-origins.ts';

// Bodies and streams that go wrong, as a table: what the upstream sends, and what becomes of it.

export const STREAM = { stream: true };
/** Its client wants the usage event, so that nothing at all is hidden from it. */
export const SHOWN = { stream: true, stream_options: { include_usage: true } };
export const SERVED = ['served'];

/** What the client gets. */
export type Told =
  /**
   * The very bytes of one of the two origins, but for a usage event that only we asked for: its own
   * under the fault (the second's without any), or those that `expected` makes of them.
   */
  | { bytesOf: 1 | 2; under?: string | null; as?: string; expected?(bytes: string): string }
  /** An error in place of an answer. */
  | { error: [status: number, code: string] }
  /** Whole events, then an error event of ours and no `[DONE]`; or the upstream's own. */
  | { brokenBy: string };

/** One fault of the catalogue. Its name begins with its number there. */
export interface Row {
  name: string;
  /** Of the first credential's origin. */
  fault?: string;
  /** Fields of the chat call. */
  asked?: Record<string, unknown>;
  /** Another call instead. */
  call?: { method?: string; path: string; body?: Record<string, unknown> };
  headers?: Record<string, string>;
  pool?: Record<string, unknown>;
  /** Both origins fail so. */
  isEverywhere?: boolean;
  told: Told;
  /** One for each attempt; `served` alone unless given. */
  verdicts?: string[];
  outcome?: Outcome;
  reason?: string;
  /** At published prices; or so many nano-USD, as told. */
  charged: 'as told' | 'by count' | 'nothing' | 'without a price' | bigint;
  anomalies?: Anomaly[];
  /** What sets the first credential or its origin aside afterwards, as on record. */
  health?: string[];
  /** How the first origin saw the call end. */
  ending?: FinishedEntry['outcome'];
  /** Once the first origin has the request. */
  meanwhile?(origins: Origins): void;
  /** Whenever more of the answer came. */
  onText?(text: string, origins: Origins): void;
  /** Once the client has all of it. */
  behind?(origins: Origins): void;
  /** What else is to be seen. */
  also?(seen: Seen): Promise<void> | void;
}

/** What one call came to. */
export interface Seen {
  origins: Origins;
  response: Response;
  /** The answer's bytes, one character each. */
  text: string;
  record: UsageRecord;
}

const CHAT = '/v1/chat/completions';

/** Makes the fault stand, calls once, and looks at everything that follows. */
export async function prove(row: Row): Promise<void> {
  const { fault, isEverywhere = false, pool = {} } = row;
  const origins = await startOrigins(pool);
  const limits = { path: requestOf(row).path };
  if (fault !== undefined) origins.bad.faults.set('cred-1', fault, limits);
  if (fault !== undefined && isEverywhere) origins.good.faults.set('cred-2', fault, limits);
  const seen = await call(origins, row);
  origins.bad.faults.clear();
  await expectTold(seen, row);
  expectRecord(seen, row);
  await expectAttempts(seen, row);
  await expectExplained(seen);
  expectCost(seen, row);
  await expectHealth(seen, row);
  await row.also?.(seen);
}

const requestOf = ({ asked, call: other }: Row) => ({
  method: other?.method ?? 'POST',
  path: other?.path ?? CHAT,
  body: other === undefined ? chatBody(asked) : JSON.stringify(other.body),
});

async function call(origins: Origins, row: Row): Promise<Seen> {
  const { gateway, bad } = origins;
  const { method, path, body } = requestOf(row);
  const answered = gateway.fetch(path, { method, body, headers: row.headers ?? {} });
  if (row.meanwhile !== undefined) {
    await bad.witness.waitFor(
      ({ kind, requestId }) => kind === 'received' && requestId !== null,
      PATIENCE_MS,
    );
    row.meanwhile(origins);
  }
  const response = await answered;
  const text = await textOf(response, (soFar) => row.onText?.(soFar, origins));
  row.behind?.(origins);
  const id = response.headers.get('x-request-id');
  const record = (await gateway.records()).find((one) => one.id === id);
  if (record === undefined) throw new Error('the call is not on record');
  return { origins, response, text, record };
}

async function expectTold(seen: Seen, row: Row): Promise<void> {
  const { response, text, origins } = seen;
  const { told } = row;
  if ('bytesOf' in told) {
    const origin = told.bytesOf === 1 ? origins.bad : origins.good;
    const { under = told.bytesOf === 1 ? (row.fault ?? null) : null } = told;
    const bytes = await bytesFrom(origin, row, under);
    expect(response.status).toBe(200);
    const type = told.as ?? (isStream(row) ? 'text/event-stream' : 'application/json');
    expect(response.headers.get('content-type')).toContain(type);
    expect(plain(text)).toBe(told.expected?.(bytes) ?? (hides(row) ? withoutUsage(bytes) : bytes));
    return;
  }
  if ('error' in told) {
    const [status, code] = told.error;
    expect(response.status).toBe(status);
    expect(JSON.parse(text)).toMatchObject({ error: { code, message: expect.any(String) } });
    return;
  }
  expect([response.status, text.endsWith('\n\n'), text.includes('[DONE]')]).toEqual([
    200,
    true,
    false,
  ]);
  const errors = eventsOf(text).map(({ error }) => error?.code);
  expect(errors.filter((code) => code !== undefined)).toEqual([told.brokenBy]);
  expect(errors.at(-1)).toBe(told.brokenBy);
}

/** What an origin says of itself when it is asked directly for what the gateway asks it for. */
async function bytesFrom(origin: Sandbox, row: Row, fault: string | null): Promise<string> {
  const { method, path, body } = requestOf(row);
  const asked = hides(row) ? chatBody({ ...row.asked, ...SHOWN }) : body;
  const [credential] = origin.credentials;
  const response = await fetch(origin.url + path, {
    method,
    headers: {
      authorization: `Bearer ${credential?.key}`,
      'content-type': 'application/json',
      connection: 'close',
      ...row.headers,
      ...(fault === null ? {} : { 'x-sandbox-fault': fault }),
    },
    ...(method === 'GET' ? {} : { body: asked }),
  });
  return plain(await textOf(response));
}

const isStream = ({ call: other, asked }: Row): boolean =>
  other === undefined && asked?.['stream'] === true;

/** The gateway alone wants the usage event. */
const hides = (row: Row): boolean => isStream(row) && row.asked?.['stream_options'] === undefined;

function expectRecord({ record, response }: Seen, row: Row): void {
  const { told, verdicts = SERVED } = row;
  const isError = 'error' in told;
  const broken = 'brokenBy' in told;
  expect(record).toMatchObject({
    status: response.status,
    outcome: row.outcome ?? (isError ? 'voided' : broken ? 'partial' : 'settled'),
    reason: row.reason ?? (isError ? told.error[1] : broken ? told.brokenBy : 'ok'),
    isStream: response.headers.get('content-type')?.startsWith('text/event-stream') === true,
  });
  expect(verdictsOf(record)).toEqual(verdicts);
  expect(record.attempts.map(({ anomalies }) => anomalies ?? [])).toEqual([
    ...verdicts.slice(1).map(() => []),
    row.anomalies ?? [],
  ]);
}

/** `tollgate explain` says what was odd. */
async function expectExplained({ origins, record }: Seen): Promise<void> {
  const lines = explanationLines(await origins.gateway.space.requests.explain(CLI, record.id));
  const shown = lines.flatMap(
    (line) => /^ {2}(?:Anomalies| {9}) {5}([a-z_]+): /.exec(line)?.[1] ?? [],
  );
  expect(shown).toEqual(record.attempts.at(-1)?.anomalies ?? []);
}

async function expectAttempts(
  { origins, record }: Seen,
  { verdicts = SERVED, ending }: Row,
): Promise<void> {
  const [one, two] = [origins.bad, origins.good].map((origin) => timesAsked(origin, record.id));
  expect([one, two]).toEqual([1, verdicts.length - 1]);
  const finished = await finishedAt(origins.bad, record.id);
  if (ending !== undefined) expect(finished.outcome).toBe(ending);
}

const finishedAt = (origin: Sandbox, id: string): Promise<FinishedEntry> =>
  origin.witness.waitFor(
    (entry: WitnessEntry): entry is FinishedEntry =>
      entry.kind === 'finished' && entry.requestId === id,
    PATIENCE_MS,
  );

/** Recomputed from what the upstream told, or from what its client sent and saw. */
function expectCost(seen: Seen, row: Row): void {
  const { record, text } = seen;
  const { usageSource, isPriced, costNano } = record;
  const charged = [usageSource, isPriced, costNano];
  if (row.charged === 'nothing') expect(charged).toEqual(['none', true, 0n]);
  else if (row.charged === 'without a price') expect(charged).toEqual(['estimated', false, 0n]);
  else if (row.charged === 'by count') {
    const cost = publishedCost(record.model, countOf(text, requestOf(row).body));
    expect(charged).toEqual(['counted', true, cost]);
  } else {
    const isGiven = typeof row.charged === 'bigint';
    const cost = isGiven ? row.charged : publishedCost(record.model, usageToldIn(seen));
    expect(charged).toEqual(['reported', true, cost]);
  }
}

/** By the witness's word; of a stream that was cut, the last that got through. */
function usageToldIn({ origins, record, text }: Seen): object {
  const entries = [...origins.bad.witness.entries, ...origins.good.witness.entries];
  const finished = entries.findLast(
    (entry): entry is FinishedEntry => entry.kind === 'finished' && entry.requestId === record.id,
  );
  const told = finished?.usageDelivered === true ? finished.usage : null;
  const shown = eventsOf(text).findLast(({ usage }) => usage !== null && usage !== undefined);
  const usage = told ?? shown?.usage;
  if (usage === null || usage === undefined) throw new Error('the upstream told no usage');
  return usage;
}

function countOf(text: string, body: string): object {
  const said = eventsOf(text)
    .flatMap(({ choices }) => choices ?? [])
    .map(({ delta, message }) => delta ?? message)
    .map((part) => `${part?.content ?? ''}${part?.refusal ?? ''}`);
  const { messages } = JSON.parse(body) as { messages: { role: string; content: string }[] };
  return {
    prompt_tokens: tokensOfChat(messages),
    completion_tokens: tokensOfText(said.join('')),
  };
}

async function expectHealth({ origins, record }: Seen, { health = [] }: Row): Promise<void> {
  const { gateway } = origins;
  await gateway.app.upkeep.journal.flushed();
  const member = firstOf(origins);
  const changes = (await gateway.events())
    .filter(({ subject }) => subject === member.id || subject === member.origin)
    .map(({ type }) => type)
    // A probe or a balance check may have ended it already.
    .filter((type) => /^(?:credential_health|credential_ban|origin_health)\.(?!active)/.test(type));
  expect(changes).toEqual(health);
  const isEjected = member.originHealth.exclusion(record.model, gateway.clock.now()) !== null;
  expect(isEjected).toBe(health.includes('origin_health.ejected'));
}
