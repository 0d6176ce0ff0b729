import { until } from '../support/patience.ts';
import { call, nothingSeen } from './script.ts';
import type { Seen } from './script.ts';
import { databaseFiles, startTraced } from './strace.ts';
import type { TracedServer } from './strace.ts';
import { query } from './world.ts';
import type { World } from './world.ts';

/** A server under strace whose one client makes one call after the other. */
export interface Served extends TracedServer {
  url: string;
  seen: Seen;
  /** Resolves with the status of the answer; null when the server is gone. */
  call(): Promise<number | null>;
  /** Calls until one is refused or its settlement cannot be written; tells which of the two. */
  callsUntilTrouble(): Promise<'refused' | 'not settled'>;
  isReady(): Promise<boolean>;
}

/** Of which file which calls fail, in the words of strace. */
export interface Fault {
  file: 'main' | 'log' | 'index';
  inject: string;
}

const CALLS_MAX = 40;

export async function serve(
  world: World,
  dataDir: string,
  { file, inject }: Fault,
): Promise<Served> {
  const path = databaseFiles(dataDir)[file];
  const server = await startTraced(dataDir, {
    strace: ['-e', 'trace=pwrite64,fsync,fdatasync', '-P', path, '-e', `inject=${inject}`],
    env: { LOG_LEVEL: 'info', DRAIN_SECONDS: '2' },
  });
  const { url } = server;
  if (url === null) throw new Error(`did not start: ${server.stderr()}`);
  const seen = nothingSeen();
  const target = { url, key: world.key, seen };
  const recorded = () => query(dataDir, 'select id from usage_records').length;
  const isReady = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  return {
    ...server,
    url,
    seen,
    isReady,
    call: () => call(target),
    async callsUntilTrouble() {
      for (let nth = 0; nth < CALLS_MAX; nth += 1) {
        const before = recorded();
        if ((await call(target)) !== 200) return 'refused';
        let isTrouble = false;
        await until(async () => {
          isTrouble = !(await isReady());
          return isTrouble || recorded() > before;
        });
        if (isTrouble) return 'not settled';
      }
      throw new Error(`${CALLS_MAX} calls, and no trouble: ${server.stderr()}`);
    },
  };
}
