import { expect, test } from '@jest/globals';
import type { Event } from '../../../src/entities/event.ts';
import { Ring } from '../../../src/events/ring.ts';

const row = (seq: number) => ({ seq }) as Event;

test('it knows every row after its floor, and never more than twice its size', () => {
  const ring = new Ring(100, 7);
  expect([ring.floor, ring.newest]).toEqual([7, 7]);
  // With gaps, as other stores leave them.
  const all = Array.from({ length: 5000 }, (_, index) => 8 + index * 3);
  for (const [index, seq] of all.entries()) {
    ring.push(row(seq));
    expect(ring.newest).toBe(seq);
    const known = all.slice(0, index + 1).filter((one) => one > ring.floor);
    expect(known.length).toBeGreaterThanOrEqual(Math.min(index + 1, 100));
    expect(known.length).toBeLessThan(200);
    if (index % 97 === 0) {
      const after = known[Math.floor(known.length / 2)] ?? 0;
      expect(ring.next(after)?.seq).toBe(all.find((one) => one > after && one <= seq));
      expect(ring.next(ring.floor)?.seq).toBe(known[0]);
    }
  }
  expect(ring.next(ring.newest)).toBeUndefined();
});
