import { command } from './command.ts';
import { proveBudgets } from './prove-budgets.ts';

export const prove = command(
  'prove',
  'Prove what Tollgate promises on a running server.',
).addCommand(proveBudgets);
