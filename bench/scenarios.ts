/** What is measured: the traffic, and the figures read from it. */
import { percentileMicros, type Sample } from './measure.ts';
import type { Options } from './options.ts';
import type { Traffic } from './rig/rig.ts';
import {
  eventsPerStream,
  jsonRequestBody,
  REPLY_BODY,
  streamBody,
  streamRequestBody,
  type StreamShape,
} from './rig/wire.ts';

export interface Metric {
  readonly name: string;
  /** With the unit, as the table shows it. */
  readonly title: string;
  readonly better: 'more' | 'less';
  readonly digits: number;
  /** Null when the system cannot tell. `direct` is the same round's sample without a gateway. */
  read(sample: Sample, direct: Sample | null): number | null;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly traffic: Traffic;
  readonly metrics: readonly Metric[];
  /** Measured once, before the process was loaded: later its heap has already grown. */
  readonly cold?: boolean;
  /** Whether `direct` is measured too; streams without a gateway have no figure of interest. */
  readonly withDirect?: boolean;
  /** By which `--only` may name it and others at once. */
  readonly group?: string;
}

const perSecond: Metric = {
  name: 'requestsPerSecond',
  title: 'requests/s',
  better: 'more',
  digits: 0,
  read: ({ result }) => result.served / result.seconds,
};

const cpuPerRequest: Metric = {
  name: 'cpuMicrosPerRequest',
  title: 'gateway CPU per request, µs',
  better: 'less',
  digits: 1,
  read: ({ cpuNs, result }) => (cpuNs === null ? null : cpuNs / 1000 / result.served),
};

const added = (share: number): Metric => ({
  name: `addedP${share * 100}Micros`,
  title: `added latency p${share * 100}, µs`,
  better: 'less',
  digits: 0,
  read(sample, direct) {
    if (direct === null || direct === sample) return null;
    const through = percentileMicros(sample.result.histogram, share);
    const without = percentileMicros(direct.result.histogram, share);
    return through === null || without === null ? null : through - without;
  },
});

const latency = (share: number): Metric => ({
  name: `p${share * 100}Micros`,
  title: `latency p${share * 100}, µs`,
  better: 'less',
  digits: 0,
  read: ({ result }) => percentileMicros(result.histogram, share),
});

const streamMetrics = (shape: StreamShape): readonly Metric[] => {
  const events = eventsPerStream(shape);
  return [
    {
      name: 'chunksPerSecond',
      title: 'chunks/s delivered',
      better: 'more',
      digits: 0,
      read: ({ result }) => (result.served * events) / result.seconds,
    },
    {
      name: 'cpuMicrosPerChunk',
      title: 'gateway CPU per chunk, µs',
      better: 'less',
      digits: 1,
      read: ({ cpuNs, result }) =>
        cpuNs === null ? null : cpuNs / 1000 / (result.served * events),
    },
    { ...latency(0.5), name: 'firstByteP50Micros', title: 'first byte p50, µs' },
  ];
};

const json = (
  name: string,
  part: Pick<Traffic, 'connections' | 'seconds' | 'rate'>,
  extraBytes = 0,
): Traffic => ({
  name,
  body: jsonRequestBody(extraBytes),
  expected: REPLY_BODY,
  ...part,
});

/** `streams` that start evenly over `overSeconds`. */
export function streamTraffic(
  name: string,
  shape: StreamShape,
  streams: number,
  overSeconds: number,
): Traffic {
  return {
    name,
    body: streamRequestBody(shape),
    expected: streamBody(shape),
    connections: streams,
    total: streams,
    rate: streams / overSeconds,
    spacing: 'even',
    stamp: 'first',
    seconds: overSeconds + (shape.chunks * shape.paceMs) / 1000,
  };
}

function streaming(name: string, streams: number, shape: StreamShape): Scenario {
  return {
    name,
    title: `${streams} streams, ${1000 / shape.paceMs} chunks/s each`,
    traffic: streamTraffic(name, shape, streams, shape.paceMs / 1000),
    metrics: streamMetrics(shape),
  };
}

function memory(streams: number): Scenario {
  const shape = { chunks: 1, paceMs: 2000 };
  return {
    name: 'memory',
    title: `${streams} open streams that wait`,
    cold: true,
    traffic: streamTraffic('memory', shape, streams, streams / 1250),
    metrics: [
      {
        name: 'kilobytesPerStream',
        title: 'memory per open stream, kB',
        better: 'less',
        digits: 1,
        // Streams that were already over when the last one opened would make the figure too good.
        read: ({ grownBytes, readMs }) =>
          grownBytes === null || readMs === null || readMs > shape.paceMs
            ? null
            : grownBytes / 1024 / streams,
      },
    ],
  };
}

function jsonScenarios(full: boolean): readonly Scenario[] {
  return [
    {
      name: 'saturation',
      title: 'JSON, 64 connections, as fast as it goes',
      traffic: json('saturation', { connections: 64, seconds: full ? 2 : 1.2 }),
      metrics: [perSecond, cpuPerRequest],
      withDirect: full,
    },
    {
      name: 'paced',
      title: 'JSON, 300 requests/s, open loop',
      traffic: json('paced', { connections: 64, seconds: full ? 6 : 1, rate: 300 }),
      metrics: [added(0.5), added(0.99), latency(0.5), latency(0.99), cpuPerRequest],
      withDirect: true,
    },
  ];
}

const large = (name: string, extraBytes: number): Scenario => ({
  name,
  title: `JSON, ${Math.round(extraBytes / 1000)} kB prompt, model last, 16 connections`,
  traffic: json(name, { connections: 16, seconds: 2 }, extraBytes),
  metrics: [perSecond, cpuPerRequest],
});

const grpcScenarios = (full: boolean): readonly Scenario[] =>
  (['ValidateKey', 'ReserveAndSettle'] as const).flatMap((rpc) =>
    [1, 64].map((connections) => {
      const name = `grpc${rpc}${connections}`;
      return {
        name,
        title: `gRPC, ${rpc}, ${connections} at once`,
        group: 'grpc',
        traffic: { name, rpc, connections, seconds: full ? 2 : 1.2, body: '', expected: '' },
        metrics: [perSecond, cpuPerRequest, latency(0.5), latency(0.99)],
      };
    }),
  );

/**
 * The short form must end within a minute with four targets, and has gRPC only where it is named; the full
 * one takes its time.
 */
export function scenarios({ full, only }: Pick<Options, 'full' | 'only'>): readonly Scenario[] {
  const grpc = full || only.includes('grpc') ? grpcScenarios(full) : [];
  const stream = { chunks: full ? 60 : 10, paceMs: 50 };
  const short = [
    memory(full ? 1000 : 500),
    ...jsonScenarios(full),
    streaming('streams', 200, stream),
    ...grpc,
  ];
  if (!full) return short;
  const single: Scenario = {
    name: 'single',
    title: 'JSON, one connection, one at a time',
    traffic: json('single', { connections: 1, seconds: 1.5 }),
    metrics: [added(0.5), added(0.99)],
    withDirect: true,
  };
  return [
    ...short,
    single,
    large('large43k', 43_000),
    large('large325k', 325_000),
    streaming('streams1000', 1000, stream),
  ];
}

const quick: StreamShape = { chunks: 20, paceMs: 5 };

/** One request of each kind: a target that fails the first is left out, the second excuses it from streams. */
export const probe: Traffic = { ...json('probe', { connections: 1, seconds: 5 }), total: 1 };
export const streamProbe: Traffic = {
  ...streamTraffic('probe-stream', quick, 1, 0.01),
  seconds: 5,
};

/** What is compiled on first use must not count as memory of the first streams. */
export const firstWarmUp = streamTraffic('first-warm', quick, 50, 0.1);

/** Compilers and pools get warm before anything else counts: V8 takes some five seconds of load. */
export const warmUp = (full: boolean): Traffic =>
  json('warm', { connections: 64, seconds: full ? 8 : 4 });
export const streamWarmUp = streamTraffic('warm-stream', quick, 200, 0.3);

export const isGrpc = ({ traffic }: Scenario): boolean => traffic.rpc !== undefined;
export const isStreaming = ({ traffic }: Scenario): boolean => traffic.stamp === 'first';
