/** What the benchmark can put load on. One file per target; adding one is that file and its line in index.ts. */
import { type Child, stop } from '../processes.ts';
import type { Rig } from '../rig/rig.ts';

export interface Setting {
  readonly rig: Rig;
  /** Core of the gateway, null when it is not pinned. */
  readonly core: number | null;
  /** A folder of the target's own, deleted at the end. */
  readonly folder: string;
  /** A folder whose node_modules may hold peers that are no dependency of this project. */
  readonly peers: string | null;
}

export interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
}

export interface RunningTarget {
  readonly name: string;
  readonly version: string;
  readonly port: number;
  /** null when there is no process between the clients and the mock. */
  readonly pid: number | null;
  /** No compiler at run time that must get warm first. */
  readonly precompiled?: true;
  /** Header lines the clients add, authorization first. */
  readonly headers: readonly string[];
  /** Where it serves gRPC, and what its clients show there. */
  readonly grpc?: { readonly port: number; readonly env: Readonly<Record<string, string>> };
  /** False for a target that cannot stream; it is measured on JSON alone. */
  streams: boolean;
  /** Requests that were answered, and how many the mock saw meanwhile. */
  served: number;
  upstream: number;
  /** Calls that clients made elsewhere and settled here. */
  settled: number;
  failed: number;
  wrong: number;
  firstFailure: string;
  /** Ends the process; a target that keeps books also proves them. */
  finish(): Promise<readonly Check[]>;
}

export interface Target {
  readonly name: string;
  /** Whether there is something to measure in the scenarios of gRPC. */
  readonly hasGrpc?: true;
  /** Starts it, or says in one line why it is not here. */
  start(setting: Setting): Promise<RunningTarget | string>;
}

export const CLIENT_AUTHORIZATION = 'authorization: Bearer sk-bench-client';

type Started = Pick<
  RunningTarget,
  'name' | 'version' | 'port' | 'headers' | 'precompiled' | 'grpc'
>;

/** A running target with its counters at zero; `finish` stops the process. */
export function runningTarget(started: Started, child: Child | null): RunningTarget {
  return {
    ...started,
    pid: child?.pid ?? null,
    streams: true,
    served: 0,
    upstream: 0,
    settled: 0,
    failed: 0,
    wrong: 0,
    firstFailure: '',
    async finish() {
      if (child) await stop(child, 3000);
      return [];
    },
  };
}
