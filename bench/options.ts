import { parseArgs } from 'node:util';
import type { RigKind } from './rig/rig.ts';

export interface Options {
  readonly full: boolean;
  readonly oneCore: boolean;
  readonly rig: RigKind | 'auto';
  readonly rounds: number;
  /** Names of targets or scenarios; empty means all. */
  readonly only: readonly string[];
  readonly json: string | null;
  readonly peers: string | null;
}

export const HELP = `npm run bench -- [options]
  --full          7 longer rounds and more scenarios (about 12 minutes) instead of 3 short ones (under one)
  --only a,b      only these targets and scenarios; grpc is measured where it is named, and with --full
  --json FILE     write the results there as well as to bench/results/latest.json
  --rounds N      how many rounds
  --rig c|node    which mock and load generator; default: c when there is a compiler
  --one-core      gateway, mock and load on one core: fewer requests/s, steadier ratios
  --peers DIR     folder whose node_modules may hold @portkey-ai/gateway`;

export function readOptions(words: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...words],
    options: {
      full: { type: 'boolean', default: false },
      'one-core': { type: 'boolean', default: false },
      rig: { type: 'string', default: 'auto' },
      rounds: { type: 'string' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      peers: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const rig = values.rig;
  if (rig !== 'c' && rig !== 'node' && rig !== 'auto') throw new Error('--rig is c or node');
  const rounds = Number(values.rounds ?? (values.full ? 7 : 3));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a whole number from 1');
  return {
    full: values.full,
    oneCore: values['one-core'],
    rig,
    rounds,
    only: values.only.split(',').filter((name) => name !== ''),
    json: values.json ?? null,
    peers: values.peers ?? null,
  };
}
