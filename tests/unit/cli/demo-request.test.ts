import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { asCurl } from '../../../src/cli/demo/request.ts';

/** The words that a shell gives to the command. */
const wordsOf = (command: string, variables: Record<string, string>): string[] =>
  execFileSync('sh', ['-c', `curl() { printf '%s\\0' "$@"; }; ${command}`], {
    encoding: 'utf8',
    env: variables,
  })
    .split('\0')
    .slice(0, -1);

test('a command says what is sent, whatever is in it', () => {
  const command = asCurl({
    url: '$TOLLGATE/graphql',
    headers: { authorization: 'Bearer $ADMIN' },
    body: { query: `{ key(id: "$ID") { name } } # it's $5 \`here\` \\ "there"` },
  });
  expect(wordsOf(command, { TOLLGATE: 'http://x', ADMIN: 'secret', ID: '7' })).toEqual([
    '-s',
    'http://x/graphql',
    '-H',
    'authorization: Bearer secret',
    '-H',
    'content-type: application/json',
    '-d',
    JSON.stringify({ query: `{ key(id: "7") { name } } # it's $5 \`here\` \\ "there"` }),
  ]);
});

test('streams are shown as they come, and other methods named', () => {
  const command = asCurl({ method: 'PUT', url: '$SANDBOX/x', isStream: true });
  expect(wordsOf(command, { SANDBOX: 'http://y' })).toEqual(['-sN', '-X', 'PUT', 'http://y/x']);
});
