import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { seededRandom } from '../../../src/lib/random.ts';
import { ASKED, Client, Work, aDesk } from './idempotent-parts.ts';

describe('a call that comes while the first is under way', () => {
  test('joins: fifty at once run the work once and all get the same', async () => {
    const { work, ask } = aDesk();
    const asked = Array.from({ length: 50 }, () => ask());
    work.head();
    work.write('x');
    work.end('y');
    work.resolve();
    expect(await Promise.all(asked.map(({ outcome }) => outcome))).toEqual(
      Array.from({ length: 50 }, () => 'ok'),
    );
    expect(work.runs).toBe(1);
    for (const { client } of asked) expect(client.told).toEqual(['head 200', 'x', 'end y']);
  });

  test('gets what was written so far at once, then the rest in order', async () => {
    const { work, ask } = aDesk();
    const first = ask();
    const early = ask();
    expect(early.client.told).toEqual([]);
    work.head();
    work.write('a');
    work.write('b');
    const late = ask();
    expect(late.client.told).toEqual(['head 200', 'ab']);
    work.write('c');
    const later = ask();
    work.write('d');
    work.end();
    work.resolve();
    await Promise.all([first, early, late, later].map(({ outcome }) => outcome));
    expect(first.client.told).toEqual(['head 200', 'a', 'b', 'c', 'd', 'end']);
    expect(early.client.told).toEqual(first.client.told);
    expect(late.client.told).toEqual(['head 200', 'ab', 'c', 'd', 'end']);
    expect(later.client.told).toEqual(['head 200', 'ab', 'c', 'd', 'end']);
    expect(late.client.headers).toEqual(first.client.headers);
  });

  test('joins also between the end of the answer and the end of the work', async () => {
    const { work, ask } = aDesk();
    ask();
    work.head();
    work.end('whole');
    const { client, outcome } = ask();
    work.resolve();
    expect(await outcome).toBe('ok');
    expect(client.told).toEqual(['head 200', 'whole', 'end']);
    expect(work.runs).toBe(1);
  });

  test('is refused if it asks for something else', async () => {
    const { work, ask } = aDesk();
    const first = ask();
    await expect(ask({ ...ASKED, fingerprint: 'f2' }).over).rejects.toMatchObject({
      code: 'conflict',
      param: 'idempotency-key',
    });
    work.answer('fine');
    expect(await first.outcome).toBe('ok');
  });

  test('under another scope is another call', async () => {
    const { work, ask } = aDesk();
    ask();
    ask({ ...ASKED, scope: 'key-2 a' });
    expect(work.runs).toBe(2);
  });

  test('is refused once the answer is too long to share, which those who joined before still get', async () => {
    const { work, ask, isStored } = aDesk();
    const first = ask();
    const early = ask();
    work.head();
    work.write('x'.repeat(100));
    const late = ask();
    work.write('y');
    const tooLate = ask();
    expect(await tooLate.outcome).toBe('conflict');
    expect(tooLate.client.told).toEqual([]);
    work.end('z');
    work.resolve();
    for (const { client, outcome } of [first, early, late]) {
      expect(await outcome).toBe('ok');
      expect(client.body).toBe(`${'x'.repeat(100)}yz`);
    }
    expect(await isStored()).toBe(false);
  });

  test('sees the connection closed with the first one, and the next tries anew', async () => {
    const { work, ask } = aDesk();
    const first = ask();
    const joined = ask();
    work.head();
    work.write('a');
    work.call.sink.destroy();
    const anew = ask();
    expect(work.runs).toBe(2);
    expect(first.client.told).toEqual(['head 200', 'a', 'destroy']);
    expect(joined.client.told).toEqual(first.client.told);
    work.answer('whole');
    expect(await anew.outcome).toBe('ok');
    expect(anew.client.told).toEqual(['head 200', 'end whole']);
  });
});

describe('leaving', () => {
  test('of the first call leaves the others their answer', async () => {
    const { work, ask, isStored } = aDesk();
    const first = ask();
    const joined = ask();
    work.head();
    work.write('a');
    first.client.leave();
    expect(await first.outcome).toBe('client_closed_request');
    expect(work.call.signal.aborted).toBe(false);
    work.write('b');
    work.end();
    work.resolve();
    expect(await joined.outcome).toBe('ok');
    expect(first.client.told).toEqual(['head 200', 'a']);
    expect(joined.client.told).toEqual(['head 200', 'a', 'b', 'end']);
    expect(await isStored()).toBe(true);
  });

  test('of a joined call leaves the first its answer', async () => {
    const { work, ask } = aDesk();
    const first = ask();
    const joined = ask();
    joined.client.leave();
    expect(await joined.outcome).toBe('client_closed_request');
    work.answer('a');
    expect(await first.outcome).toBe('ok');
    expect([first.client.body, joined.client.told]).toEqual(['a', []]);
  });

  test('of all aborts the work once, and the last waits until it has wound up', async () => {
    const { work, ask } = aDesk();
    const [first, second, last] = [ask(), ask(), ask()];
    let isOver = false;
    void last.outcome.then(() => (isOver = true));
    second.client.leave();
    first.client.leave();
    expect(work.aborts).toEqual([]);
    last.client.leave();
    expect(work.aborts).toEqual(['client_gone']);
    await Promise.all([first.outcome, second.outcome]);
    expect(isOver).toBe(false);
    work.reject(new GatewayError('client_closed_request', 'gone'));
    expect(await last.outcome).toBe('client_closed_request');
    expect(work.aborts).toHaveLength(1);
  });

  test('of all makes the next call start anew, whatever becomes of the old work', async () => {
    const { calls, work, ask } = aDesk();
    const old = new Work();
    const gone = new Client();
    const over = calls.run(gone.call, ASKED, old.run);
    gone.leave();
    const anew = ask();
    expect(work.runs).toBe(1);
    old.answer('old');
    await over;
    const joined = ask();
    expect(work.runs).toBe(1);
    work.answer('new');
    expect(await Promise.all([anew.outcome, joined.outcome])).toEqual(['ok', 'ok']);
    const replayed = ask();
    expect(await replayed.outcome).toBe('ok');
    for (const { client } of [anew, joined, replayed]) expect(client.body).toBe('new');
  });

  test('of all does not let what was overtaken take the place of the newer answer', async () => {
    const { calls, work, ask } = aDesk();
    const old = new Work();
    const gone = new Client();
    const over = calls.run(gone.call, ASKED, old.run);
    gone.leave();
    const anew = ask();
    work.answer('new');
    expect(await anew.outcome).toBe('ok');
    old.answer('old');
    await over;
    const replayed = ask();
    expect(await replayed.outcome).toBe('ok');
    expect(replayed.client.body).toBe('new');
  });

  test('of all while the answer comes whole none the less leaves it stored for a retry', async () => {
    const { work, ask, isStored } = aDesk();
    const { client, outcome } = ask();
    client.leave();
    work.answer('paid for');
    expect(await outcome).toBe('ok');
    expect(await isStored()).toBe(true);
  });

  test('after the end aborts nothing, and the answer is stored', async () => {
    const { work, ask, isStored } = aDesk();
    const { client, outcome } = ask();
    work.head();
    work.end('whole');
    client.leave();
    work.resolve();
    expect(await outcome).toBe('ok');
    expect(work.aborts).toEqual([]);
    expect(await isStored()).toBe(true);
  });
});

describe('the end of its time', () => {
  test('set by the work aborts it for all', async () => {
    const { work, ask } = aDesk();
    const asked = [ask(), ask()];
    work.call.abort('deadline');
    expect(work.aborts).toEqual(['deadline']);
    work.reject(new GatewayError('upstream_timeout', 'late'));
    for (const { outcome } of asked) expect(await outcome).toBe('upstream_timeout');
  });

  test('also when the first call has left', () => {
    const { work, ask } = aDesk();
    const first = ask();
    ask();
    first.client.leave();
    work.call.abort('deadline');
    expect(work.aborts).toEqual(['deadline']);
  });

  test('of the first call aborts the work for all', () => {
    const { work, ask } = aDesk();
    const first = ask();
    ask();
    first.client.call.abort('deadline');
    expect(work.aborts).toEqual(['deadline']);
  });

  test('of a joined call is its own', async () => {
    const { work, ask } = aDesk();
    const first = ask();
    const joined = ask();
    joined.client.call.abort('deadline');
    expect(await joined.outcome).toBe('stream_timeout');
    expect(work.aborts).toEqual([]);
    work.answer('a');
    expect(await first.outcome).toBe('ok');
  });

  test.each([
    ['draining', 'first'],
    ['draining', 'joined'],
    // They have one key.
    ['key_revoked', 'first'],
    ['key_revoked', 'joined'],
  ] as const)('by %s of the %s call is that of all', async (reason, name) => {
    const { work, ask } = aDesk();
    const asked = { first: ask(), joined: ask() };
    work.head();
    asked[name].client.leave(reason);
    expect(work.aborts).toEqual([reason]);
    work.end('the server stops');
    work.resolve(false);
    for (const { client, outcome } of Object.values(asked)) {
      expect(await outcome).toBe('ok');
      expect(client.told).toEqual(['head 200', 'end the server stops']);
    }
  });
});

describe('slow readers', () => {
  test('alone, the first call sets the pace', () => {
    const { work, ask } = aDesk();
    const { client } = ask();
    work.head();
    client.isFull = true;
    expect(work.write('a')).toBe(false);
    let drained = 0;
    work.call.sink.onDrain(() => (drained += 1));
    expect(work.write('b')).toBe(false);
    client.drain();
    expect(drained).toBe(1);
    expect(work.write('c')).toBe(true);
    expect(client.body).toBe('abc');
  });

  test('one that joined stops nobody, and is cut off when it lags too far behind', async () => {
    const { work, ask } = aDesk();
    const first = ask();
    const slow = ask();
    const other = ask();
    work.head();
    slow.client.isFull = true;
    for (let piece = 0; piece < 5; piece += 1) expect(work.write('x'.repeat(20))).toBe(true);
    expect(slow.client.told).not.toContain('destroy');
    expect(work.write('y')).toBe(true);
    expect(slow.client.told.at(-1)).toBe('destroy');
    expect(await slow.outcome).toBe('client_closed_request');
    work.write('z');
    work.end();
    work.resolve();
    for (const { client, outcome } of [first, other]) {
      expect(await outcome).toBe('ok');
      expect(client.body).toBe(`${'x'.repeat(100)}yz`);
    }
    expect(slow.client.body).toBe(`${'x'.repeat(100)}y`);
  });

  test('one that catches up is not cut off', () => {
    const { work, ask } = aDesk();
    ask();
    const slow = ask();
    work.head();
    for (let round = 0; round < 5; round += 1) {
      slow.client.isFull = true;
      work.write('x'.repeat(90));
      slow.client.drain();
    }
    expect(slow.client.told).not.toContain('destroy');
    expect(slow.client.body).toHaveLength(450);
  });

  test('one that stays full is waited for once, not anew with every piece', () => {
    const { work, ask } = aDesk();
    const { client } = ask();
    work.head();
    client.isFull = true;
    for (let piece = 0; piece < 20; piece += 1) work.write('x');
    expect(client.waiting).toBe(1);
  });

  test('what was given again on joining is not held against it', () => {
    const { work, ask } = aDesk();
    ask();
    work.head();
    work.write('x'.repeat(100));
    const slow = new Client();
    slow.isFull = true;
    ask(ASKED, slow);
    work.write('y'.repeat(100));
    expect(slow.told).not.toContain('destroy');
    work.write('z');
    expect(slow.told.at(-1)).toBe('destroy');
    // Its connection closes now; that says nothing of the one that stayed.
    slow.leave();
    expect(work.aborts).toEqual([]);
  });

  test('a first call that stalls stops a faster one only when it is as far behind as may be', () => {
    const { work, ask } = aDesk();
    const first = ask();
    const joined = ask();
    work.head();
    first.client.isFull = true;
    expect(work.write('x'.repeat(100))).toBe(true);
    expect(work.write('y')).toBe(false);
    expect([first.client.told.at(-1), joined.client.told.at(-1)]).toEqual(['y', 'y']);
    let drained = 0;
    work.call.sink.onDrain(() => (drained += 1));
    joined.client.isFull = true;
    work.write('z');
    joined.client.drain();
    expect(drained).toBe(0);
    first.client.drain();
    expect(drained).toBe(1);
  });

  test('one that is left alone is waited for, however far behind it is', () => {
    const { work, ask } = aDesk();
    const first = ask();
    const slow = ask();
    work.head();
    slow.client.isFull = true;
    work.write('x'.repeat(100));
    first.client.leave();
    expect(work.write('y')).toBe(false);
    expect(slow.client.told.at(-1)).toBe('y');
    slow.client.drain();
    expect(work.write('z')).toBe(true);
    expect(work.aborts).toEqual([]);
  });

  test('a stalled answer goes on when a call that reads joins', () => {
    const { work, ask } = aDesk();
    const first = ask();
    work.head();
    first.client.isFull = true;
    expect(work.write('a')).toBe(false);
    let drained = 0;
    work.call.sink.onDrain(() => (drained += 1));
    const joined = ask();
    expect(drained).toBe(1);
    expect(work.write('b')).toBe(true);
    expect(joined.client.body).toBe('ab');
  });

  test('a stalled answer goes on when the first call leaves', () => {
    const { work, ask } = aDesk();
    const first = ask();
    const joined = ask();
    work.head();
    first.client.isFull = true;
    work.write('x'.repeat(101));
    let drained = 0;
    work.call.sink.onDrain(() => (drained += 1));
    first.client.leave();
    expect(drained).toBe(1);
    joined.client.isFull = true;
    expect(work.write('b')).toBe(false);
    work.call.sink.onDrain(() => (drained += 1));
    joined.client.drain();
    expect(drained).toBe(2);
  });
});

test('whoever joins, lags and leaves in whatever order, each that stays gets every byte once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = seededRandom(seed);
      const upTo = (max: number) => Math.floor(random() * (max + 1));
      const { work, ask } = aDesk({ answerBytesMax: 120 });
      const first = ask();
      const staying = [first];
      let whole = '';
      work.head();
      for (let step = 0; step < 60; step += 1) {
        const one = staying[upTo(staying.length - 1)] ?? first;
        const act = upTo(9);
        if (act < 5) {
          const piece = `${step},`.repeat(upTo(3));
          whole += piece;
          work.write(piece);
        } else if (act < 7 && whole.length <= 120) staying.push(ask());
        else if (act === 7) one.client.isFull = true;
        else if (act === 8) one.client.drain();
        else if (staying.length > 1) {
          staying.splice(staying.indexOf(one), 1);
          one.client.leave();
        }
      }
      work.end();
      work.resolve();
      for (const { client, outcome } of staying) {
        const isCut = client.told.at(-1) === 'destroy';
        expect(await outcome).toBe(isCut ? 'client_closed_request' : 'ok');
        if (isCut) expect(whole.startsWith(client.body)).toBe(true);
        else expect([client.body, client.told.at(-1)]).toEqual([whole, 'end']);
      }
      expect(work.runs).toBe(1);
    }),
    { numRuns: 300 },
  );
});
