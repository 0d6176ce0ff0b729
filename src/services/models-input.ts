import { z } from 'zod';
import { first } from './page.ts';

/** What is asked for of the models; absent is all. */
export const modelsInput = z.strictObject({
  /** Id or name of a pool. */
  pool: z.string().trim().optional(),
  /** Part of the name. */
  search: z.string().trim().toLowerCase().optional(),
  first,
  /** Name of the model to go on after. */
  after: z.string().optional(),
});

export type ModelsInput = z.input<typeof modelsInput>;
