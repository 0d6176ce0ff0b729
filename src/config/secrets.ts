import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
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

/** 32 random bytes as hexadecimal text. */
function kept(path: string): string {
  try {
    const handle = openSync(path, 'wx', 0o600);
    const text = randomBytes(32).toString('hex');
    writeSync(handle, text);
    fsyncSync(handle);
    closeSync(handle);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const text = readFileSync(path, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new Error(`${path} is damaged: it must hold 64 hexadecimal digits`);
  }
  return text;
}
