import { expect, test } from '@jest/globals';
import { systemClock } from '../../../src/lib/clock.ts';
import { WitnessLog, type NewEntry } from '../../../src/sandbox/witness.ts';

const entry: NewEntry = {
  kind: 'received',
  callId: 1,
  credential: 'first',
  requestId: null,
  method: 'GET',
  path: '/v1/models',
  model: null,
  isStream: false,
  requestBytes: 0,
  connection: 1,
  ordinal: 1,
};

test('numbers entries from 1 and gives those after a number', () => {
  const log = new WitnessLog(systemClock);
  for (let count = 0; count < 3; count += 1) log.append(entry);
  expect(log.entries.map((each) => each.seq)).toEqual([1, 2, 3]);
  expect(log.after(2).map((each) => each.seq)).toEqual([3]);
  expect(log.after(99)).toEqual([]);
});

test('keeps counting when it lets go of the oldest', () => {
  const log = new WitnessLog(systemClock);
  for (let count = 0; count < 500_001; count += 1) log.append(entry);
  expect(log.dropped).toBeGreaterThan(0);
  expect(log.entries[0]?.seq).toBe(log.dropped + 1);
  expect(log.entries.at(-1)?.seq).toBe(500_001);
  expect(log.after(500_000).map((each) => each.seq)).toEqual([500_001]);
});

test('waitFor finds what is past and what is to come', async () => {
  const log = new WitnessLog(systemClock);
  const coming = log.waitFor((each) => each.callId === 2, 1000);
  log.append(entry);
  log.append({ ...entry, callId: 2 });
  expect((await coming).seq).toBe(2);
  expect((await log.waitFor((each) => each.callId === 1, 1000)).seq).toBe(1);
});

test('waitFor gives up', async () => {
  const log = new WitnessLog(systemClock);
  await expect(log.waitFor(() => true, 1)).rejects.toThrow('No such witness entry within 1 ms');
});
