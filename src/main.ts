import { createApp } from './app.ts';
import { printBanner } from './banner.ts';
import { poolOf } from './config/load.ts';
import type { Config } from './config/load.ts';
import { assertSound } from './database.ts';
import { systemClock } from './lib/clock.ts';
import { createLogger } from './lib/logger.ts';
import { systemRandom } from './lib/random.ts';
import { DEFAULT_FLEET, startSandbox } from './sandbox/index.ts';
import { openWorkspace } from './workspace.ts';
import { SYSTEM } from './services/actor.ts';

/** A pause between the events of a sandbox stream, so that a person sees it stream. */
const SANDBOX_PACE_MS = 30;

/** Starts the gateway and runs it until it is told to stop; the exit code is 0 if it stopped whole. */
export async function serveUntilStopped(config: Config): Promise<void> {
  assertSound(config.dataDir);
  const logger = createLogger({ level: config.logLevel });
  // Closed in reverse order, also when a later step of the start fails.
  await using opened = new AsyncDisposableStack();
  const space = await openWorkspace(config, systemClock, logger);
  opened.defer(() => space.close());
  let { pools } = config;
  let sandboxUrl: string | null = null;
  if (pools.length === 0) {
    const sandbox = await startSandbox({
      credentials: DEFAULT_FLEET,
      chunkPaceMs: SANDBOX_PACE_MS,
    });
    opened.defer(() => sandbox.close());
    sandboxUrl = sandbox.url;
    pools = sandboxPool(sandbox.url);
  }
  const failed = Promise.withResolvers<void>();
  const signalled = untilSignal();
  const onFatal = (reason: string) => {
    logger.fatal({ reason }, 'stopping: the store cannot be trusted');
    // Also when it happens on the way down.
    process.exitCode = 1;
    failed.resolve();
  };
  const app = await createApp(space, pools, { random: systemRandom, onFatal });
  opened.defer(() => app.close());
  const url = await app.listen();
  const isFirstStart = (await space.keys.list(SYSTEM)).length === 0;
  const first = isFirstStart ? await space.keys.create(SYSTEM, { name: 'default' }) : null;
  printBanner({
    config,
    url,
    grpc: app.grpcAddress,
    key: first?.key ?? null,
    sandboxUrl,
    secrets: space.secrets,
  });

  await Promise.race([failed.promise, signalled]);
  // A second signal ends the wait for calls under way; they are still settled.
  void untilSignal().then(() => app.abortCalls());
}

/** The first of the stop signals. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

const sandboxPool = (url: string) =>
  poolOf(
    'vercel-lb',
    DEFAULT_FLEET.map(({ name, key }) => ({
      name,
      provider: 'sandbox',
      api_key: key,
      base_url: `${url}/v1`,
    })),
  );
