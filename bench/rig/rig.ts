/** Builds and starts the mock upstream, and runs the load generator against a target. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, launch } from '../processes.ts';
import type { Cores } from '../measure.ts';
import type { RunningTarget } from '../targets/target.ts';
import * as wire from './wire.ts';

export type RigKind = 'c' | 'node';

/** What the clients do during one measurement. */
export interface Traffic {
  readonly name: string;
  readonly body: string;
  readonly expected: string;
  readonly connections: number;
  readonly seconds: number;
  /** Requests per second; 0 is a closed loop. */
  readonly rate?: number;
  readonly spacing?: 'poisson' | 'even';
  readonly total?: number;
  readonly stamp?: 'first' | 'last';
  /** Asked over gRPC instead: what `grpc-load-node.ts` calls so. */
  readonly rpc?: 'ValidateKey' | 'ReserveAndSettle';
}

/** Nanoseconds and how often, in rising order. */
export type Histogram = readonly (readonly [number, number])[];

export interface LoadResult {
  readonly started: number;
  readonly served: number;
  readonly failed: number;
  readonly wrong: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly firstFailure: string;
  readonly histogram: Histogram;
}

export interface Witness {
  readonly requests: number;
  readonly streams: number;
  readonly leaked: number;
  readonly refused: number;
}

export interface Rig {
  readonly kind: RigKind;
  readonly mock: Child;
  readonly mockPort: number;
  /** `whenReady` runs once all of `total` streams have shown their first byte. */
  load(
    target: RunningTarget,
    traffic: Traffic,
    whenReady?: () => Promise<void>,
  ): Promise<LoadResult>;
  witness(): Promise<Witness>;
}

type Program = (name: 'mock' | 'load') => readonly [string, ...string[]];

const here = import.meta.dirname;
const nodeProgram: Program = (name) => [process.execPath, join(here, `${name}-node.ts`)];

/** Compiles both C programs into `folder`; undefined when there is no compiler or it fails. */
function buildC(folder: string): Program | undefined {
  if (process.platform !== 'linux') return undefined;
  for (const name of ['mock', 'load']) {
    const words = ['-O2', '-o', join(folder, name), join(here, `${name}.c`), '-lm'];
    const built = spawnSync('cc', words, { encoding: 'utf8' });
    if (built.status !== 0) return undefined;
  }
  return (name) => [join(folder, name)];
}

export async function startRig(folder: string, cores: Cores, wish: RigKind | 'auto'): Promise<Rig> {
  const built = wish === 'node' ? undefined : buildC(folder);
  if (wish === 'c' && !built) throw new Error('--rig=c needs Linux and a C compiler named cc');
  const program = built ?? nodeProgram;
  const texts = {
    reply: wire.REPLY,
    stream: wire.STREAM_HEAD,
    chunk: wire.STREAM_CHUNK,
    tail: wire.STREAM_TAIL,
  };
  const files = Object.entries(texts).map(([name, text]) => `${name}=${write(folder, name, text)}`);
  const [command, ...words] = program('mock');
  const mock = launch(command, [...words, ...files], { core: cores.mock });
  const [, port] = await mock.printed(/listening (\d+)/, 5000);
  const mockPort = Number(port);

  async function load(
    target: RunningTarget,
    traffic: Traffic,
    whenReady?: () => Promise<void>,
  ): Promise<LoadResult> {
    const before = await witness();
    const child = start(target, traffic);
    if (whenReady) {
      await child.printed(/^ready$/m, 15_000);
      await whenReady();
    }
    const code = await child.ended;
    const line = child.output().trim().split('\n').at(-1) ?? '';
    if (code !== 0) throw new Error(`load on ${target.name}: ${child.errors().slice(-400)}`);
    const result = JSON.parse(line) as LoadResult;
    target.upstream += (await witness()).requests - before.requests;
    if (traffic.rpc === undefined) target.served += result.served;
    else if (traffic.rpc === 'ReserveAndSettle') target.settled += result.served;
    target.failed += result.failed;
    target.wrong += result.wrong;
    target.firstFailure ||= result.firstFailure;
    return result;
  }

  function start(target: RunningTarget, traffic: Traffic): Child {
    if (traffic.rpc !== undefined) return startRpcs(target, traffic);
    const bytes = wire.requestBytes(traffic.body, target.port, target.headers);
    const name = `${target.name}-${traffic.name}`;
    const [loader, ...first] = program('load');
    const settings = {
      port: target.port,
      request: write(folder, `${name}.http`, bytes),
      expect: write(folder, `${traffic.name}.expect`, traffic.expected),
      connections: traffic.connections,
      seconds: traffic.seconds,
      rate: traffic.rate ?? 0,
      spacing: traffic.spacing ?? 'poisson',
      total: traffic.total ?? 0,
      stamp: traffic.stamp ?? 'last',
    };
    const list = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
    return launch(loader, [...first, ...list], { core: cores.load });
  }

  function startRpcs({ grpc }: RunningTarget, { rpc, connections, seconds }: Traffic): Child {
    if (grpc === undefined) throw new Error('it has no gRPC');
    const settings = { rpc, connections, seconds, port: grpc.port };
    const list = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
    const script = join(here, 'grpc-load-node.ts');
    return launch(process.execPath, [script, ...list], { core: cores.load, env: grpc.env });
  }

  async function witness(): Promise<Witness> {
    const reply = await fetch(`http://127.0.0.1:${mockPort}/`);
    return (await reply.json()) as Witness;
  }

  return { kind: built ? 'c' : 'node', mock, mockPort, load, witness };
}

function write(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
