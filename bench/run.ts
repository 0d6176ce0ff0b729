/**
 * `npm run bench`: how fast Tollgate is, said in ratios to other gateways measured in the same minute.
 * Start the rig and the targets, probe and warm them, measure in interleaved rounds, check the books, report.
 */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkBooks, PRODUCT } from './books.ts';
import { chooseCores, type Cores } from './measure.ts';
import { HELP, type Options, readOptions } from './options.ts';
import { clearAtEnd, deleteAtEnd } from './processes.ts';
import { spread } from './ratios.ts';
import { type Outcome, table, writeJson } from './report.ts';
import { type Rig, startRig } from './rig/rig.ts';
import { progress, Rounds } from './rounds.ts';
import {
  firstWarmUp,
  isGrpc,
  probe,
  type Scenario,
  scenarios,
  streamProbe,
  streamWarmUp,
  warmUp,
} from './scenarios.ts';
import { targets as allTargets } from './targets/index.ts';
import type { Check, RunningTarget } from './targets/target.ts';

const NOISY_PERCENT = 10;
const COLD_ROUND = 0;

interface Bench {
  readonly options: Options;
  readonly folder: string;
  readonly cores: Cores;
  readonly rig: Rig;
  readonly wanted: readonly Scenario[];
  /** One line each: who is absent, who was left out and why. */
  readonly notes: string[];
  readonly checks: Check[];
}

/** `--only` names targets, scenarios or both; a kind of which none is named stays complete. */
function chosen<T extends { name: string; group?: string }>(
  all: readonly T[],
  only: readonly string[],
): readonly T[] {
  const isNamed = ({ name, group = name }: T): boolean =>
    only.includes(name) || only.includes(group);
  if (!all.some(isNamed)) return all;
  return all.filter((one) => isNamed(one) || one.name === 'direct');
}

async function startTargets(bench: Bench): Promise<RunningTarget[]> {
  const started: RunningTarget[] = [];
  for (const target of chosen(allTargets, bench.options.only)) {
    if (!target.hasGrpc && bench.wanted.every(isGrpc)) continue;
    const folder = join(bench.folder, target.name);
    mkdirSync(folder);
    const setting = {
      rig: bench.rig,
      core: bench.cores.gateway,
      folder,
      peers: bench.options.peers,
    };
    try {
      const outcome = await target.start(setting);
      if (typeof outcome === 'string') bench.notes.push(outcome);
      else started.push(outcome);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (target.name === PRODUCT)
        bench.checks.push({ name: `${PRODUCT} starts`, passed: false, detail: reason });
      else bench.notes.push(`${target.name} did not start: ${reason}`);
    }
  }
  return started;
}

/** Keeps the targets that answer a request with the right bytes, and notes which of them cannot stream. */
async function tryOut(
  bench: Bench,
  rounds: Rounds,
  started: readonly RunningTarget[],
): Promise<RunningTarget[]> {
  const able: RunningTarget[] = [];
  for (const target of started) {
    const complaint = await rounds.serve(target, probe);
    const streamComplaint = await rounds.serve(target, streamProbe);
    if (complaint === null) able.push(target);
    else bench.notes.push(`${target.name} left out: ${complaint}`);
    if (streamComplaint !== null)
      bench.notes.push(`${target.name} cannot stream: ${streamComplaint}`);
    target.streams = streamComplaint === null;
  }
  return able;
}

async function warm(
  bench: Bench,
  rounds: Rounds,
  targets: readonly RunningTarget[],
): Promise<void> {
  for (const target of targets) {
    if (target.precompiled) continue;
    await rounds.serve(target, warmUp(bench.options.full));
    if (target.streams) await rounds.serve(target, streamWarmUp);
    if (target.grpc === undefined) continue;
    for (const { traffic } of bench.wanted.filter(isGrpc)) await rounds.serve(target, traffic);
  }
}

const onCore = (core: number | null): string => (core === null ? 'anywhere' : `on core ${core}`);

function describeSetup(bench: Bench, rounds: Rounds): Outcome['setup'] {
  const noise = spread(rounds.lostPercents);
  if (noise && noise.highest > NOISY_PERCENT) {
    const share = noise.highest.toFixed(0);
    bench.notes.push(
      `a noisy machine: up to ${share} % of the time went to others, trust ratios only`,
    );
  }
  const { cores, rig, options } = bench;
  return {
    rounds: options.rounds,
    rig: rig.kind === 'c' ? 'in C' : 'on Node',
    gateway: onCore(cores.gateway),
    mock: onCore(cores.mock),
    load: onCore(cores.load),
    cpu: `${availableParallelism()} x ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    noise: `${(noise?.median ?? 0).toFixed(1)} %`,
  };
}

function describeVersions(targets: readonly RunningTarget[]): Outcome['versions'] {
  const gateways = targets.filter(({ pid }) => pid !== null);
  return {
    Node: process.version,
    ...Object.fromEntries(gateways.map(({ name, version }) => [name, version])),
  };
}

/** Returns whether every check passed. */
async function main(options: Options): Promise<boolean> {
  const startedAt = new Date();
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  deleteAtEnd(folder);
  const cores = chooseCores(options.oneCore);
  const rig = await startRig(folder, cores, options.rig);
  const wanted = chosen(scenarios(options), options.only);
  const bench: Bench = { options, folder, cores, rig, wanted, notes: [], checks: [] };
  const rounds = new Rounds(rig, cores);

  progress('starting and probing the targets');
  const started = await startTargets(bench);
  const targets = await tryOut(bench, rounds, started);
  for (const target of targets) if (target.streams) await rounds.serve(target, firstWarmUp);
  progress('memory, then warming up');
  for (const scenario of wanted) {
    if (scenario.cold) await rounds.scenario(scenario, targets, COLD_ROUND);
  }
  await warm(bench, rounds, targets);
  await rounds.run(options, wanted, targets);
  progress('checking the books');
  const checks = [...bench.checks, ...(await checkBooks(rig, started, bench.notes))];

  const outcome: Outcome = {
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    setup: describeSetup(bench, rounds),
    versions: describeVersions(targets),
    targets: targets.map(({ name }) => name),
    scenarios: wanted,
    readings: rounds.readings,
    rigBound: rounds.rigBound,
    notes: bench.notes,
    checks,
  };
  console.log(table(outcome));
  writeJson(outcome, join(import.meta.dirname, 'results/latest.json'));
  if (options.json !== null) writeJson(outcome, options.json);
  return checks.every(({ passed }) => passed);
}

clearAtEnd();
const options = readOptions(process.argv.slice(2));
if (options === 'help') console.log(HELP);
else process.exit((await main(options)) ? 0 : 1);
