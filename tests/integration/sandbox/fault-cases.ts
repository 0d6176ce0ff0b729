import { BODY_FAULT_CASES } from './body-fault-cases.ts';
import type { FaultCase } from './fault-case.ts';
import { WIRE_FAULT_CASES } from './wire-fault-cases.ts';

export const FAULT_CASES: FaultCase[] = [...WIRE_FAULT_CASES, ...BODY_FAULT_CASES];
