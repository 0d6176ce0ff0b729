import { expect, test } from '@jest/globals';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { StoredAnswers } from '../../../src/proxy/stored-answers.ts';
import { ASKED, Client, LIMITS, StillClock, Work, aDesk } from './idempotent-parts.ts';

/** A call of its own scope, from its start to its end. */
async function serve({ ask, work }: ReturnType<typeof aDesk>, name: string, text = 'a') {
  const { outcome } = ask({ ...ASKED, scope: name });
  work.answer(text);
  expect(await outcome).toBe('ok');
}

test('answers are forgotten when they are too old', async () => {
  const desk = aDesk();
  await serve(desk, ASKED.scope);
  desk.clock.advance(LIMITS.keepMs - 500);
  expect(await desk.isStored()).toBe(true);
  desk.clock.advance(500);
  expect(await desk.isStored()).toBe(false);
  expect(desk.calls.bytes).toBe(0);
});

test('a forgotten key may be used for something else', async () => {
  const desk = aDesk();
  await serve(desk, ASKED.scope);
  desk.clock.advance(LIMITS.keepMs);
  const { outcome } = desk.ask({ ...ASKED, fingerprint: 'f2' });
  desk.work.answer('b');
  expect(await outcome).toBe('ok');
  expect(desk.work.runs).toBe(2);
});

test('of too many answers the oldest are forgotten', async () => {
  const desk = aDesk({ entriesMax: 3 });
  for (const name of ['a', 'b', 'c', 'd']) await serve(desk, name);
  const kept = [];
  for (const name of ['b', 'c', 'd', 'a']) kept.push(await desk.isStored(name));
  expect(kept).toEqual([true, true, true, false]);
});

test('of too many bytes the oldest are forgotten, names and headers counted', async () => {
  const desk = aDesk({ bytesMax: 300 });
  for (let call = 0; call < 20; call += 1) {
    await serve(desk, `scope-${call}`, 'x'.repeat(90));
    expect(desk.calls.bytes).toBeLessThanOrEqual(300);
    expect(desk.calls.bytes).toBeGreaterThan(90);
  }
  expect(await desk.isStored('scope-19')).toBe(true);
  expect(await desk.isStored('scope-17')).toBe(false);
});

test('answers under way count too: stored ones yield to them, and beyond the bound none is recorded', async () => {
  const desk = aDesk({ bytesMax: 300 });
  await serve(desk, 'stored', 'x'.repeat(90));
  const works = ['a', 'b', 'c', 'd'].map((name) => {
    const work = new Work();
    const over = desk.calls.run(new Client().call, { ...ASKED, scope: name }, work.run);
    work.head();
    work.write('y'.repeat(90));
    return { name, work, over };
  });
  expect(desk.calls.bytes).toBe(270);
  expect(await desk.isStored('stored')).toBe(false);
  expect(await desk.ask({ ...ASKED, scope: 'd' }).outcome).toBe('conflict');
  for (const { work, over } of works) {
    work.end();
    work.resolve();
    await over;
  }
  expect(await desk.isStored('d')).toBe(false);
  expect(desk.calls.bytes).toBeLessThanOrEqual(300);
});

test.each<[string, (work: Work) => void]>([
  ['failed', (work) => work.reject(new GatewayError('upstream_error', 'x'))],
  ['was cut', (work) => work.resolve(false)],
  [
    'grew too long',
    (work) => {
      work.write('x'.repeat(100));
      work.write('y');
      work.end();
      work.resolve();
    },
  ],
])('nothing is left of an answer that %s', async (_name, finish) => {
  const { calls, work, ask } = aDesk();
  const { outcome } = ask();
  work.head();
  work.write('x');
  expect(calls.bytes).toBe(1);
  finish(work);
  await outcome;
  expect(calls.bytes).toBe(0);
});

test('an answer that has no room is not stored', async () => {
  for (const limits of [{ bytesMax: 0 }, { entriesMax: 0 }]) {
    const desk = aDesk(limits);
    await serve(desk, ASKED.scope);
    expect(await desk.isStored()).toBe(false);
    expect(desk.calls.bytes).toBe(0);
  }
});

test('an answer in place of another counts once', () => {
  const stored = new StoredAnswers({ ...LIMITS, clock: new StillClock() });
  for (const length of [50, 30]) {
    stored.store('s', { fingerprint: 'f', status: 200, headers: {}, body: Buffer.alloc(length) });
  }
  expect(stored.bytes).toBe('s'.length + 'f'.length + 30);
});

test('an answer that has grown too long holds nothing, even when small pieces follow', () => {
  const { calls, work, ask } = aDesk();
  void ask();
  work.head();
  work.write('x'.repeat(101));
  work.write('y');
  expect(calls.bytes).toBe(0);
});
