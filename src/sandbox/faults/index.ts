import { ApiError } from '../api-error.ts';
import { byteFaults } from './bytes.ts';
import { compressedFaults } from './compressed.ts';
import { cutFaults } from './cut.ts';
import { bindFault, type BoundFault, type Fault } from './fault.ts';
import { headFaults } from './head.ts';
import { protocolFaults } from './protocol.ts';
import { replacedFaults } from './replaced.ts';
import { saidFaults } from './said.ts';
import { streamFaults } from './stream.ts';
import { timingFaults } from './timing.ts';
import { usageFaults } from './usage.ts';

/** The table of all faults. To add one, add an entry to the list it belongs to. */
export const FAULTS: readonly Fault[] = [
  ...replacedFaults,
  ...timingFaults,
  ...cutFaults,
  ...headFaults,
  ...protocolFaults,
  ...streamFaults,
  ...saidFaults,
  ...usageFaults,
  ...byteFaults,
  ...compressedFaults,
];

const byName = new Map(FAULTS.map((fault) => [fault.name, fault]));

/**
 * Reads `name;param=value;…`, several joined by `|` and applied in order. Values are
 * percent-decoded. Throws ApiError 400 for an unknown fault, an unknown parameter or a bad number.
 */
export function readFaults(text: string): BoundFault[] {
  return text.split('|').map((part) => {
    const [name = '', ...pairs] = part.split(';').map((each) => each.trim());
    const fault = byName.get(name);
    if (fault === undefined) {
      throw new ApiError(400, `There is no fault '${name}'.`, { code: 'unknown_fault' });
    }
    const given = new Map(pairs.filter((pair) => pair !== '').map(readPair));
    return bindFault(fault, given);
  });
}

function readPair(pair: string): [name: string, value: string] {
  const at = pair.indexOf('=');
  const value = at === -1 ? '' : pair.slice(at + 1);
  try {
    return [at === -1 ? pair : pair.slice(0, at), decodeURIComponent(value)];
  } catch {
    throw new ApiError(400, `The value of ${pair} is not percent-encoded properly.`);
  }
}
