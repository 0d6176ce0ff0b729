/** The checks that a fast but wrong gateway fails. */
import type { Rig } from './rig/rig.ts';
import type { Check, RunningTarget } from './targets/target.ts';

/** Peers may fail and are noted; the product may not. */
export const PRODUCT = 'tollgate';

/**
 * Compares what the clients got with what the mock saw, then ends every target and lets it prove its own books.
 * Failed requests of other gateways are noted; wrong bytes, and any failure of the product, fail the run.
 */
export async function checkBooks(
  rig: Rig,
  targets: readonly RunningTarget[],
  notes: string[],
): Promise<readonly Check[]> {
  const sum = (field: 'served' | 'wrong'): number =>
    targets.reduce((total, target) => total + target[field], 0);
  const { leaked } = await rig.witness();
  const checks: Check[] = [
    {
      name: 'every reply equals the bytes of the mock',
      passed: sum('wrong') === 0,
      detail: `${sum('served')} compared, ${sum('wrong')} different`,
    },
  ];
  for (const target of targets) {
    const { name, failed, firstFailure, served, upstream } = target;
    if (name === PRODUCT) {
      checks.push(
        {
          name: `${name} failed no request`,
          passed: failed === 0,
          detail: `${failed} ${firstFailure}`.trim(),
        },
        {
          name: `${name} asked upstream once each`,
          passed: upstream === served,
          detail: `${upstream} at the mock, ${served} served`,
        },
        {
          name: `${name} kept virtual keys to itself`,
          passed: leaked === 0,
          detail: `${leaked} seen upstream`,
        },
      );
    } else if (failed > 0) {
      notes.push(`${name} failed ${failed} requests, the first with "${firstFailure}"`);
    }
    checks.push(...(await target.finish()));
  }
  return checks;
}
