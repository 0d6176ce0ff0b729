import { expect, test } from '@jest/globals';
import { expectStory, heldNow, prove } from './fixture.ts';
import type { Row, Story } from './fixture.ts';
import { MODEL, ask, startScene } from './scene.ts';

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;

const text = encodeURIComponent;
const httpDate = (date: Date): string => text(date.toUTCString());

const nowMs = Date.now();
/** Such dates have whole seconds. */
const SOON = new Date(Math.ceil(nowMs / 1000) * 1000 + 600_000);
const LONG_AGO = new Date(nowMs - HOUR_MS);

/** The next credential serves, and this one is left alone for the model. */
const limited = (name: string, fault: string, until: Date | number): Row => ({
  name,
  fault,
  told: 'served',
  verdicts: ['rate_limited', 'served'],
  held: [['cooling', MODEL, until]],
});

/** Says that requests are used up, and when they come back. */
const usedUp = (reset: string): string =>
  [
    'status;code=429',
    'header;name=x-ratelimit-remaining-requests;value=0',
    `header;name=x-ratelimit-reset-requests;value=${text(reset)}`,
  ].join('|');

test.each<Row>([
  limited('U22: Retry-After: 7', 'status;code=429;retry-after=7', 7 * SECOND_MS),
  limited(
    'U23: Retry-After as an HTTP date',
    `status;code=429;retry-after=${httpDate(SOON)}`,
    SOON,
  ),
  limited(
    'U23: Retry-After as a date in the past: the least there is',
    `status;code=429;retry-after=${httpDate(LONG_AGO)}`,
    100,
  ),
  limited(
    'U23: Retry-After in the year 9999: an hour',
    `status;code=429;retry-after=${text('Fri, 31 Dec 9999 23:59:59 GMT')}`,
    HOUR_MS,
  ),
  limited('U24: retry-after-ms', 'status;code=429;retry-after-ms=2500', 2500),
  limited(
    'U24: retry-after-ms before Retry-After',
    'status;code=429;retry-after-ms=2500;retry-after=60',
    2500,
  ),
  limited('U25: x-ratelimit-reset: 6m0s', usedUp('6m0s'), 360 * SECOND_MS),
  limited('U25: x-ratelimit-reset in RFC 3339', usedUp(SOON.toISOString()), SOON),
  limited(
    'U25: x-ratelimit-reset of what is not used up is ignored',
    'status;code=429|header;name=x-ratelimit-reset-requests;value=6m0s',
    SECOND_MS,
  ),
  limited('U26: no word of how long', 'status;code=429|without-header', SECOND_MS),
  ...['-5', 'NaN', '1e30', '1'.repeat(31), '5, 7', 'soon'].map((value) =>
    limited(
      `U27: Retry-After: ${value} is ignored`,
      `status;code=429;retry-after=${text(value)}`,
      SECOND_MS,
    ),
  ),
  limited(
    'U27: Retry-After twice is ignored',
    'status;code=429;retry-after=5|header;name=retry-after;value=900;place=beside',
    SECOND_MS,
  ),
])('$name', prove);

test('U26: one 429 after the other without a word: 1, 2, 4 … seconds, and no more than 60', async () => {
  await using scene = await startScene();
  const fault = 'status;code=429|without-header';
  scene.bad.faults.set('cred-1', fault);
  let toldMs = Number.NEGATIVE_INFINITY;
  for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
    const row = limited('', fault, seconds * SECOND_MS);
    // At most one event in ten seconds tells of it.
    const isTold = scene.gateway.clock.now() - toldMs >= 10 * SECOND_MS;
    if (isTold) toldMs = scene.gateway.clock.now();
    await expectStory(scene, await ask(scene), isTold ? row : { ...row, events: [] });
    scene.gateway.clock.advance(seconds * SECOND_MS);
  }
  scene.bad.faults.clear();
  await expectStory(scene, await ask(scene), { told: 'served', verdicts: ['served'] });
});

test('U29: every credential is limited: 429 with the earliest Retry-After', async () => {
  await using scene = await startScene();
  scene.bad.faults.set('cred-1', 'status;code=429;retry-after=700');
  scene.good.faults.set('cred-2', 'status;code=429;retry-after=300');
  const told: Story['told'] = [429, 'upstream_rate_limited'];
  await expectStory(scene, await ask(scene), {
    told,
    retryAfter: '300',
    verdicts: ['rate_limited', 'rate_limited'],
    held: [['cooling', MODEL, 700 * SECOND_MS]],
    events: ['credential_health.cooling', 'credential_health.cooling'],
  });
  const held = heldNow(scene);
  const again = await ask(scene);
  expect(again.headers.get('x-should-retry')).toBe('true');
  // Some real seconds may have passed.
  const retryAfter = again.headers.get('retry-after') ?? '';
  expect(Number(retryAfter)).toBeGreaterThan(200);
  expect(Number(retryAfter)).toBeLessThanOrEqual(300);
  await expectStory(scene, again, { told, retryAfter, verdicts: [], held, events: [] });
  // Who is free first serves then.
  scene.good.faults.clear();
  scene.gateway.clock.advance(300 * SECOND_MS);
  await expectStory(scene, await ask(scene), {
    told: 'served',
    verdicts: ['served'],
    held,
    events: [],
  });
});
