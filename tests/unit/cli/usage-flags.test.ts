import { expect, test } from '@jest/globals';
import { command } from '../../../src/cli/command.ts';
import { Flags } from '../../../src/cli/flags.ts';
import { usageFlags, withUsageFlags } from '../../../src/cli/usage-flags.ts';

const NOW_MS = Date.UTC(2026, 9, 26);

function read(line: string) {
  const parsed = withUsageFlags(command('usage', ''));
  parsed.parse(line.split(' ').filter(Boolean), { from: 'user' });
  const flags = new Flags(parsed);
  return { asked: usageFlags(flags, NOW_MS), mistakes: flags.mistakes };
}

test('of all times by key and model, unless something is given', () => {
  expect(read('')).toEqual({
    asked: {
      by: { dimensions: ['key', 'model'] },
      zone: 'UTC',
      fromMs: undefined,
      toMs: undefined,
      only: {},
    },
    mistakes: [],
  });
});

test.each([
  ['--by model', { by: { dimensions: ['model'] } }],
  ['--by pool,endpoint,key', { by: { dimensions: ['pool', 'endpoint', 'key'] } }],
  ['--by day', { by: { step: 'day' } }],
  ['--days 2', { fromMs: Date.UTC(2026, 9, 24) }],
  ['--from 2026-10-24', { fromMs: Date.UTC(2026, 9, 24) }],
  ['--to 2026-10-24T12:00:00+02:00', { toMs: Date.UTC(2026, 9, 24, 10) }],
  [
    '--zone Europe/Berlin --from 2026-10-25 --to 2026-10-26',
    { zone: 'Europe/Berlin', fromMs: Date.UTC(2026, 9, 24, 22), toMs: Date.UTC(2026, 9, 25, 23) },
  ],
  [
    '--key 0199 --team t --user u --pool p --model m --endpoint e --credential p/c',
    {
      only: {
        key: '0199',
        team: 't',
        user: 'u',
        pool: 'p',
        model: 'm',
        endpoint: 'e',
        credential: 'p/c',
      },
    },
  ],
])('%s', (line, expected) => {
  const { asked, mistakes } = read(line);
  expect(mistakes).toEqual([]);
  expect(asked).toMatchObject(expected);
});

test.each([
  ['--by colour', ['--by']],
  ['--by key,hour', ['--by']],
  ['--by key,key', ['--by']],
  ['--by key,', ['--by']],
  [
    '--zone Mars --from 2026-02-30 --to noon --days 0 --model=',
    ['--zone', '--days', '--from', '--to', '--days, --from', '--model'],
  ],
  ['--days 3 --from 2026-10-01', ['--days, --from']],
  ['--from 2026-10-02 --to 2026-10-02', ['--from']],
  ['--days 3 --to 2026-10-01', ['--days']],
])('%s: every mistake is named', (line, names) => {
  const found = read(line).mistakes.map((mistake) => /^(.+?): /.exec(mistake)?.[1]);
  expect(found).toEqual(names);
});
