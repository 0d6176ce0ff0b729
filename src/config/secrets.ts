import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Secret } from '../lib/secret.ts';
import type { Settings } from './settings.ts';

export interface Secrets {
  admin: Secret;
  /** Where the admin secret can be read; null when it came from the environment. */
  adminFile: string | null;
  pepper: Buffer;
  masterKey: Buffer;
}

/**
 * The secrets of an installation: from the environment, else from 0600 files made once in the data
 * directory. Safe when several processes start at the same time.
 */
export function loadSecrets(settings: Settings): Secrets {
  mkdirSync(settings.dataDir, { recursive: true, mode: 0o700 });
  const file = (name: string) => join(settings.dataDir, name);
  const pepper = settings.pepper ?? kept(file('pepper'));
  const masterKey = settings.masterKey ?? kept(file('master-key'));
  return {
    admin: new Secret(settings.adminSecret ?? kept(file('admin-secret'))),
    adminFile: settings.adminSecret === undefined ? file('admin-secret') : null,
    pepper: Buffer.from(pepper, 'utf8'),
    masterKey: Buffer.from(masterKey, 'hex'),
  };
}

/**
 * 32 random bytes as hexadecimal text. The file appears whole or not at all: it is written under
 * another name and linked, and who comes second takes the first one's.
 */
function kept(path: string): string {
  if (!existsSync(path)) {
    const draft = `${path}.${randomBytes(6).toString('hex')}`;
    const handle = openSync(draft, 'wx', 0o600);
    writeSync(handle, randomBytes(32).toString('hex'));
    fsyncSync(handle);
    closeSync(handle);
    try {
      linkSync(draft, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      unlinkSync(draft);
    }
    syncDirectory(dirname(path));
  }
  const text = readFileSync(path, 'utf8').trim();
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw new Error(`${path} is damaged: it must hold 64 hexadecimal digits`);
}

/** Without it a power loss could drop the name of a file whose secret the database goes by. */
function syncDirectory(path: string): void {
  // Windows opens no directories, and writes their names by itself.
  if (process.platform === 'win32') return;
  const handle = openSync(path, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
