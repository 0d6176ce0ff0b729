import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { nothingSeen, runScript } from './script.ts';
import { databaseFiles, startTraced } from './strace.ts';
import { copyOf, holdLog } from './world.ts';
import type { Start, World } from './world.ts';

/** What was done to the files of a database, in order, and when a client was told of a call. */
export type Recorded =
  | { kind: 'write'; file: string; offset: number; bytes: Buffer }
  | { kind: 'cut'; file: string; size: number }
  | { kind: 'open'; file: string }
  | { kind: 'remove'; file: string }
  | { kind: 'sync begins' | 'sync ends'; thread: string; file: string }
  | { kind: 'answer'; id: string };

export interface Recording {
  /** The files as they were before. */
  files: Map<string, Buffer>;
  events: Recorded[];
}

/** Names that stand for the files; a sync of the directory makes names last. */
export const MAIN = 'tollgate.db';
export const LOG = 'tollgate.db-wal';
export const DIRECTORY = '.';

const CALLS = 'openat,write,writev,pwrite64,pwritev,fsync,fdatasync,ftruncate,unlink,rename';

/** Records a run from its start to its stop. The server is weakened by its environment, if at all. */
export async function record(
  { key }: World,
  start: Start,
  env: Record<string, string> = {},
): Promise<Recording> {
  const dataDir = await copyOf(start);
  const files = new Map<string, Buffer>();
  for (const path of [databaseFiles(dataDir).main, databaseFiles(dataDir).log]) {
    const bytes = await readFile(path).catch(() => null);
    if (bytes !== null) files.set(basename(path), bytes);
  }
  const holder = start.isLogHeld ? holdLog(dataDir) : null;
  let trace = '';
  const server = await startTraced(dataDir, {
    strace: ['-xx', '-s', '1000000', '-e', `trace=${CALLS}`],
    env: { LOG_LEVEL: 'warn', ...env },
    onTrace: (text) => (trace = text),
  });
  const seen = nothingSeen();
  if (server.url !== null) await runScript({ url: server.url, key, seen });
  holder?.release();
  server.kill('SIGTERM');
  const { code } = await server.exited;
  const events = eventsOf(trace, dataDir);
  const answers = events.filter(({ kind }) => kind === 'answer').length;
  if (code !== 0 || seen.odd.length > 0 || answers !== seen.heads.length) {
    throw new Error(
      `no good run: ${code}, ${answers} answers, ${seen.odd.join()} ${server.stderr()}`,
    );
  }
  return { files, events };
}

/** strace was told to escape every byte of strings and paths. */
const unescaped = (text = ''): Buffer => Buffer.from(text.replaceAll(String.raw`\x`, ''), 'hex');

interface Line {
  thread: string;
  call: string;
  /** What follows the opening bracket. */
  rest: string;
  /** Of the first argument, if it is one of the files or their directory. */
  file: string | null;
  /** Its arguments that are strings. */
  strings: Buffer[];
  /** Of a path among them, likewise. */
  named: string | null;
}

/** What each call means for the files; a call that is not understood must not be overlooked. */
const MEANINGS: Record<string, (line: Line) => Recorded[]> = {
  openat: ({ named, rest }) =>
    named !== null && rest.includes('O_CREAT') ? [{ kind: 'open', file: named }] : [],
  unlink: ({ named, rest }) =>
    named !== null && !rest.includes('ENOENT') ? [{ kind: 'remove', file: named }] : [],
  pwrite64: ({ file, strings: [bytes], rest }) => {
    const [, offset] = /", \d+, (\d+)/.exec(rest) ?? [];
    if (file === null || bytes === undefined) return [];
    return [{ kind: 'write', file, offset: Number(offset), bytes }];
  },
  ftruncate: ({ file, rest }) =>
    file === null ? [] : [{ kind: 'cut', file, size: Number(/, (\d+)/.exec(rest)?.[1]) }],
  fsync: syncOf,
  fdatasync: syncOf,
  write: answerOf,
  writev: answerOf,
};

function syncOf({ file, thread, rest }: Line): Recorded[] {
  if (file === null) return [];
  const begins: Recorded = { kind: 'sync begins', thread, file };
  return rest.includes('unfinished') ? [begins] : [begins, { kind: 'sync ends', thread, file }];
}

function answerOf({ call, file, strings }: Line): Recorded[] {
  if (file !== null) throw new Error(`${call} on ${file} is not expected`);
  const head = strings.join('');
  const [, id] = /^HTTP\/1\.1 200 [^]*?\r\nx-request-id: (\S+)\r\n/i.exec(head) ?? [];
  return id === undefined ? [] : [{ kind: 'answer', id }];
}

function eventsOf(trace: string, dataDir: string): Recorded[] {
  const nameOf = (path: string): string | null => {
    if (path === dataDir) return DIRECTORY;
    const name = [MAIN, LOG].find((known) => path === `${dataDir}/${known}`);
    return name ?? null;
  };
  const syncing = new Map<string, string>();
  const events: Recorded[] = [];
  for (const text of trace.split('\n')) {
    const [, thread = '', resumed, call = '', rest = ''] =
      /^(\d+) +(<\.\.\. )?(\w+)(?: resumed>|\()(.*)$/.exec(text) ?? [];
    const ended = resumed === undefined ? undefined : syncing.get(thread);
    if (ended !== undefined) events.push({ kind: 'sync ends', thread, file: ended });
    syncing.delete(thread);
    if (resumed !== undefined || call === '') continue;
    const strings = [...rest.matchAll(/"((?:\\x..)*)"/g)].map(([, bytes]) => unescaped(bytes));
    const [, path] = /^\d+<((?:\\x..)*)>/.exec(rest) ?? [];
    const file = nameOf(unescaped(path).toString());
    const named = nameOf(String(strings[0] ?? ''));
    const meaning = MEANINGS[call];
    if (meaning !== undefined) {
      events.push(...meaning({ thread, call, rest, file, strings, named }));
      if (call.endsWith('sync') && rest.includes('unfinished') && file !== null)
        syncing.set(thread, file);
    } else if (file !== null || named !== null) {
      throw new Error(`${call} on ${file ?? named} is not expected`);
    }
  }
  return events;
}
