import { once } from 'node:events';
import { command } from '../command.ts';
import { Flags } from '../flags.ts';
import { interruptible } from '../interruptible.ts';
import { print } from '../print.ts';
import { steps } from './steps.ts';
import { Tour } from './tour.ts';

/** A minute's tour on a gateway of its own; every command it shows can be repeated while it runs. */
export const demo = command(
  'demo',
  'A guided tour of a minute: a gateway and an upstream of their own, thrown away at the end.',
)
  .option('--keep', 'leave it running after the tour, until Ctrl-C (so it is in a terminal)')
  .action(async (_options, self) => {
    const flags = new Flags(self);
    const isKept = flags.isGiven('keep') || process.stdout.isTTY;
    flags.check();
    await interruptible(
      (interrupt) => guided(isKept, interrupt),
      'The tour is over; nothing is left of it.',
    );
  });

async function guided(isKept: boolean, interrupt: AbortSignal): Promise<void> {
  const { openStage } = await import('./stage.ts');
  await using stage = await openStage();
  const tour = new Tour(stage.variables, interrupt);
  print();
  print('A tour of Tollgate, on a gateway and an upstream of their own. In the commands below,');
  print();
  for (const [name, value] of Object.entries(stage.variables)) print(`  ${name}=${value}`);
  for (const step of steps) await step(tour, stage);
  print();
  if (!isKept) {
    print('That was all. `npm start` makes one that stays.');
    return;
  }
  print(
    'That was all. It goes on running, so that you can repeat any of it: Ctrl-C throws it away.',
  );
  print(
    `The playground is at ${stage.variables['TOLLGATE'] ?? ''}/playground, its header "Bearer $ADMIN".`,
  );
  if (!interrupt.aborted) await once(interrupt, 'abort');
}
