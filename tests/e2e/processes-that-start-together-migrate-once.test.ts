import { expect, test } from '@jest/globals';
import { runCommand, temporaryDirectory } from '../support/server-process.ts';

test('four commands on a new data directory all work, and find one schema', async () => {
  const dataDir = await temporaryDirectory();
  const list = () => runCommand(['list-keys'], { TOLLGATE_DATA_DIR: dataDir });
  const results = await Promise.all([list(), list(), list(), list()]);
  for (const result of results) {
    expect(result).toEqual({ code: 0, stdout: 'No API keys found.\n', stderr: '' });
  }
});
