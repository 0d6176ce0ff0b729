import type { Budget } from '../../entities/budget.ts';

/**
 * The cap in force at a time: higher while a raise lasts. Judged at reading time, never by a sweeper:
 * the raise is over the moment its time has come.
 */
export function capAt(
  { capNano, raiseNano, raisedUntil }: Pick<Budget, 'capNano' | 'raiseNano' | 'raisedUntil'>,
  nowMs: number,
): bigint {
  return raisedUntil !== null && nowMs < raisedUntil.getTime() ? capNano + raiseNano : capNano;
}
