import type { FinishedEntry } from '../../../src/sandbox/index.ts';
import type { RawReply } from './fixture.ts';

/** One fault, how it is asked for, and what must be seen of it. */
export interface FaultCase {
  fault: string;
  /** Asks for a stream with usage instead of a plain answer. */
  stream?: true;
  keepAlive?: true;
  leaveWhen?: Pick<RegExp, 'test'>;
  ending?: RawReply['ending'];
  says?: RegExp[];
  lacks?: RegExp[];
  noted?: Partial<FinishedEntry>;
}

export const ok = /^HTTP\/1\.1 200 OK\r\n/;
export const done = /data: \[DONE\]/;
export const usage = /"usage":\{"prompt_tokens":5/;
export const completed = { outcome: 'completed', usageDelivered: true } as const;
export const unbilled = { outcome: 'completed', usage: null, costNano: '0' } as const;
export const broken = { outcome: 'fault' } as const;
export const cutOff = { outcome: 'fault', usageDelivered: false, status: 200 } as const;
export const left = { outcome: 'aborted', status: 200 } as const;

/** Holds once a text occurs that often. */
export const times = (part: string, count: number): Pick<RegExp, 'test'> => ({
  test: (text) => text.split(part).length > count,
});
