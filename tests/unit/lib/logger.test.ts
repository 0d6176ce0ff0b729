import { spawn } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { createLogger } from '../../../src/lib/logger.ts';
import { Secret } from '../../../src/lib/secret.ts';

const CANARY = 'canary-c0ffee-tail';

function capture(level: 'info' | 'debug' = 'info') {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, logger: createLogger({ level, destination }) };
}

test('a line holds level, ISO time, the given fields and the message, and nothing else', () => {
  const { lines, logger } = capture();
  logger.info({ requestId: 'r1' }, 'served');
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  expect(Object.keys(line).toSorted()).toEqual(['level', 'msg', 'requestId', 'time']);
  expect(line).toMatchObject({ level: 30, msg: 'served', requestId: 'r1' });
  expect(new Date(String(line['time'])).toISOString()).toBe(line['time']);
});

test('levels below the chosen one are silent', () => {
  const quiet = capture('info');
  quiet.logger.debug('no');
  const open = capture('debug');
  open.logger.debug('yes');
  expect([quiet.lines.length, open.lines.length]).toEqual([0, 1]);
});

const secret = new Secret(CANARY);
const error = Object.assign(new Error('failed'), { secret, headers: { authorization: CANARY } });

test.each<[string, (logger: ReturnType<typeof createLogger>) => void]>([
  ['a Secret as a field', (l) => l.info({ secret })],
  ['a Secret far below', (l) => l.info({ a: { b: [{ c: { d: secret } }] } })],
  ['a Secret as the message', (l) => l.info('%s %o %j', secret, secret, secret)],
  ['a Secret as the object', (l) => l.info(secret, 'text')],
  ['a Secret bound to a child', (l) => l.child({ secret, deep: { secret } }).info('text')],
  ['authorization', (l) => l.info({ authorization: CANARY })],
  ['api_key', (l) => l.info({ api_key: CANARY })],
  ['apiKey', (l) => l.info({ credential: { apiKey: CANARY } })],
  ['cookie', (l) => l.info({ headers: { cookie: CANARY } })],
  ['Authorization', (l) => l.info({ headers: { Authorization: [CANARY] } })],
  ['two levels down', (l) => l.info({ request: { headers: { authorization: CANARY } } })],
  ['in a child', (l) => l.child({ headers: { authorization: CANARY } }).info('text')],
  ['an error', (l) => l.error({ err: error }, 'text')],
  ['an error as the object', (l) => l.error(error)],
])('not shown: %s', (_name, write) => {
  const { lines, logger } = capture();
  write(logger);
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toMatch(/canary|c0ffee|tail/);
});

test('a redacted field and a Secret both print as a placeholder, their neighbours stay', () => {
  const { lines, logger } = capture();
  const given = { headers: { cookie: 'x', accept: 'y' }, deep: { key: { secret } } };
  logger.info(given);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    headers: { cookie: '[redacted]', accept: 'y' },
    deep: { key: { secret: '[redacted]' } },
  });
  expect(given.headers.cookie).toBe('x');
  expect(given.deep.key.secret.reveal()).toBe(CANARY);
});

test('line breaks in fields, keys and messages stay within one line', () => {
  const { lines, logger } = capture();
  logger.info({ 'a\nb': 'c\r\nd\u2028' }, 'e\n{"level":60}\rf %s', 'g\nh');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^[^\r\n]*\n$/);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ 'a\nb': 'c\r\nd\u2028', level: 30 });
});

const source = JSON.stringify(new URL('../../../src/lib/logger.ts', import.meta.url).href);

function run(script: string, closeStderr: boolean) {
  const code = `const { createLogger } = await import(${source});
    const logger = createLogger({ level: 'info' }); ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code]);
  let [out, err] = ['', ''];
  child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
  if (closeStderr) child.stderr.destroy();
  else child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
  return new Promise<{ status: number | null; out: string; err: string }>((resolve) => {
    child.on('close', (status) => resolve({ status, out, err }));
  });
}

test('standard error is the default, and what is buffered is written at exit', async () => {
  const script = `for (let n = 0; n < 500; n += 1) logger.info({ n }); process.exit(3);`;
  const { status, out, err } = await run(script, false);
  const numbers = err
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { n: number }).n);
  // A write that was under way may come to its end behind what the exit wrote.
  const inOrder = numbers.toSorted((one, other) => one - other);
  expect(inOrder).toEqual(Array.from({ length: 500 }, (_, n) => n));
  expect([status, out]).toEqual([3, '']);
});

test('a reader that goes away ends logging, not the process', async () => {
  const script = `let turns = 0;
    const timer = setInterval(() => {
      logger.info('x'.repeat(10_000));
      turns += 1;
      if (turns === 40) { clearInterval(timer); process.stdout.write('still here'); }
    }, 5);`;
  expect(await run(script, true)).toMatchObject({ status: 0, out: 'still here' });
});
