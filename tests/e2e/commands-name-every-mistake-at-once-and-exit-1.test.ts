import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import {
  BIN,
  runCommand,
  runProgram,
  startServer,
  temporaryDirectory,
} from '../support/server-process.ts';
import type { CommandResult } from '../support/server-process.ts';

/** A start that is refused ends at once. */
const REFUSAL_MS = 5000;

const STACK = /^\s+at /m;

/** A command line, in a directory of its own, perhaps with a `tollgate.yaml`. */
interface Line {
  line: string;
  file?: object;
  env?: Record<string, string>;
}

async function run({ line, file, env = {} }: Line): Promise<CommandResult> {
  const dataDir = await temporaryDirectory('file');
  if (file !== undefined) await writeFile(join(dataDir, 'tollgate.yaml'), stringify(file));
  return await runCommand(line.split(' ').filter(Boolean), { TOLLGATE_DATA_DIR: dataDir, ...env });
}

/** Runs all lines side by side before the tests, each of which then judges one. */
function beforehand<T extends Line>(lines: readonly T[]) {
  const results = new Map<Line, CommandResult>();
  beforeAll(async () => {
    await Promise.all(lines.map(async (line) => results.set(line, await run(line))));
  });
  return (line: T) => results.get(line) ?? { code: null, stdout: '', stderr: 'it did not run' };
}

/** The mistakes listed on standard error; fails unless the command ended as a mistake should. */
function mistakesOf({ code, stdout, stderr }: CommandResult): string[] {
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).not.toMatch(STACK);
  return stderr.split('\n').flatMap((line) => /^ {2}- (.+)$/.exec(line)?.[1] ?? []);
}

describe('help', () => {
  const names = [
    { of: '', words: ['serve', 'sandbox', 'create-key', 'list-keys', 'update-key', 'usage'] },
    { of: '', words: ['list-credentials', 'ban-credential', 'lift-ban', 'select-credential'] },
    { of: '', words: ['explain', 'ledger'] },
    { of: 'serve', words: ['--host', '--port', '--log-level', '--data-dir', '--config'] },
    { of: 'sandbox', words: ['--host', '--port', '--chunks', '--pace-ms'] },
    { of: 'create-key', words: ['--name', '--rate-limit', '--expires', '--pool', '--data-dir'] },
    { of: 'list-keys', words: ['--data-dir', '--config'] },
    { of: 'update-key', words: ['<id>', '--name', '--rate-limit', '--activate', '--deactivate'] },
    { of: 'list-credentials', words: ['--data-dir', '--config'] },
    { of: 'ban-credential', words: ['<credential>', 'pool/name', '--model', '--for', '--note'] },
    { of: 'lift-ban', words: ['<credential>', 'pool/name', '--model', '--data-dir'] },
    { of: 'select-credential', words: ['<credential>', 'selected_then_rotate', '--data-dir'] },
    { of: 'explain', words: ['<request-id>', 'x-request-id', '--data-dir'] },
    { of: 'usage', words: ['--days', '--data-dir'] },
    { of: 'ledger', words: ['verify'] },
    { of: 'ledger verify', words: ['--data-dir', '--config'] },
  ].map((row) => ({ ...row, line: `${row.of} --help` }));
  const resultOf = beforehand(names);

  test.each(names)('of `tollgate $of` is there', (row) => {
    const { code, stdout, stderr } = resultOf(row);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: tollgate ${row.of}`.trimEnd());
    expect(row.words.filter((word) => !stdout.includes(word))).toEqual([]);
  });
});

describe('the command line', () => {
  const wrong = [
    {
      line: 'create-key -r abc --expires 0 --bogus=3 -x extra',
      names: ['--bogus=3', '-x', 'extra', '--rate-limit', '--expires', '--name'],
    },
    {
      line: 'update-key --rate-limit -1 --activate --deactivate',
      names: ['<id>', '--rate-limit', '--activate'],
    },
    {
      line: 'sandbox --port 99999 --chunks 0 --pace-ms -5 --wat',
      names: ['--wat', '--port', '--chunks', '--pace-ms'],
    },
    { line: 'ledger verify --fast now', names: ['--fast', 'now'] },
    {
      line: 'ban-credential --for 10 --model= --note= --wat',
      names: ['--wat', '<credential>', '--for', '--model', '--note'],
    },
    { line: 'lift-ban --model=', names: ['<credential>', '--model'] },
    { line: 'select-credential one two', names: ['two'] },
    { line: 'explain --all', names: ['--all', '<request-id>'] },
  ];
  const unknown = ['bogus', 'ledger bogus'].map((line) => ({ line }));
  const both = { line: 'serve --wat', env: { PORT: 'abc' } };
  const resultOf = beforehand<Line>([...wrong, ...unknown, both]);

  test.each(wrong)('`$line`: every mistake is named', (row) => {
    const mistakes = mistakesOf(resultOf(row));
    const unnamed = row.names.filter((name) => !mistakes.some((text) => text.startsWith(name)));
    expect({ unnamed, mistakes }).toEqual({ unnamed: [], mistakes });
    expect(mistakes).toHaveLength(row.names.length);
  });

  test.each(unknown)('`$line` is unknown and says so', (row) => {
    const { code, stderr } = resultOf(row);
    expect(code).toBe(1);
    expect(stderr).toContain("unknown command 'bogus'");
    expect(stderr).not.toMatch(STACK);
  });

  test('mistakes of the line and of the environment come together', () => {
    expectEach(mistakesOf(resultOf(both)), [/^--wat: /, /^PORT: /]);
  });
});

const credential = {
  name: 'one',
  provider: 'sandbox',
  api_key: 'k',
  base_url: 'http://localhost/v1',
};

/** Parts of one bad file; each is a mistake of its own kind. */
const bad = {
  unknownField: { name: 'a', rpm: 3, credentials: [credential] },
  wrongType: { name: 'b', attempts_max: 'three', credentials: [credential] },
  badUrl: { name: 'c', credentials: [{ ...credential, base_url: 'ftp://nowhere' }] },
  twice: { name: 'd', credentials: [credential, credential] },
  sameName: { name: 'd', credentials: [credential] },
  missingReference: { name: 'e', credentials: [{ ...credential, api_key: 'os.environ/NO_SUCH' }] },
  unknownProvider: { name: 'f', credentials: [{ ...credential, provider: 'acme' }] },
  unknownStrategy: { name: 'g', strategy: 'best', credentials: [credential] },
};

/** Mistakes of what pools do with models and failures. */
const badPolicy = {
  name: 'a',
  preset: 'router',
  heartbeat: 'often',
  models: [
    { name: 'm', upstream: '*' },
    { name: 'm', credentials: ['one', 'two'], provider: 'acme' },
  ],
  bans: { error_codes: [404], max_attempts: 0 },
  ejection: { duration: '2m', duration_max: '1m' },
  credentials: [{ ...credential, weight: 0, rpm: -2 }],
};

const ENVIRONMENT = { PORT: 'abc', ADMIN_SECRET: 'much-too-short', LOG_LEVEL: 'loud' };
const inEnvironment = [/^PORT: /, /^ADMIN_SECRET: .*32/, /^LOG_LEVEL: .*info/];

const fields = {
  line: 'serve',
  file: { pools: [bad.unknownField, bad.wrongType, bad.badUrl] },
  env: ENVIRONMENT,
};
const names = {
  line: 'serve',
  file: { pools: [bad.twice, bad.sameName, bad.missingReference] },
  env: ENVIRONMENT,
};
const registries = {
  line: 'serve',
  file: {
    pools: [bad.unknownProvider, bad.unknownStrategy],
    prices: [{ provider: 'opanai', model: 'm', input: 1 }],
  },
};
const policies = { line: 'serve', file: { pools: [badPolicy] } };
const everything = {
  line: 'serve',
  file: { pools: Object.values(bad), server: { port: 'x' }, cache: true },
  env: ENVIRONMENT,
};
const others = ['list-keys', 'create-key --name x'].map((line) => ({
  line,
  file: { pools: [bad.unknownField] },
}));

describe('the configuration', () => {
  const resultOf = beforehand<Line>([fields, names, registries, policies, everything, ...others]);

  test('wrong fields and values are named, with the mistakes of the environment', () => {
    expectEach(mistakesOf(resultOf(fields)), [
      /pools\[0\]\.rpm: unknown field/,
      /pools\[1\]\.attempts_max: /,
      /pools\[2\]\.credentials\[0\]\.base_url: /,
      ...inEnvironment,
    ]);
  });

  test('names used twice and missing references are named, with the mistakes of the environment', () => {
    expectEach(mistakesOf(resultOf(names)), [
      /pools: .*"d" is used twice/,
      /pools\[0\]\.credentials: .*"one" is used twice/,
      /pools\[2\]\.credentials\[0\]\.api_key: .*NO_SUCH/,
      ...inEnvironment,
    ]);
  });

  test('unknown providers and strategies are named, with the known ones', () => {
    expectEach(mistakesOf(resultOf(registries)), [
      /pools\[0\]\.credentials\[0\]\.provider: .*"acme".*vercel/,
      /pools\[1\]\.strategy: .*"best".*round_robin/,
      /prices\[0\]\.provider: .*"opanai".*x-ai/,
    ]);
  });

  test('what a pool does with models and failures is judged in the same go', () => {
    const at = 'pools\\[0\\]\\.';
    expectEach(
      mistakesOf(resultOf(policies)),
      [
        'preset: .*auto-router',
        'heartbeat: .*such as 30s',
        'models\\[0\\]\\.upstream: has more "\\*"',
        'models\\[1\\]\\.credentials: the pool has no "two"',
        'models\\[1\\]\\.provider: there is no "acme"',
        "bans\\.error_codes\\[0\\]: is the client's fault",
        'bans\\.max_attempts: ',
        'ejection\\.duration_max: must not be less',
        'credentials\\[0\\]\\.weight: ',
        'credentials\\[0\\]\\.rpm: ',
      ].map((pattern) => new RegExp(at + pattern)),
    );
  });

  test('mistakes of every kind are named in one go', () => {
    expectEach(mistakesOf(resultOf(everything)), [
      /: cache: unknown field/,
      /\.rpm: unknown field/,
      /\.attempts_max: /,
      /\.base_url: /,
      /"d" is used twice/,
      /"one" is used twice/,
      /NO_SUCH/,
      /"acme"/,
      /"best"/,
      ...inEnvironment,
    ]);
  });

  test('a mistake is told in words and never shows a secret', () => {
    const { stderr } = resultOf(fields);
    expect(stderr).not.toContain(ENVIRONMENT.ADMIN_SECRET);
    expect(stderr).not.toMatch(/NaN|: value:/);
  });

  test.each(others)('`$line` refuses a bad one as well', (row) => {
    expectEach(mistakesOf(resultOf(row)), [/pools\[0\]\.rpm: unknown field/]);
  });
});

/** One mistake for each pattern, and nothing else. */
function expectEach(mistakes: readonly string[], patterns: readonly RegExp[]): void {
  const unnamed = patterns.filter((pattern) => !mistakes.some((text) => pattern.test(text)));
  expect({ unnamed: unnamed.map(String), mistakes }).toEqual({ unnamed: [], mistakes });
  expect(mistakes).toHaveLength(patterns.length);
}

describe('a server that cannot start', () => {
  test('because another serves the data directory says so and ends', async () => {
    const { dataDir } = await startServer({});
    const env = { TOLLGATE_DATA_DIR: dataDir, PORT: '0' };
    const second = await runCommand(['serve'], env, REFUSAL_MS);
    expect(second.stderr).toMatch(/another process serves the data directory/i);
    expect(mistakesOf(second)).toEqual([]);
  });

  test('because its port is taken says so and ends', async () => {
    const taker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taker.once('listening', resolve));
    const PORT = String((taker.address() as AddressInfo).port);
    const env = { TOLLGATE_DATA_DIR: await temporaryDirectory(), PORT };
    const refused = await runCommand(['serve'], env, REFUSAL_MS);
    taker.close();
    expect(refused.stderr).toContain('The address is in use by another program');
    expect(refused.stderr).toContain(PORT);
    expect(mistakesOf(refused)).toEqual([]);
  });
});

test('a reader that leaves early, such as `head`, is no crash', async () => {
  const command = `"${process.execPath}" "${BIN}" list-keys | true`;
  const env = { TOLLGATE_DATA_DIR: await temporaryDirectory() };
  const { stderr } = await runProgram('sh', ['-c', command], { env });
  expect(stderr).toBe('');
});
