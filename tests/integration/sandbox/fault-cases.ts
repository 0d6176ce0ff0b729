import type { FinishedEntry } from '../../../src/sandbox/index.ts';
import { KEY, type RawReply } from './fixture.ts';

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
const usage = /"usage":\{"prompt_tokens":5/;
export const completed = { outcome: 'completed', usageDelivered: true } as const;
const unbilled = { outcome: 'completed', usage: null, costNano: '0' } as const;
const broken = { outcome: 'fault' } as const;
export const cutOff = { outcome: 'fault', usageDelivered: false, status: 200 } as const;
const left = { outcome: 'aborted', status: 200 } as const;

/** Holds once a text occurs that often. */
const times = (part: string, count: number): Pick<RegExp, 'test'> => ({
  test: (text) => text.split(part).length > count,
});

export const FAULT_CASES: FaultCase[] = [
  {
    fault: 'status;code=503;retry-after=7',
    says: [/^HTTP\/1\.1 503 /, /retry-after: 7\r\n/, /"type":"server_error"/],
    noted: { ...unbilled, status: 503 },
  },
  {
    fault: 'status;code=429;retry-after=Wed%2C%2021%20Oct%202015%2007:28:00%20GMT',
    says: [/retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n/, /"code":"rate_limit_exceeded"/],
  },
  {
    fault: 'status;retry-after-ms=250;body=html',
    says: [/retry-after-ms: 250/, /<h1>/, /text\/html/],
  },
  { fault: 'status;body=empty', says: [/^HTTP\/1\.1 500 /, /\r\n\r\n$/] },
  { fault: 'early-status', says: [/^HTTP\/1\.1 413 /], noted: { status: 413 } },
  { fault: 'insufficient-quota', says: [/^HTTP\/1\.1 429 /, /"code":"insufficient_quota"/] },
  {
    fault: 'error-in-200',
    stream: true,
    says: [ok, /application\/json/, /\{"error":\{/],
    noted: unbilled,
  },
  {
    fault: 'empty-204',
    says: [/^HTTP\/1\.1 204 /, /\r\n\r\n$/],
    noted: { ...unbilled, status: 204 },
  },
  { fault: 'redirect', says: [/^HTTP\/1\.1 307 /, /location: http:\/\/169\.254\.169\.254/] },
  {
    fault: 'echo-authorization',
    says: [/^HTTP\/1\.1 401 /, new RegExp(`provided: Bearer ${KEY}`)],
  },
  { fault: 'drip-head;ms=0', says: [ok, usage], noted: { ...broken, usageDelivered: true } },
  {
    fault: 'stall-after-head',
    leaveWhen: /\r\n\r\n$/,
    says: [ok],
    lacks: [/choices/],
    noted: left,
  },
  {
    fault: 'stall-after-chunks;n=3',
    stream: true,
    leaveWhen: times('\n\n', 3),
    lacks: [done, usage],
    noted: { ...left, usageDelivered: false },
  },
  {
    fault: 'keep-open-after-done',
    stream: true,
    leaveWhen: done,
    says: [usage],
    lacks: [/\r\n0\r\n\r\n$/],
    noted: { ...left, usageDelivered: true },
  },
  {
    fault: 'heartbeats-forever;ms=1',
    stream: true,
    leaveWhen: times(': heartbeat', 3),
    lacks: [/data:/],
    noted: left,
  },
  {
    fault: 'endless-stream;ms=1',
    stream: true,
    leaveWhen: times('data: ', 40),
    lacks: [done],
    noted: left,
  },
  {
    fault: 'close-before-head',
    ending: 'closed',
    says: [/^$/],
    noted: { ...broken, status: null },
  },
  { fault: 'close-before-head;mode=rst', ending: 'reset', says: [/^$/], noted: broken },
  {
    fault: 'cut-after-bytes;n=10',
    ending: 'closed',
    says: [ok, /\r\n\r\n\{"id":"cha$/],
    noted: { ...cutOff, responseBytes: 10 },
  },
  {
    fault: 'cut-after-bytes;n=300;mode=rst',
    stream: true,
    ending: 'reset',
    lacks: [done],
    noted: cutOff,
  },
  {
    fault: 'cut-after-chunks;n=2',
    stream: true,
    says: [/\n\n\r\n$/],
    lacks: [done],
    noted: cutOff,
  },
  {
    fault: 'close-delimited-cut;n=40',
    stream: true,
    says: [ok, /\r\n\r\ndata: .{34}$/],
    lacks: [/content-length/, /transfer-encoding/],
    noted: cutOff,
  },
  {
    fault: 'close-delimited',
    says: [/^HTTP\/1\.0 200 OK/, usage, /\}$/],
    lacks: [/content-length/],
    noted: { ...broken, usageDelivered: true },
  },
  { fault: 'wrong-length;by=-5', says: [ok, /content-length: \d+\r\n/, usage] },
  {
    fault: 'bad-chunk',
    stream: true,
    says: [/transfer-encoding: chunked/, /zz\r\n/],
    noted: cutOff,
  },
  {
    fault: 'close-after-reply',
    keepAlive: true,
    ending: 'closed',
    says: [ok, /connection: keep-alive/i],
    noted: completed,
  },
  { fault: 'wrong-content-type', stream: true, says: [/content-type: text\/html\r\n/, done] },
  { fault: 'wrong-content-type;type=', lacks: [/content-type/] },
  {
    fault: 'set-cookie',
    says: [/set-cookie: session=sandbox-canary/, /strict-transport-security/],
  },
  {
    fault: 'header;name=x-ratelimit-reset-requests;value=6m0s',
    says: [/x-ratelimit-reset-requests: 6m0s/],
  },
  { fault: 'huge-header', says: [ok, /x-huge-0: x{20000}\r\n/], noted: completed },
  { fault: 'bad-status-line', says: [/^HTTP\/1\.1 2OO OK\r\n/], noted: broken },
  { fault: 'no-head', says: [/^\{"id":/] },
  { fault: 'bare-lf', says: [/^HTTP\/1\.1 200 OK\n/, /\n\n\{"id"/], lacks: [/\r/] },
  {
    fault: 'duplicate-content-length',
    says: [/content-length: (\d+)\r\ncontent-length: (?!\1\r)/],
  },
  { fault: 'length-and-chunked', says: [/content-length: \d+\r\ntransfer-encoding: chunked/] },
  {
    fault: 'informational;count=5',
    says: [/^(HTTP\/1\.1 103 [^]*?\r\n\r\n){5}HTTP\/1\.1 200 OK/],
    noted: completed,
  },
  {
    fault: 'trailers',
    stream: true,
    says: [/\r\n0\r\nx-sandbox-trailer: late\r\n\r\n$/],
    noted: completed,
  },
  {
    fault: 'late-second-response',
    keepAlive: true,
    leaveWhen: /sandbox\.poison/,
    says: [/^HTTP\/1\.1 200 OK[^]*\}HTTP\/1\.1 200 OK/],
    noted: completed,
  },
  {
    fault: 'no-done',
    stream: true,
    says: [usage, /\r\n0\r\n\r\n$/],
    lacks: [done],
    noted: completed,
  },
  { fault: 'no-finish-reason', stream: true, says: [done], lacks: [/"finish_reason":"/] },
  {
    fault: 'first-event-error',
    stream: true,
    says: [ok, /\r\n\r\n[0-9a-f]+\r\ndata: \{"error"/],
    lacks: [/choices/, done],
    noted: unbilled,
  },
  {
    fault: 'mid-stream-error;code=overloaded',
    stream: true,
    says: [/choices[^]*\{"error":[^]*overloaded/],
    lacks: [done, usage],
    noted: { outcome: 'completed', usage: null, usageDelivered: false },
  },
  { fault: 'malformed-event', stream: true, says: [/data: \{"choices":\[\{"delta":\n\n/, done] },
  { fault: 'big-event;bytes=50000', stream: true, says: [/"content":"x{50000}"/, done] },
  { fault: 'extra-after-done', stream: true, says: [/\[DONE\][^]*" late"/] },
  {
    fault: 'comments;count=2',
    stream: true,
    says: [/(: heartbeat\n\n[^]{0,12}){2}data: \{/, done],
  },
  {
    fault: 'json-for-stream',
    stream: true,
    says: [/application\/json/, /"chat\.completion"/],
    noted: completed,
  },
  { fault: 'stream-for-json', says: [/text\/event-stream/, /"chat\.completion\.chunk"/] },
  { fault: 'wrong-shape', says: [/"object":"chat\.completion"/], lacks: [/choices/] },
  {
    fault: 'other-model;model=gpt-9',
    stream: true,
    says: [/"model":"gpt-9"/],
    lacks: [/gpt-4o-mini/],
  },
  { fault: 'big-json;bytes=100000', says: [/"padding":"x{100000}"/, usage], noted: completed },
  {
    fault: 'no-usage',
    says: [ok, /choices/],
    lacks: [/"usage"/],
    noted: { usage: null, usageDelivered: false },
  },
  { fault: 'no-usage', stream: true, says: [done], lacks: [/"usage":\{/], noted: { usage: null } },
  { fault: 'usage-twice', stream: true, says: [/("usage":\{"prompt[^]*){2}/], noted: completed },
  { fault: 'usage-every-chunk', stream: true, says: [/("usage":\{"prompt[^]*){8}/] },
  { fault: 'usage-bad', says: [/"usage":\{"prompt_tokens":-5/], noted: { usageDelivered: true } },
  { fault: 'usage-bad;kind=float', stream: true, says: [/"usage":\{"prompt_tokens":1\.5/] },
  { fault: 'usage-bad;kind=string', says: [/"prompt_tokens":"12"/] },
  { fault: 'usage-bad;kind=huge', says: [/"prompt_tokens":1000000000000000000/] },
  { fault: 'usage-bad;kind=null', says: [/"prompt_tokens":null/] },
  { fault: 'invalid-utf8', says: [ok, /\xc3\(/], noted: completed },
  { fault: 'crlf-events', stream: true, says: [/\[DONE\]\r\n\r\n/], lacks: [/[^\r]\n/] },
  { fault: 'dialect', stream: true, says: [/data:\{/, /data:\[DONE\]/], lacks: [/data: /] },
  { fault: 'dialect;kind=cr', stream: true, says: [/\}\r\r/, /\[DONE\]\r\r/] },
  {
    fault: 'dialect;kind=fields',
    stream: true,
    says: [/id: 7\nretry: 1000\nevent: message\ndata: /],
  },
  { fault: 'dialect;kind=mixed', stream: true, says: [/\}\r\n\n/] },
  { fault: 'byte-order-mark', stream: true, says: [/\r\n\r\n[0-9a-f]+\r\n\xef\xbb\xbfdata: /] },
  { fault: 'one-byte-chunks', says: [/\r\n\r\n1\r\n\{\r\n1\r\n"\r\n/], noted: completed },
  { fault: 'gzip', says: [/content-encoding: gzip/], lacks: [/choices/], noted: completed },
  { fault: 'gzip;coding=br;layers=3', stream: true, says: [/content-encoding: br, br, br/] },
  {
    fault: 'gzip-bomb;bytes=1000000',
    says: [/content-encoding: gzip/, /content-length: \d{3,4}\r/],
  },
];
