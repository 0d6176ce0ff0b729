import { createApp } from './app.ts';
import { printBanner } from './cli/banner.ts';
import { poolOf } from './config/load.ts';
import type { Config } from './config/load.ts';
import { systemClock } from './lib/clock.ts';
import { createLogger } from './lib/logger.ts';
import { systemRandom } from './lib/random.ts';
import { DEFAULT_FLEET, startSandbox } from './sandbox/index.ts';
import type { Sandbox } from './sandbox/index.ts';
import { openWorkspace } from './workspace.ts';

/** A pause between the events of a sandbox stream, so that a person sees it stream. */
const SANDBOX_PACE_MS = 30;

/** Starts the gateway and runs it until it is told to stop; the exit code is 0 if it stopped whole. */
export async function serveUntilStopped(config: Config): Promise<void> {
  const logger = createLogger({ level: config.logLevel });
  const space = await openWorkspace(config, systemClock, logger);
  let sandbox: Sandbox | undefined;
  let pools = config.pools;
  if (pools.length === 0) {
    sandbox = await startSandbox({ credentials: DEFAULT_FLEET, chunkPaceMs: SANDBOX_PACE_MS });
    pools = sandboxPool(sandbox.url);
  }
  const stopped = Promise.withResolvers<string>();
  const onFatal = (reason: string) => stopped.resolve(reason);
  const app = await createApp(space, pools, { random: systemRandom, onFatal });
  const url = await app.listen();
  const isFirstStart = (await space.keys.list()).length === 0;
  const first = isFirstStart ? await space.keys.create('system', { name: 'default' }) : null;
  printBanner({
    config,
    url,
    key: first?.key ?? null,
    sandboxUrl: sandbox?.url ?? null,
    secrets: space.secrets,
  });

  const fatal = await Promise.race([stopped.promise, untilSignal()]);
  if (fatal !== null) logger.fatal({ reason: fatal }, 'stopping: the store cannot be trusted');
  await Promise.race([app.close(), untilSignal()]);
  await sandbox?.close();
  await space.close();
  process.exitCode = fatal === null ? 0 : 1;
}

/** The first of the stop signals; a second one during the drain ends the wait. */
function untilSignal(): Promise<null> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(null));
  });
}

const sandboxPool = (url: string) =>
  poolOf(
    'balance_weighted',
    DEFAULT_FLEET.map(({ name, key }) => ({
      name,
      provider: 'sandbox',
      api_key: key,
      base_url: `${url}/v1`,
    })),
  );
