/** What a mark in a statement may stand for. */
export type Value = string | number | null;

/**
 * Reads the database for the control plane, so that no statistic holds up a call. Each statement sees
 * one snapshot of its own: together, several may see more than was there at any time.
 */
export interface Reader {
  /**
   * All rows of one `select`. Integers above 2^53 have to be asked for as text.
   * @throws GatewayError `overloaded` when too much waits, `request_timeout` when it takes too long,
   * `storage_unavailable` when it broke down, `draining` once closed
   */
  rows<T>(sql: string, values?: readonly Value[]): Promise<T[]>;
  /** What waits is given up. */
  close(): Promise<void>;
}
