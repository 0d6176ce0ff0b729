import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Config } from '../config/load.ts';
import { isServed } from '../database.ts';
import { lockFile } from '../lib/sqlite.ts';
import { sandbox } from '../providers/sandbox.ts';
import { startSandbox } from '../sandbox/index.ts';
import { ProvingGrounds } from '../services/proving-grounds.ts';
import type { Workspace } from '../workspace.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags, whole } from './flags.ts';
import type { FlagReader } from './flags.ts';
import { print } from './print.ts';
import { proofCall } from './prove-call.ts';
import { StoredEvidence, witnessedCalls } from './prove-evidence.ts';
import { interruptible } from './interruptible.ts';
import { proofLines } from './prove-lines.ts';
import { judge } from './prove-verdict.ts';
import type { Evidence } from './prove-verdict.ts';
import { CLI } from '../services/actor.ts';

const CONCURRENCY = 500;
const CONCURRENCY_MAX = 10_000;
const CAP_CALLS = 7;
const LOCK_MS = 500;
/** Far more than any attack could spend: the budget alone must end it. */
const BALANCE_NANO = 10n ** 15n;

const httpUrl: FlagReader<string> = (value) => {
  const url = URL.parse(value);
  const isFine = url !== null && /^https?:$/.test(url.protocol);
  return isFine ? url.origin : { mistake: 'must be such as http://127.0.0.1:8000' };
};

export const proveBudgets = onDataDir(
  command(
    'budgets',
    'Attack the running server with a capped key against the sandbox. Exits with 1 unless the cap held.',
  ),
)
  .option('--concurrency <number>', `calls at once, every second one a stream (${CONCURRENCY})`)
  .option('--cap-calls <number>', `how many of them the budget pays for (${CAP_CALLS})`)
  .option('--url <url>', 'where the server listens (HOST and PORT)')
  .action(async (_options, self) => {
    const flags = new Flags(self);
    const concurrency = flags.read('concurrency', whole(2, CONCURRENCY_MAX)) ?? CONCURRENCY;
    const capCalls = flags.read('cap-calls', whole(1, CONCURRENCY_MAX)) ?? CAP_CALLS;
    const given = flags.read('url', httpUrl);
    flags.require(
      capCalls < concurrency,
      '--cap-calls: must be less than --concurrency, or nothing would be refused',
    );
    const config = configOf(flags);
    const { inFlightMax } = config;
    flags.require(
      concurrency <= inFlightMax,
      `--concurrency: must not be more than the server takes at once: MAX_IN_FLIGHT is ${inFlightMax}`,
    );
    const url = given ?? urlOf(config);
    flags.require(
      url !== null,
      '--url: is missing: PORT is 0, so only the server knows where it listens',
    );
    flags.check();
    const plan = { url: url ?? '', concurrency, capCalls };
    const proof = await interruptible(
      (interrupt) => withWorkspace(config, (space) => attack(space, plan, interrupt)),
      'Interrupted. What was made for the proof is removed again.',
    );
    if (proof === null) return;
    const verdict = judge(proof);
    for (const line of proofLines(proof, verdict)) print(line);
    if (!verdict.isProved) process.exitCode = 1;
  });

/** Null when the port is the system's choice. */
function urlOf({ host, port }: Config): string | null {
  const anywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  const reachable = anywhere[host] ?? host;
  const shown = reachable.includes(':') ? `[${reachable}]` : reachable;
  return port === 0 ? null : `http://${shown}:${port}`;
}

interface Plan {
  url: string;
  concurrency: number;
  capCalls: number;
}

/** Makes key, budget and upstream, attacks, and removes them again, however it ends. */
async function attack(space: Workspace, plan: Plan, interrupt: AbortSignal): Promise<Evidence> {
  const { config, clock, parts } = space;
  const call = proofCall(config, clock.now());
  if (!isServed(config.dataDir)) {
    const where = resolve(config.dataDir);
    throw new Error(`no server serves the data directory ${where}: run \`tollgate serve\` first`);
  }
  await using opened = new AsyncDisposableStack();
  const { ProofClient } = await import('./prove-client.ts');
  const client = new ProofClient(plan.url, clock, interrupt);
  opened.defer(() => client.close());
  await client.requireServer();
  const lock = lockFile(join(config.dataDir, 'prove.lock'), LOCK_MS);
  if (lock === null) throw new Error('another proof is being made on this data directory');
  opened.defer(() => lock.release());
  const account = { name: 'sandbox', key: `vck_prove_${randomBytes(16).toString('hex')}` };
  const fleet = await startSandbox({ credentials: [{ ...account, balanceNano: BALANCE_NANO }] });
  opened.defer(() => fleet.close());
  const grounds = new ProvingGrounds(parts, space);
  // With the lock, what is there is left from a proof that was killed.
  await grounds.clear(CLI);
  opened.defer(() => grounds.clear(CLI));
  const capNano = call.costNano * BigInt(plan.capCalls);
  const { key, virtualKey, budget } = await grounds.make(CLI, {
    credential: {
      provider: sandbox.id,
      api_key: account.key,
      base_url: `${fleet.url}/v1`,
      models: [call.model],
    },
    capNano,
  });
  await client.untilKnown(key);
  await client.requireUpstream(key, fleet.url);
  print(
    `Attacking ${plan.url} as ${virtualKey.name}: ${plan.concurrency} calls at once, with money for ${plan.capCalls}.`,
  );
  print();
  const stored = new StoredEvidence(space, virtualKey, budget);
  const attacked = client.attack(key, call, plan.concurrency);
  const mostNano = await stored.mostTaken(attacked);
  const answers = await attacked;
  const records = await stored.records(witnessedCalls(fleet.witness).length, interrupt);
  const { settledNano, recordedNano, heldNano } = await space.budgets.explain(CLI, budget.id);
  return {
    capNano,
    expected: plan.capCalls,
    price: call.price,
    answers,
    witnessed: witnessedCalls(fleet.witness),
    records,
    budget: { settledNano, recordedNano, heldNano, mostNano },
  };
}
