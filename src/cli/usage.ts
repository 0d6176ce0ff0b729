import { systemClock } from '../lib/clock.ts';
import { CLI } from '../services/actor.ts';
import { filterNamed, usageNames } from '../services/usage-names.ts';
import type { Workspace } from '../workspace.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags } from './flags.ts';
import { print } from './print.ts';
import { usageFlags, withUsageFlags } from './usage-flags.ts';
import type { UsageFlags } from './usage-flags.ts';
import { bucketText, HEADINGS, sumLines } from './usage-texts.ts';
import type { SumLine } from './usage-texts.ts';

export const usage = withUsageFlags(
  onDataDir(command('usage', 'Show what was used and spent, by virtual key and model.')),
)
  .addHelpText(
    'after',
    '\nTimes are those at which calls began, by quarters of an hour. Costs are with all adjustments.',
  )
  .action(async (_options, self) => {
    const flags = new Flags(self);
    const asked = usageFlags(flags, systemClock.now());
    const config = configOf(flags);
    await withWorkspace(config, async (space) => {
      const { headings, lines } = await told(space, asked);
      const isNothing = lines.every(({ sum }) => sum.calls === 0);
      const texts = isNothing ? ['Nothing was used.'] : sumLines(headings, lines);
      for (const text of texts) print(text);
    });
  });

async function told(
  { orm, reader, stats }: Workspace,
  { by, zone, only, ...range }: UsageFlags,
): Promise<{ headings: string[]; lines: SumLine[] }> {
  const asked = { filter: await filterNamed(orm.em, only), ...range };
  if ('step' in by) {
    const { step } = by;
    const buckets = await stats.series(CLI, { ...asked, step, zone });
    const lines = buckets.map((sum) => ({ of: [bucketText(step, sum.startMs, zone)], sum }));
    return { headings: [HEADINGS[step]], lines };
  }
  const { dimensions } = by;
  const groups = await stats.by(CLI, dimensions, asked);
  const columns = dimensions.map(async (dimension) => {
    const values = groups.map(({ of }) => of[dimension] ?? '');
    return values.map(await usageNames(reader, dimension, values));
  });
  const names = await Promise.all(columns);
  const lines = groups.map((sum, row) => ({ of: names.map((column) => column[row] ?? ''), sum }));
  return { headings: dimensions.map((dimension) => HEADINGS[dimension]), lines };
}
