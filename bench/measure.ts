/** What the kernel says of a process, and one measurement of one target. */
import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { canPin, pause, resume } from './processes.ts';
import type { Histogram, LoadResult, Rig, Traffic } from './rig/rig.ts';
import type { RunningTarget } from './targets/target.ts';

/** Which core each part runs on; null leaves it to the scheduler. */
export interface Cores {
  readonly gateway: number | null;
  readonly mock: number | null;
  readonly load: number | null;
}

export function chooseCores(oneCore: boolean): Cores {
  const count = availableParallelism();
  if (!canPin()) return { gateway: null, mock: null, load: null };
  if (oneCore || count === 1) return { gateway: count - 1, mock: count - 1, load: count - 1 };
  return count < 4 ? { gateway: 1, mock: 0, load: 0 } : { gateway: 1, mock: 2, load: 3 };
}

/** CPU time of all threads of a process in nanoseconds, or null where /proc does not tell. */
export function cpuNs(pid: number | null): number | null {
  if (pid === null) return null;
  try {
    let sum = 0;
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ', 1)[0]);
    }
    return sum;
  } catch {
    return null;
  }
}

export function residentBytes(pid: number | null): number | null {
  if (pid === null) return null;
  try {
    const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found ? Number(found[1]) * 1024 : null;
  } catch {
    return null;
  }
}

/** Share of a busy loop of `milliseconds` that the machine gave to others, in percent (gaps above 0.2 ms). */
export function lostPercent(milliseconds: number): number {
  const start = performance.now();
  let last = start;
  let lost = 0;
  while (last - start < milliseconds) {
    const now = performance.now();
    if (now - last > 0.2) lost += now - last;
    last = now;
  }
  return (lost / (last - start)) * 100;
}

/** The value below which `share` of the histogram lies, in microseconds; null for an empty one. */
export function percentileMicros(histogram: Histogram, share: number): number | null {
  const total = histogram.reduce((sum, [, count]) => sum + count, 0);
  let rank = Math.max(1, Math.ceil(total * share));
  for (const [nanoseconds, count] of histogram) {
    rank -= count;
    if (rank <= 0) return nanoseconds / 1000;
  }
  return null;
}

export interface Sample {
  readonly result: LoadResult;
  /** CPU of the gateway over the whole measurement, null for `direct` and off Linux. */
  readonly cpuNs: number | null;
  /** How busy the mock and the load generator were, 0 to 1, on the core that limits them. */
  readonly rigBusy: number | null;
  /** Growth of the gateway's memory from before the load to the moment all streams were open. */
  readonly grownBytes: number | null;
  /** When that was read, counted from the start of the load. */
  readonly readMs: number | null;
}

/** Late work, such as batched writes of usage, belongs to the requests that caused it. */
const GRACE_MS = 60;
const WAKE_MS = 30;
const OPEN_MS = 200;

const difference = (after: number | null, before: number | null): number | null =>
  after === null || before === null ? null : after - before;

/** Wakes the target, loads it, and puts it to sleep again. */
export async function measure(
  rig: Rig,
  cores: Cores,
  target: RunningTarget,
  traffic: Traffic,
): Promise<Sample> {
  if (target.pid !== null) resume(target.pid);
  await sleep(WAKE_MS);
  const before = {
    gateway: cpuNs(target.pid),
    mock: cpuNs(rig.mock.pid),
    bytes: residentBytes(target.pid),
  };
  let grownBytes: number | null = null;
  let readMs: number | null = null;
  const startedMs = performance.now();
  const whenReady = async (): Promise<void> => {
    await sleep(OPEN_MS);
    grownBytes = difference(residentBytes(target.pid), before.bytes);
    readMs = performance.now() - startedMs;
  };
  const result = await rig.load(target, traffic, traffic.stamp === 'first' ? whenReady : undefined);
  await sleep(GRACE_MS);
  const spent = difference(cpuNs(target.pid), before.gateway);
  const mockNs = difference(cpuNs(rig.mock.pid), before.mock);
  if (target.pid !== null) pause(target.pid);
  return { result, cpuNs: spent, rigBusy: busyShare(cores, result, mockNs), grownBytes, readMs };
}

function busyShare(cores: Cores, result: LoadResult, mockNs: number | null): number | null {
  if (mockNs === null || result.seconds === 0) return null;
  const mock = mockNs / 1e9 / result.seconds;
  const load = result.cpuSeconds / result.seconds;
  return cores.mock !== null && cores.mock === cores.load ? mock + load : Math.max(mock, load);
}
