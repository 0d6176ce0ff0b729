/**
 * The clients of the benchmark for systems without a C compiler: the command line, the result and the rules of
 * `load.c`. It costs more per request than most gateways do, so saturation is usually "rig-bound" with it.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { argument } from './arguments.ts';

const PATIENCE_MS = 10_000;
const MOST_FAILURES = 200;

const port = Number(argument('port'));
const request = readFileSync(argument('request'));
const expected = readFileSync(argument('expect'));
const connections = Number(argument('connections'));
const endMs = Number(argument('seconds')) * 1000;
const rate = Number(argument('rate', '0'));
const total = Number(argument('total', '0'));
const even = argument('spacing', 'poisson') === 'even';
const stampFirst = argument('stamp', 'last') === 'first';

const counts = { started: 0, served: 0, failed: 0, wrong: 0 };
const buckets = new Map<number, number>();
const waiting: number[] = [];
let firstFailure = '';
let firstSeen = 0;
let busy = 0;
let planned = 0;
let beganAt = 0;
let nextAt = 0;
let lastAt = 0;

type Phase = 'head' | 'length' | 'size' | 'chunk' | 'chunk-end' | 'last' | 'done';

/** Log-linear, 128 buckets per power of two, kept as the middle of each bucket in nanoseconds. */
function record(milliseconds: number): void {
  const nanoseconds = Math.max(1, Math.round(milliseconds * 1e6));
  const width = 2 ** Math.max(0, Math.floor(Math.log2(nanoseconds)) - 7);
  const middle = Math.floor(nanoseconds / width) * width + width / 2;
  buckets.set(middle, (buckets.get(middle) ?? 0) + 1);
}

class Connection {
  socket: Socket | null = null;
  active = false;
  phase: Phase = 'head';
  head = '';
  status = 0;
  left = 0;
  at = 0;
  differs = false;
  sinceMs = 0;

  dial(): Socket {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.on('data', (data: Buffer) => this.feed(data));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.socket = null;
      if (this.active) this.settle(false);
    });
    this.socket = socket;
    return socket;
  }

  ask(sinceMs: number): void {
    Object.assign(this, {
      active: true,
      phase: 'head',
      head: '',
      status: 0,
      at: 0,
      differs: false,
    });
    this.sinceMs = sinceMs;
    counts.started += 1;
    busy += 1;
    (this.socket ?? this.dial()).write(request);
  }

  settle(whole: boolean): void {
    lastAt = performance.now();
    this.active = false;
    busy -= 1;
    if (whole && this.status === 200 && !this.differs && this.at === expected.length) {
      counts.served += 1;
      if (!stampFirst) record(lastAt - this.sinceMs);
    } else {
      counts.failed += 1;
      if (whole && this.status === 200) counts.wrong += 1;
      firstFailure ||= `${whole ? '' : 'cut off: '}${this.head.slice(0, 120)}`;
    }
    idle.push(this);
    step();
  }

  body(data: Buffer): void {
    if (this.at === 0) {
      firstSeen += 1;
      if (stampFirst) record(performance.now() - this.sinceMs);
      if (total > 0 && firstSeen === total) console.log('ready');
    }
    if (!data.equals(expected.subarray(this.at, this.at + data.length))) this.differs = true;
    this.at += data.length;
  }

  feed(data: Buffer): void {
    let at = 0;
    while (this.active && at < data.length && this.phase !== 'done') at = this.take(data, at);
    if (this.active && this.phase === 'done') this.settle(true);
  }

  /** Consumes one element of the reply and returns the offset behind it. */
  take(data: Buffer, at: number): number {
    if (this.phase === 'length' || this.phase === 'chunk') {
      const part = data.subarray(at, at + this.left);
      if (part.length > 0) this.body(part);
      this.left -= part.length;
      if (this.left === 0) this.phase = this.phase === 'length' ? 'done' : 'chunk-end';
      return at + part.length;
    }
    const lineEnd = data.indexOf(10, at);
    const end = lineEnd < 0 ? data.length : lineEnd + 1;
    this.head += data.toString('latin1', at, end);
    if (lineEnd < 0) return end;
    if (this.phase === 'head') this.readHead();
    else if (this.phase === 'size') this.readSize();
    else {
      this.head = '';
      this.phase = this.phase === 'chunk-end' ? 'size' : 'done';
    }
    return end;
  }

  readHead(): void {
    if (!this.head.endsWith('\r\n\r\n')) return;
    this.status = Number(this.head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.head);
    this.left = Number(length?.[1] ?? 0);
    this.phase = length ? 'length' : 'size';
    if (this.status === 200) this.head = '';
  }

  readSize(): void {
    this.left = parseInt(this.head, 16);
    this.head = '';
    this.phase = this.left > 0 ? 'chunk' : 'last';
  }
}

const idle: Connection[] = Array.from({ length: connections }, () => new Connection());

function isOver(): boolean {
  const spent = rate > 0 ? nextAt - beganAt >= endMs : performance.now() - beganAt >= endMs;
  return spent || (total > 0 && planned >= total) || counts.failed >= MOST_FAILURES;
}

function plan(): void {
  const now = performance.now();
  for (; !isOver() && nextAt <= now; planned += 1) {
    waiting.push(nextAt);
    nextAt += ((even ? 1 : -Math.log(1 - Math.random())) * 1000) / rate;
  }
  if (!isOver()) setTimeout(() => step(plan), Math.max(0, nextAt - performance.now()));
}

function step(before?: () => void): void {
  before?.();
  if (rate > 0) {
    while (waiting.length > 0 && idle.length > 0) idle.pop()!.ask(waiting.shift()!);
  } else {
    while (!isOver() && idle.length > 0) {
      planned += 1;
      idle.pop()!.ask(performance.now());
    }
  }
  if (isOver() && busy === 0 && waiting.length === 0) report();
}

function report(): never {
  const use = process.cpuUsage(startUse);
  const result = {
    ...counts,
    seconds: (lastAt - beganAt) / 1000,
    cpuSeconds: (use.user + use.system) / 1e6,
    firstFailure,
    histogram: [...buckets].toSorted(([left], [right]) => left - right),
  };
  console.log(JSON.stringify(result));
  process.exit(0);
}

setTimeout(() => {
  counts.failed += busy;
  report();
}, endMs + PATIENCE_MS);
beganAt = nextAt = lastAt = performance.now();
const startUse = process.cpuUsage();
step(rate > 0 ? plan : undefined);
