import { draw } from './draw.ts';
import type { Strategy } from './strategy.ts';

/** Draws in proportion to the weights that operators give. */
export const weighted: Strategy = {
  name: 'weighted',
  order: (usable, { random }) => draw([...usable], ({ weight }) => weight, random),
};
