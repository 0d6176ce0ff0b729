import type { GatewayError } from '../../errors/gateway-error.ts';
import type { Applied } from './apply.ts';
import { QUARTER_MS } from './rollups.ts';
import { recordColumn } from './rows.ts';
import type { Batch, Cell, RemoteWrite } from './rows.ts';

/** A hold whose call waits for it to be durable. */
export interface Waiting {
  row: Cell[];
  resolve(): void;
  reject(error: GatewayError): void;
}

/** Who is told what became of a write; in the very step in which the ledger forgets it. */
export interface WriteListener {
  /** It is durable; unless another call has its name: then that one's id is told. */
  onWritten(takenBy: string | null): void;
  /** Nothing of it is on disk. */
  onRefused(error: GatewayError): void;
}

/** What is committed together. */
export interface Group {
  holds: Waiting[];
  settlements: Cell[][];
  remote: { write: RemoteWrite; listener: WriteListener }[];
  flushes: (() => void)[];
}

export const emptyGroup = (): Group => ({ holds: [], settlements: [], remote: [], flushes: [] });

export const isEmpty = ({ holds, settlements, remote }: Group): boolean =>
  holds.length === 0 && settlements.length === 0 && remote.length === 0;

const costAt = recordColumn('cost_nano');
const startedAt = recordColumn('started_at_ms');

/** So many writes of other services take a commit a few milliseconds, which holds of `/v1` wait. */
const REMOTE_MAX = 250;
/** Those of so many quarters of an hour, too: each has roll-ups of its own, which are carried over. */
const QUARTERS_MAX = 60;

/** What goes into one commit, and what is left for the next. */
export function nextOf(queue: Group): { group: Group; rest: Group } {
  const rest = emptyGroup();
  const count = countOfNext(queue.remote);
  if (count === queue.remote.length) return { group: queue, rest };
  rest.remote = queue.remote.slice(count);
  // Whoever waits for everything waits for the rest of it as well.
  rest.flushes = queue.flushes;
  return { group: { ...queue, remote: queue.remote.slice(0, count), flushes: [] }, rest };
}

function countOfNext(remote: Group['remote']): number {
  const quarters = new Set<number>();
  for (const [index, { write }] of remote.entries()) {
    if (index === REMOTE_MAX) return index;
    if (write.settlement === undefined) continue;
    quarters.add(Math.floor(Number(write.settlement[startedAt]) / QUARTER_MS));
    if (quarters.size > QUARTERS_MAX) return index;
  }
  return remote.length;
}

export function batchOf({ holds, settlements, remote }: Group): Batch {
  const batch: Batch = { holds: holds.map(({ row }) => row), settlements };
  if (remote.length > 0) batch.remote = remote.map(({ write }) => write);
  return batch;
}

/**
 * Settlements that a reader of the file may or may not see yet, each at what budgets have counted of it
 * as settled: of other services' calls nothing, which is counted as held until it is on disk.
 */
export const unconfirmedOf = ({ settlements, remote }: Group): readonly Cell[][] =>
  remote.length === 0
    ? settlements
    : [...settlements, ...remote.flatMap(({ write }) => uncounted(write.settlement))];

const uncounted = (row: Cell[] | undefined): Cell[][] =>
  row === undefined ? [] : [row.with(costAt, '0')];

/** Tells everyone what became of their rows; `refusal` makes the error for those that no store takes. */
export function tellWritten(
  { holds, remote, flushes }: Group,
  { refusedHolds, refusedRemote, taken }: Applied,
  refusal: (reason: string) => GatewayError,
): void {
  const refused = new Map([...refusedHolds, ...refusedRemote].map((one) => [one.id, one.reason]));
  for (const hold of holds) {
    const reason = refused.get(String(hold.row[0]));
    if (reason === undefined) hold.resolve();
    else hold.reject(refusal(reason));
  }
  const takers = new Map(taken.map(({ id, by }) => [id, by]));
  for (const { write, listener } of remote) {
    const reason = refused.get(write.id);
    if (reason === undefined) listener.onWritten(takers.get(write.id) ?? null);
    else listener.onRefused(refusal(reason));
  }
  for (const resolve of flushes) resolve();
}

/** Whoever waits for a commit is told that there is none; settlements are for the caller to keep. */
export function tellRefused(
  { holds, remote }: Pick<Group, 'holds' | 'remote'>,
  refusal: () => GatewayError,
): void {
  for (const hold of holds) hold.reject(refusal());
  for (const { listener } of remote) listener.onRefused(refusal());
}
