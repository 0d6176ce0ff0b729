import type { GatewayError } from '../../errors/gateway-error.ts';
import type { Cell } from './rows.ts';

/** A hold whose call waits for it to be durable. */
export interface Waiting {
  row: Cell[];
  resolve(): void;
  reject(error: GatewayError): void;
}

/** What is committed together. */
export interface Group {
  holds: Waiting[];
  settlements: Cell[][];
  flushes: (() => void)[];
}

export const emptyGroup = (): Group => ({ holds: [], settlements: [], flushes: [] });

export const isEmpty = ({ holds, settlements }: Group): boolean =>
  holds.length === 0 && settlements.length === 0;
