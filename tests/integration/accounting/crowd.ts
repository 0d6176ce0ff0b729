import { expect } from '@jest/globals';
import { usdFromNano } from '../../../src/lib/money.ts';
import type { ReceivedEntry, WitnessEntry } from '../../../src/sandbox/index.ts';
import type { SetBudgetInput } from '../../../src/services/budget-input.ts';
import { isOwnAsk } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { judge, readLedger } from '../../support/oracle.ts';
import { CLI, SYSTEM } from '../../../src/services/actor.ts';

/** Tokens of output that each call asks for, and gets: what it costs is nearly what is held for it. */
export const OUTPUT_TOKENS = 100;

/** More words than the tokens asked for, so that the answer is as long as it may be. */
const LONG_ANSWER = { 'x-sandbox-chunks': String(OUTPUT_TOKENS) };

/** Between two looks at a budget; calls are to have their turn, too. */
const LOOK_MS = 10;

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
}

interface CallOptions {
  key?: string;
  isStream?: boolean;
  fields?: Record<string, unknown>;
  headers?: Record<string, string>;
}

/** One call, its answer read to the end. Whether it streams, its body has the same length. */
export async function callOnce(
  gateway: Gateway,
  { key = gateway.key, isStream = false, fields = {}, headers = {} }: CallOptions = {},
): Promise<Reply> {
  const content = isStream ? 'Hello!' : 'Hello';
  const response = await gateway.chat(
    {
      messages: [{ role: 'user', content }],
      stream: isStream,
      max_tokens: OUTPUT_TOKENS,
      ...fields,
    },
    { authorization: `Bearer ${key}`, ...LONG_ANSWER, ...headers },
  );
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** So many calls at once, every other one a stream, the keys taking turns. */
export function crowd(
  gateway: Gateway,
  count: number,
  {
    keys = [gateway.key],
    ...options
  }: Omit<CallOptions, 'key'> & { keys?: readonly string[] } = {},
): Promise<Reply[]> {
  return Promise.all(
    Array.from({ length: count }, (_, at) => {
      const key = keys[at % keys.length] ?? gateway.key;
      return callOnce(gateway, { isStream: at % 2 === 1, key, ...options });
    }),
  );
}

export const withStatus = (replies: readonly Reply[], status: number): Reply[] =>
  replies.filter((reply) => reply.status === status);

/** What is held for such a call, and what it costs, as the ledger has it of two that were served. */
export async function worthOfACall(
  gateway: Gateway,
  fields: Record<string, unknown> = {},
): Promise<{ holdNano: bigint; costNano: bigint }> {
  const { key, virtualKey } = await gateway.space.keys.create(SYSTEM, { name: 'appraiser' });
  for (const isStream of [false, true]) {
    expect((await callOnce(gateway, { key, isStream, fields })).status).toBe(200);
  }
  const records = (await gateway.records()).filter(({ keyId }) => keyId === virtualKey.id);
  const [whole, stream] = records.map(({ holdNano, costNano }) => ({ holdNano, costNano }));
  if (whole === undefined) throw new Error('The call is not on record.');
  expect(stream?.holdNano).toBe(whole.holdNano);
  return whole;
}

const received = (entry: WitnessEntry): entry is ReceivedEntry =>
  entry.kind === 'received' && !isOwnAsk(entry);

/** Clients' calls that the fleet has received, behind a mark. */
export const arrivalsAfter = ({ sandbox }: Gateway, seq: number): ReceivedEntry[] =>
  sandbox.witness.after(seq).filter(received);

export const markOf = ({ sandbox }: Gateway): number => sandbox.witness.entries.at(-1)?.seq ?? 0;

/** The most calls of clients that the fleet ever had at once. */
export function mostAtOnce({ sandbox }: Gateway): number {
  const open = new Set<number>();
  let most = 0;
  for (const entry of sandbox.witness.entries) {
    if (received(entry)) open.add(entry.callId);
    else open.delete(entry.callId);
    most = Math.max(most, open.size);
  }
  return most;
}

/** The fleet's own log says the same of every call as the ledger, to the nano-dollar. */
export async function expectLedgerOfWitness(gateway: Gateway, calls: number): Promise<bigint> {
  expect(await gateway.records()).toHaveLength(calls);
  const rows = readLedger(gateway.space.file);
  const judgement = judge(gateway.sandbox.witness.entries, rows);
  expect(judgement).toMatchObject({ compared: calls, unknown: 0, estimated: 0, differences: [] });
  return judgement.recordedNano;
}

/**
 * Explains the budgets over and over while the work is under way: no look may find more settled and
 * held than the cap, and when it is over nothing may be held. Returns what the work did.
 */
export async function withinCaps<T>(
  { space }: Gateway,
  ids: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const beyond: string[] = [];
  const look = async () => {
    for (const id of ids) {
      const { budget, capNano, settledNano, heldNano, isEqual } = await space.budgets.explain(
        CLI,
        id,
      );
      const isWithin = settledNano + heldNano <= capNano && isEqual;
      if (!isWithin) beyond.push(`${budget.scope}: ${settledNano} + ${heldNano}`);
    }
  };
  const watch = async () => {
    while (!over.signal.aborted) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };
  const watching = watch();
  const result = await work().finally(() => over.abort());
  await watching;
  expect(beyond).toEqual([]);
  return result;
}

/** Everything settled, nothing held. */
export async function expectNothingHeld(gateway: Gateway, ids: readonly string[]): Promise<void> {
  await gateway.records();
  for (const id of ids) {
    const { heldNano, holds, isEqual } = await gateway.space.budgets.explain(CLI, id);
    expect({ heldNano, holds, isEqual }).toEqual({ heldNano: 0n, holds: [], isEqual: true });
  }
}

/** Sets a budget with room for so much beyond what was spent already. */
export async function budgetWorth(
  { space }: Gateway,
  nano: bigint,
  input: Omit<SetBudgetInput, 'cap'>,
): Promise<string> {
  const { budget, settledNano } = await space.budgets.set(SYSTEM, {
    cap: 0,
    period: 'none',
    ...input,
  });
  await space.budgets.update(SYSTEM, budget.id, { cap: usdFromNano(settledNano + nano) });
  return budget.id;
}

/** No more than an error of ours in OpenAI's form, and the advice not to come again. */
export function expectBudgetRefusals(refused: readonly Reply[], scope: string): void {
  for (const { status, headers, text } of refused) {
    expect(status).toBe(402);
    expect(headers.get('x-should-retry')).toBe('false');
    expect(JSON.parse(text)).toEqual({
      error: {
        message: expect.stringContaining(`Budget exceeded. The budget of this ${scope} is $`),
        type: 'insufficient_quota',
        param: null,
        code: 'insufficient_quota',
      },
    });
  }
}
