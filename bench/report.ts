/** The result as a table for people and as JSON for machines. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Ratio, Readings } from './ratios.ts';
import type { Metric, Scenario } from './scenarios.ts';
import type { Check } from './targets/target.ts';

export interface Outcome {
  readonly startedAt: string;
  readonly seconds: number;
  readonly setup: Readonly<Record<string, string | number | boolean>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly targets: readonly string[];
  readonly scenarios: readonly Scenario[];
  readonly readings: Readings;
  /** Scenario and target whose figures the rig limited. */
  readonly rigBound: ReadonlySet<string>;
  readonly notes: readonly string[];
  readonly checks: readonly Check[];
}

export const rigBoundKey = (scenario: string, target: string): string => `${scenario}/${target}`;

/** Ratios are told from the product's side, or the first gateway's when it did not run. */
const subject = (targets: readonly string[]): string | undefined =>
  targets.includes('tollgate') ? 'tollgate' : targets.find((name) => name !== 'direct');

const LABEL = 34;
const CELL = 26;
const FIGURE = 13;

const figure = (value: number, digits: number): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Three significant digits below 100, so that 0.0312 and 12.3 both say something. */
const times = (value: number): string =>
  value >= 100 ? figure(value, 0) : String(Number(value.toPrecision(3)));

export function table(outcome: Outcome): string {
  const lines = [...heading(outcome), '', ...figures(outcome), '', ...comparison(outcome)];
  if (outcome.rigBound.size > 0) {
    lines.push(
      '',
      '* rig-bound: mock and load generator were more than 90 % busy, the gateway may do better',
    );
  }
  if (outcome.notes.length > 0) lines.push('', ...outcome.notes.map((note) => `note: ${note}`));
  lines.push(
    '',
    ...outcome.checks.map(
      ({ name, passed, detail }) => `${passed ? 'ok    ' : 'FAILED'} ${name}: ${detail}`,
    ),
  );
  return lines.join('\n');
}

function heading({ setup, versions, seconds }: Outcome): readonly string[] {
  const parts = Object.entries(setup).map(([name, value]) => `${name} ${value}`);
  const known = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [`Tollgate benchmark, ${Math.round(seconds)} s: ${parts.join(', ')}`, known.join(', ')];
}

const cells = (texts: readonly string[]): string =>
  texts.map((text) => text.padStart(FIGURE)).join('');

function figures({ targets, scenarios, readings, rigBound }: Outcome): readonly string[] {
  const lines = [`${'median of the rounds'.padEnd(LABEL)}${cells(targets)}`];
  const cell = (scenario: Scenario, metric: Metric, target: string): string => {
    const found = readings.spread(scenario, metric, target);
    if (!found) return '-';
    return (
      figure(found.median, metric.digits) +
      (rigBound.has(rigBoundKey(scenario.name, target)) ? '*' : '')
    );
  };
  for (const scenario of scenarios) {
    lines.push(scenario.title);
    for (const metric of scenario.metrics) {
      const row = targets.map((target) => cell(scenario, metric, target));
      lines.push(`  ${metric.title}`.padEnd(LABEL) + cells(row));
    }
  }
  return lines;
}

function comparison({ targets, scenarios, readings }: Outcome): readonly string[] {
  const of = subject(targets);
  const others = targets.filter((name) => name !== of && name !== 'direct');
  if (of === undefined || others.length === 0) return [];
  const title = `${of} divided by`.padEnd(LABEL);
  const lines = [
    `${title}${others.map((name) => name.padStart(CELL)).join('')}   (median, lowest to highest round)`,
  ];
  for (const scenario of scenarios) {
    lines.push(scenario.title);
    for (const metric of scenario.metrics) {
      const row = others.map((to) =>
        ratioCell(readings.ratio(scenario, metric, of, to)).padStart(CELL),
      );
      lines.push(
        `  ${metric.title}`.padEnd(LABEL) + row.join('') + `   ${metric.better} is better`,
      );
    }
  }
  return lines;
}

function ratioCell(ratio: Ratio | null): string {
  if (!ratio) return '-';
  const range =
    ratio.lowest === ratio.highest ? '' : ` (${times(ratio.lowest)}-${times(ratio.highest)})`;
  return times(ratio.median) + range;
}

/** Everything a later reader needs to judge the run: each reading, medians, all ratios, checks. */
export function writeJson(outcome: Outcome, path: string): void {
  const { targets, scenarios, readings, startedAt, seconds, setup, versions, notes, checks } =
    outcome;
  const rows = scenarios.flatMap((scenario) =>
    scenario.metrics.flatMap((metric) => targets.map((target) => ({ scenario, metric, target }))),
  );
  const medians = rows.flatMap(({ scenario, metric, target }) => {
    const found = readings.spread(scenario, metric, target);
    return found ? [{ scenario: scenario.name, metric: metric.name, target, ...found }] : [];
  });
  const ratios = rows.flatMap(({ scenario, metric, target }) =>
    targets
      .filter((to) => to !== target)
      .flatMap((to) => readings.ratio(scenario, metric, target, to) ?? []),
  );
  const rigBound = [...outcome.rigBound];
  const told = { startedAt, seconds, setup, versions, targets, notes, checks, rigBound };
  const content = { ...told, medians, ratios, readings: readings.all };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
}
