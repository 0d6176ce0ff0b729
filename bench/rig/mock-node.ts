/**
 * The upstream of the benchmark for systems without a C compiler: the same command line, the same bytes and the
 * same witness as `mock.c`, at several times the cost per request.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { argument } from './arguments.ts';

const CLIENT_KEY = 'sk-tg-';
const TAG = /bench-stream-(\d+)x(\d+)/;
const TAG_WITHIN = 256;

const reply = readFileSync(argument('reply'));
const streamHead = readFileSync(argument('stream'));
const chunk = readFileSync(argument('chunk'));
const tail = readFileSync(argument('tail'));
const seen = { requests: 0, streams: 0, leaked: 0, refused: 0 };

function streamTo(socket: Socket, count: number, paceMs: number): void {
  seen.streams += 1;
  socket.write(streamHead);
  const startedAt = performance.now();
  let sent = 0;
  const step = (): void => {
    if (socket.destroyed) return;
    const due = paceMs === 0 ? count : Math.floor((performance.now() - startedAt) / paceMs) + 1;
    for (; sent < Math.min(due, count); sent += 1) socket.write(chunk);
    if (due > count || paceMs === 0) {
      socket.write(tail);
      return;
    }
    setTimeout(step, Math.max(1, startedAt + sent * paceMs - performance.now()));
  };
  step();
}

function answerOne(socket: Socket, head: string, body: Buffer): void {
  if (head.startsWith('GET ')) {
    const text = JSON.stringify(seen);
    socket.write(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
    );
    return;
  }
  seen.requests += 1;
  if (head.includes(CLIENT_KEY)) seen.leaked += 1;
  const tag = TAG.exec(body.toString('latin1', 0, TAG_WITHIN));
  if (tag) streamTo(socket, Number(tag[1]), Number(tag[2]));
  else socket.write(reply);
}

/** Answers every whole request in `bytes` and returns what is left of it. */
function answer(socket: Socket, bytes: Buffer): Buffer {
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return rest;
    const head = rest.toString('latin1', 0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head);
    if (!length && /\r\ntransfer-encoding:/i.test(head)) {
      seen.refused += 1;
      socket.end('HTTP/1.1 411 Length Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      return Buffer.alloc(0);
    }
    const whole = end + 4 + Number(length?.[1] ?? 0);
    if (rest.length < whole) return rest;
    answerOne(socket, head, rest.subarray(end + 4, whole));
    rest = rest.subarray(whole);
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  let pending: Buffer = Buffer.alloc(0);
  socket.on('data', (data: Buffer) => {
    pending = answer(socket, pending.length > 0 ? Buffer.concat([pending, data]) : data);
  });
  socket.on('error', () => socket.destroy());
});

server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(`listening ${address.port}`);
});
