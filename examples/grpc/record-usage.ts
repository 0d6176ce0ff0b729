// Puts calls that were made elsewhere on record, and charges them. Each line of the file is one:
//
//   {"id": "our-4711", "keyId": "0198…", "provider": "openai", "model": "gpt-4o-mini", "input": 92, "output": 25}
//
//   npx node examples/grpc/record-usage.ts calls.jsonl
//
// What was not answered is sent again, also by the next run over the same file: nothing is charged twice.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordUsageResponse__Output } from '../../src/grpc/generated/tollgate/v1/RecordUsageResponse.ts';
import type { RecordUsageResult__Output } from '../../src/grpc/generated/tollgate/v1/RecordUsageResult.ts';
import { askPatiently, dollars, pauseAfter, usage } from './client.ts';

const PAUSE_MS = 500;

interface Call {
  /** Our own; the same call always has the same. */
  id: string;
  keyId: string;
  provider: string;
  model: string;
  input: number;
  output: number;
  /** ISO 8601. Absent: when it is put on record. */
  at?: string;
}

const recordOf = ({ id, keyId, provider, model, input, output, at }: Call) => ({
  idempotencyId: id,
  key: { id: keyId },
  provider,
  model,
  endpoint: 'chat.completions',
  // Each token in one class only: these are the prompt tokens that did not come from a cache.
  usage: { input, output },
  ...(at === undefined ? {} : { usedAt: { seconds: Math.floor(Date.parse(at) / 1000) } }),
});

const told = { recorded: 0, repeated: 0, refused: 0, costNanoUsd: 0n };

/** It is on disk: it need not be kept any longer. */
function take({ costNanoUsd, isRepeat }: RecordUsageResponse__Output): void {
  told.recorded += 1;
  if (isRepeat) told.repeated += 1;
  told.costNanoUsd += BigInt(costNanoUsd);
}

async function recordOne(call: Call): Promise<void> {
  take(await askPatiently(usage, usage.RecordUsage, recordOf(call)));
}

async function recordAll(calls: readonly Call[]): Promise<void> {
  const waiting = new Map(calls.map((call) => [call.id, call]));
  while (waiting.size > 0) {
    try {
      for await (const { results } of sent([...waiting.values()])) {
        for (const result of results) takeOne(result, waiting);
      }
      // Those that may be sent again as they are, but not at once.
      if (waiting.size > 0) await sleep(PAUSE_MS);
    } catch (error) {
      await pauseAfter(error);
    }
  }
}

/** The stream that they are written to, while its answers are read. */
function sent(calls: readonly Call[]) {
  const stream = usage.RecordUsageStream();
  void send();
  return stream;

  /** As fast as they are taken. Whoever reads hears that it broke off. */
  async function send(): Promise<void> {
    for (const call of calls) {
      await new Promise((resolve) => stream.write({ record: recordOf(call) }, resolve));
    }
    stream.end();
  }
}

/** What is answered waits no longer, unless it may be sent again as it is. */
function takeOne(result: RecordUsageResult__Output, waiting: Map<string, Call>): void {
  const { idempotencyId, recorded, error } = result;
  if (error?.isRetryable) return;
  waiting.delete(idempotencyId);
  if (recorded) take(recorded);
  if (!error) return;
  told.refused += 1;
  console.error(`${idempotencyId} is not on record: ${error.message}`);
}

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('record-usage.ts FILE');
const lines = readFileSync(file, 'utf8').split('\n');
const calls = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Call);
const [only, ...more] = calls;
if (only !== undefined && more.length === 0) await recordOne(only);
else await recordAll(calls);

const { recorded, repeated, refused, costNanoUsd } = told;
console.log(`${recorded} recorded (${repeated} were already), ${refused} refused`);
console.log(`charged ${dollars(costNanoUsd.toString())}`);
process.exitCode = refused === 0 ? 0 : 1;
