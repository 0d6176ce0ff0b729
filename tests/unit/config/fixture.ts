import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';

let directory = '';
let serial = 0;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-config-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Where this test file's configuration files are. */
export const fileDirectory = (): string => directory;

/** The environment that names a configuration file with this text. */
export function aFile(text: string): Record<string, string> {
  serial += 1;
  const path = join(directory, `${serial}.yaml`);
  writeFileSync(path, text);
  return { TOLLGATE_CONFIG: path };
}
