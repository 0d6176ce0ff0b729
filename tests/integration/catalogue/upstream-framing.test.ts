import { expect, test } from '@jest/globals';
import { until } from '../proxy/fixture.ts';
import { expectTraces, prove, sentThen, startsAnew } from './fixture.ts';
import type { Row } from './fixture.ts';
import { arrivalsAt, ask, startScene } from './scene.ts';
import type { Scene } from './scene.ts';

/** On either endpoint; the connection is not used again. */
const lost = (name: string, fault: string): Row[] =>
  sentThen('lost').map((story) => ({
    ...story,
    name: `${name}: ${story.name}`,
    fault,
    after: startsAnew,
  }));

const served = (name: string, fault: string): Row => ({
  name: `${name}: served`,
  fault,
  told: 'served',
  verdicts: ['served'],
});

const statusLine = (line: string): string => `bad-status-line;line=${encodeURIComponent(line)}`;
const headerLine = (line: string): string => `raw-header;line=${encodeURIComponent(line)}`;

test.each<Row>([
  ...lost('U38: a 101 that nobody asked for', 'switch-protocols'),
  ...lost('U39: a 100 that nobody asked for', 'informational;code=100;count=1'),
  served('U39: a hint before the answer', 'informational;code=103;count=1'),
  served('U39: 32 hints before the answer', 'informational;code=103;count=32'),
  ...lost('U39: 33 hints', 'informational;code=103;count=33'),
  ...lost('U39: 1000 hints', 'informational;code=103;count=1000'),
  ...lost('U40: status 099', statusLine('HTTP/1.1 099 X')),
  ...lost('U40: status 200OK', statusLine('HTTP/1.1 200OK')),
  ...lost('U40: status 2OO', statusLine('HTTP/1.1 2OO OK')),
  {
    name: 'U40: status 999: an answer, though an odd one: the next credential serves',
    fault: statusLine('HTTP/1.1 999 X'),
    told: 'served',
    verdicts: ['odd_status', 'served'],
    ejected: 'model',
    after: startsAnew,
  },
  ...lost('U43: a header of 20 KB', 'huge-header'),
  ...lost('U43: headers of 16 KB in all', 'huge-header;bytes=1;count=3000'),
  // Bounded by their size; what is not on the list goes no further.
  served('U43: 500 headers', 'huge-header;bytes=1;count=500'),
  ...lost('U44: two lengths', 'duplicate-content-length'),
  ...lost('U44: a length beside chunks', 'length-and-chunked'),
  ...lost('U44: a chunk whose size is no number', 'bad-chunk'),
  ...lost('U44: lines that end in LF alone', 'bare-lf'),
  ...lost('U44: a NUL in a header', headerLine('x: a\0b')),
  ...lost('U45: a body shorter than its length', 'wrong-length;by=10'),
  served('U47: a body that ends with its connection', 'close-delimited'),
  ...lost('U47: the same, cut: no JSON, no answer', 'close-delimited-cut;n=20'),
  ...lost('U48: a body without a head', 'no-head'),
])('$name', prove);

const FIRST_BYTE_MS = 60_000;

/** The head has begun and does not end in its time. */
async function firstByteTimePasses({ gateway, bad }: Scene): Promise<void> {
  await until(() => arrivalsAt(bad).length === 1);
  gateway.clock.advance(FIRST_BYTE_MS);
}

test.each<Row>(
  ['endless-head', 'drip-head'].flatMap((fault) =>
    sentThen('first_byte_timeout').map((story) => ({
      ...story,
      name: `U42: ${fault}: ${story.name}`,
      fault,
      meanwhile: firstByteTimePasses,
      after: startsAnew,
    })),
  ),
)('$name', prove);

test('U46: a body longer than its length: so much of it is served, and no more', async () => {
  await using scene = await startScene();
  const whole = await (await ask(scene)).text();
  scene.bad.faults.set('cred-1', 'wrong-length;by=-10');
  const response = await ask(scene);
  // Ids and times differ from call to call, though not in length.
  expect((await response.text()).length).toBe(whole.length - 10);
  await expectTraces(scene, response, { told: 'served', verdicts: ['served'], isEstimated: true });
  await startsAnew(scene);
});
