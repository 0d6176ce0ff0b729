import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../app.ts';
import { poolSchema } from '../../config/pool-schema.ts';
import { loadConfig } from '../../config/load.ts';
import { systemClock } from '../../lib/clock.ts';
import { createLogger } from '../../lib/logger.ts';
import { systemRandom } from '../../lib/random.ts';
import { startSandbox } from '../../sandbox/index.ts';
import { CLI } from '../../services/actor.ts';
import { openWorkspace } from '../../workspace.ts';
import type { Workspace } from '../../workspace.ts';
import type { Variables } from './request.ts';

/** Between the events of a stream, so that a person sees it stream. */
const PACE_MS = 30;

const FLEET = [
  { name: 'alpha', key: 'vck_demo_alpha_not_a_real_key', balanceNano: 2_000_000_000n },
  { name: 'beta', key: 'vck_demo_beta_not_a_real_key', balanceNano: 1_000_000_000n },
];

/** A gateway of its own with an upstream of its own, on a data directory that is thrown away. */
export interface Stage extends AsyncDisposable {
  space: Workspace;
  dataDir: string;
  /** `TOLLGATE`, `SANDBOX`, `KEY`, `ADMIN`. */
  variables: Variables;
}

/** `alpha` serves as long as it can; `beta` stands by. */
export async function openStage(): Promise<Stage> {
  await using opened = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'tollgate-demo-'));
  opened.defer(() => rm(dataDir, { recursive: true, force: true }));
  const sandbox = await startSandbox({ credentials: FLEET, chunkPaceMs: PACE_MS });
  opened.defer(() => sandbox.close());
  // What the person has configured is theirs: the tour uses nothing of it.
  const file = join(dataDir, 'tollgate.yaml');
  await writeFile(file, '');
  const environment = {
    TOLLGATE_DATA_DIR: dataDir,
    TOLLGATE_CONFIG: file,
    PORT: '0',
    GRPC_PORT: 'off',
  };
  const config = loadConfig({ environment });
  const space = await openWorkspace(config, systemClock, createLogger({ level: 'silent' }));
  opened.defer(() => space.close());
  const app = await createApp(space, [poolOf(sandbox.url)], {
    random: systemRandom,
    onFatal: broken,
  });
  opened.defer(() => app.close(0));
  const url = await app.listen();
  const { key } = await space.keys.create(CLI, { name: 'tour' });
  const admin = space.secrets.admin.reveal();
  const kept = opened.move();
  return {
    space,
    dataDir,
    variables: { TOLLGATE: url, SANDBOX: sandbox.url, KEY: key, ADMIN: admin },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const poolOf = (sandboxUrl: string) =>
  poolSchema.parse({
    name: 'demo',
    strategy: 'priority',
    credentials: FLEET.map(({ name, key }, index) => ({
      name,
      provider: 'sandbox',
      api_key: key,
      base_url: `${sandboxUrl}/v1`,
      priority: index + 1,
    })),
  });

function broken(reason: string): never {
  throw new Error(reason);
}
