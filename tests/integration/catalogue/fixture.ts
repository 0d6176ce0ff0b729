import { expect } from '@jest/globals';
import type { UsageRecord } from '../../../src/entities/usage-record.ts';
import type { Block } from '../../../src/pool/block.ts';
import type { Sandbox, WitnessEntry } from '../../../src/sandbox/index.ts';
import { isFinished, verdictsOf } from '../proxy/fixture.ts';
import { PATHS, arrivalsAt, ask, memberOf, startScene } from './scene.ts';
import type { Kind, Scene, SceneOptions } from './scene.ts';

// The fault catalogue (trust §7) as a table: what an upstream does, and what follows from it for the
// client, on the wire, in the ledger, and for the credential and its origin.

interface HandedBack {
  handedBack: number;
  /** It may be gone soon: the SDKs are to try again. */
  isPassing?: boolean;
}

/** What one call comes to. */
export interface Story {
  /** What the client gets: an answer, an error of ours, or the upstream's own. */
  told: 'served' | [status: number, code: string] | HandedBack;
  /** Seconds, of an error of ours. */
  retryAfter?: string;
  /** One for each attempt. */
  verdicts: string[];
  /** Attempts that no origin saw. */
  unseen?: number;
  /** Its usage was not to be read. */
  isEstimated?: boolean;
  /** What sets the first credential aside, until when or for how long from its answer on. */
  held?: [state: Block['state'], model: string | null, until: Date | number][];
  /** The first origin is left alone, for the model or for all. */
  ejected?: 'model' | 'whole';
  /** Changes of health on record, if not just those of `ejected` and `held`. */
  events?: string[];
}

/** One way in which the first origin misbehaves. */
export interface Case extends Story {
  /** Of the first origin. */
  fault?: string | ((scene: Scene) => string);
  times?: number;
  from?: number;
  /** Both origins fail so. */
  isEverywhere?: boolean;
  kind?: Kind;
  scene?: SceneOptions;
  /** With the fault in force. */
  before?(scene: Scene): Promise<void> | void;
  /** While the call is under way. */
  meanwhile?(scene: Scene): Promise<void> | void;
  /** Resolves when what the answer has set off is over. */
  settled?(scene: Scene): Promise<unknown>;
  after?(scene: Scene, response: Response): Promise<void> | void;
}

/** Its name begins with its number in the catalogue. */
export interface Row extends Case {
  name: string;
}

/** Sent, then lost: a chat is not sent again, a list of files is (ADR 8). */
export const sentThen = (verdict: 'lost' | 'first_byte_timeout'): Row[] => [
  {
    name: 'a chat ends',
    kind: 'chat',
    told: verdict === 'lost' ? [502, 'upstream_error'] : [504, 'upstream_timeout'],
    verdicts: [verdict],
    ejected: 'model',
  },
  {
    name: 'a list of files is asked for elsewhere',
    kind: 'files',
    told: 'served',
    verdicts: [verdict, 'served'],
    ejected: 'model',
  },
];

/** Makes the fault stand, calls once, and looks at everything that follows. */
export async function prove(row: Case): Promise<void> {
  const { fault, times, from, isEverywhere = false, kind = 'chat' } = row;
  await using scene = await startScene(row.scene);
  const text = typeof fault === 'function' ? fault(scene) : fault;
  const limits = { path: PATHS[kind], times, from };
  if (text !== undefined) scene.bad.faults.set('cred-1', text, limits);
  if (text !== undefined && isEverywhere) scene.good.faults.set('cred-2', text, limits);
  await row.before?.(scene);
  const answered = ask(scene, kind);
  await row.meanwhile?.(scene);
  const response = await answered;
  await row.settled?.(scene);
  await expectStory(scene, response, row);
  await row.after?.(scene, response);
}

/** Everything that an answered call left behind. */
export async function expectStory(scene: Scene, response: Response, story: Story): Promise<void> {
  await expectTold(response, story);
  await expectTraces(scene, response, story);
}

/** The same but for the client. */
export async function expectTraces(scene: Scene, response: Response, story: Story): Promise<void> {
  const id = response.headers.get('x-request-id');
  const record = (await scene.gateway.records()).find((one) => one.id === id);
  if (record === undefined) throw new Error('every answer has a record');
  expect(verdictsOf(record)).toEqual(story.verdicts);
  expectAttempts(scene, record, story);
  expectBooked(scene, record, story);
  await expectHealth(scene, record, story);
}

/** What the sandbox says of its faults, which is nobody's business. */
const UPSTREAM_TEXT = /asked to fail|is unwell/;

async function expectTold(response: Response, { told, retryAfter }: Story): Promise<void> {
  const text = await response.text();
  const body = JSON.parse(text) as { object?: string };
  if (told === 'served') {
    expect(response.status).toBe(200);
    expect(['chat.completion', 'list']).toContain(body.object);
    return;
  }
  const [status, code] = Array.isArray(told) ? told : [told.handedBack, expect.any(String)];
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/json');
  const error = { message: expect.any(String), type: expect.any(String), param: null, code };
  expect(body).toEqual({ error });
  expect(response.headers.get('retry-after')).toBe(retryAfter ?? null);
  if (Array.isArray(told)) {
    expect(text).not.toMatch(UPSTREAM_TEXT);
  } else {
    const { isPassing = false } = told;
    expect(response.headers.get('x-should-retry')).toBe(String(isPassing));
  }
}

function expectAttempts(scene: Scene, { id, attempts }: UsageRecord, story: Story): void {
  const seenBy = (origin: Sandbox, nth: 1 | 2) => {
    const arrivals = arrivalsAt(origin).filter(({ requestId }) => requestId === id);
    for (const { credential } of arrivals) expect(credential).toBe(`cred-${nth}`);
    return arrivals.length;
  };
  const triedWith = (nth: 1 | 2) =>
    attempts.filter(({ credential }) => credential === memberOf(scene, nth).id).length;
  expect([seenBy(scene.bad, 1), seenBy(scene.good, 2)]).toEqual([
    triedWith(1) - (story.unseen ?? 0),
    triedWith(2),
  ]);
}

/** Charged is what the credential that served was charged: attempts that failed are not the client's to pay. */
function expectBooked({ bad, good }: Scene, record: UsageRecord, story: Story): void {
  const { status, outcome, reason, costNano } = record;
  if (story.told === 'served') {
    const isServed = (entry: WitnessEntry) =>
      isFinished(entry) && entry.requestId === record.id && entry.status === 200;
    const served = [...bad.witness.entries, ...good.witness.entries].findLast(isServed);
    if (served === undefined || !isFinished(served)) throw new Error('the sandbox has served');
    const isEstimated = story.isEstimated === true;
    expect([status, outcome, reason]).toEqual([200, 'settled', 'ok']);
    expect(record.usageSource === 'estimated').toBe(isEstimated);
    if (isEstimated) expect(costNano).toBeGreaterThan(0n);
    else expect(String(costNano)).toBe(served.costNano);
    return;
  }
  const [told, code] = Array.isArray(story.told)
    ? story.told
    : [story.told.handedBack, `upstream_${story.told.handedBack}`];
  expect([status, outcome, reason, costNano]).toEqual([told, 'voided', code, 0n]);
}

/** A date is told in whole seconds. */
const DATE_SLACK_MS = 1000;

/** What holds the first credential now, to be found again as it is. */
export const heldNow = (scene: Scene): NonNullable<Story['held']> =>
  memberOf(scene, 1)
    .health.blocks(scene.gateway.clock.now())
    .map(({ state, model, untilMs }) => [
      state,
      model,
      Number.isFinite(untilMs) ? new Date(untilMs) : untilMs,
    ]);

async function expectHealth(scene: Scene, record: UsageRecord, story: Story): Promise<void> {
  const { held = [], ejected } = story;
  const { journal, prober } = scene.gateway.app.upkeep;
  await prober.idle();
  await journal.flushed();
  const { health, originHealth } = memberOf(scene, 1);
  const checkedMs = scene.gateway.clock.now();
  const answeredMs = record.startedAtMs + (record.attempts[0]?.ms ?? 0);
  const blocks = health.blocks(answeredMs);
  expect(blocks.map(({ state, model }) => [state, model])).toEqual(
    held.map(([state, model]) => [state, model]),
  );
  for (const [at, { untilMs }] of blocks.entries()) {
    const until = held[at]?.[2] ?? 0;
    if (until instanceof Date) {
      expect(Math.abs(untilMs - until.getTime())).toBeLessThan(DATE_SLACK_MS);
    } else if (untilMs !== until) {
      // It begins with the answer, which came between these two.
      expect(untilMs - until).toBeGreaterThanOrEqual(answeredMs - 1);
      expect(untilMs - until).toBeLessThanOrEqual(checkedMs);
    }
  }
  const isOut = (model: string) => originHealth.exclusion(model, answeredMs) !== null;
  const isEjected = [isOut(record.model), isOut('another-model')];
  expect(isEjected).toEqual([ejected !== undefined, ejected === 'whole']);
  const caused = [
    ...(ejected === undefined ? [] : ['origin_health.ejected']),
    ...held.map(([state]) => `credential_health.${state}`),
  ];
  expect(await changesOf(scene)).toEqual(story.events ?? caused);
}

/** Events of credentials' and origins' health since they were last looked at. */
async function changesOf(scene: Scene): Promise<string[]> {
  const events = (await scene.gateway.events()).filter(({ seq }) => seq > scene.seenSeq);
  scene.seenSeq = events.at(-1)?.seq ?? scene.seenSeq;
  return events
    .map(({ type }) => type)
    .filter((type) => /^(?:credential_health|credential_ban|origin_health)\./.test(type));
}

/** An ejection or a block of its model is over by then, and so is the trouble. */
const RECOVERED_MS = 60_000;

/** Whatever broke, the next call gets its own answer from the first origin, on a new connection. */
export async function startsAnew({ gateway, bad }: Scene): Promise<void> {
  const before = arrivalsAt(bad);
  bad.faults.clear();
  gateway.clock.advance(RECOVERED_MS);
  const response = await gateway.chat();
  expect([response.status, await response.json()]).toEqual([
    200,
    expect.objectContaining({ object: 'chat.completion' }),
  ]);
  const [arrival, ...others] = arrivalsAt(bad).slice(before.length);
  expect(others).toEqual([]);
  expect(arrival?.requestId).toBe(response.headers.get('x-request-id'));
  expect(before.map(({ connection }) => connection)).not.toContain(arrival?.connection);
  expect(arrival?.ordinal).toBe(1);
}
