import { USAGE_DIMENSIONS } from '../../entities/usage-dimension.ts';
import type { UsageDimension } from '../../entities/usage-dimension.ts';
import { USAGE_COLUMNS } from './rows.ts';

/** Quarters of an hour begin every zone's hours and days. */
export const QUARTER_MS = 900_000;

const DAY_MS = 86_400_000;

/** How long the spans are that totals are kept for; each begins at a multiple of its length. */
export const SPANS_MS = [QUARTER_MS, DAY_MS, 32 * DAY_MS] as const;

/**
 * SQL: a sum that grows by what was to be inserted. SQLite's own would go on as a float beyond 64 bits, and
 * be wrong for ever: this one fails with `integer overflow`, as `sum()` does.
 */
export function grown(name: string): string {
  const sum = `${name} + excluded.${name}`;
  return `${name} = iif(typeof(${sum}) = 'integer', ${sum}, abs(-9223372036854775808))`;
}

const DIMENSIONS = Object.keys(USAGE_DIMENSIONS) as UsageDimension[];

export const DIMENSION_COLUMNS: readonly string[] = Object.values(USAGE_DIMENSIONS);

export const ROLLUP_KEYS: readonly string[] = ['quarter_ms', ...DIMENSION_COLUMNS];
export const ROLLUP_SUMS: readonly string[] = [
  'calls',
  'cost_nano',
  'adjusted_nano',
  ...USAGE_COLUMNS,
];

/**
 * What lines of totals tell calls apart by: each thing alone, what is mostly asked for together, and
 * everything. The coarser a family, the fewer its lines. In the order in which they are chosen.
 */
const FAMILY_DIMENSIONS = {
  endpoint: ['endpoint'],
  pool: ['pool'],
  team: ['team'],
  credential: ['credential'],
  model: ['model'],
  user: ['user'],
  key: ['key'],
  key_model: ['key', 'model'],
  call: DIMENSIONS,
} satisfies Record<string, readonly UsageDimension[]>;

export type Family = keyof typeof FAMILY_DIMENSIONS;

export const FAMILIES = Object.keys(FAMILY_DIMENSIONS) as Family[];

const dimensionsOf = (family: Family): readonly UsageDimension[] => FAMILY_DIMENSIONS[family];

/** The columns that a family's lines fill; the others are empty. */
export const columnsOf = (family: Family): readonly string[] =>
  dimensionsOf(family).map((dimension) => USAGE_DIMENSIONS[dimension]);

/** The first family that tells all of these apart. */
export const familyOf = (dimensions: readonly UsageDimension[]): Family =>
  FAMILIES.find((family) => dimensions.every((one) => dimensionsOf(family).includes(one))) ??
  'call';
