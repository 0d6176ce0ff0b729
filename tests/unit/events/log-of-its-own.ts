import { rm } from 'node:fs/promises';
import { afterEach } from '@jest/globals';
import { openDatabase } from '../../../src/database.ts';
import { EventLog } from '../../../src/events/log.ts';
import { createLogger } from '../../../src/lib/logger.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { preparedDirectory } from '../../support/prepared-database.ts';

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** A data directory, and how to open it as one process and as another. */
export async function aDirectory() {
  const dataDir = await preparedDirectory();
  cleanups.push(() => rm(dataDir, { recursive: true }));
  return async () => {
    const { orm, file } = await openDatabase(dataDir);
    cleanups.push(() => orm.close());
    const { em } = orm;
    /** A log that begins after what is there; nobody looks for new rows but who asks. */
    const aLog = async () => {
      const log = new EventLog(em, new ManualClock(), createLogger({ level: 'silent' }));
      await log.start();
      cleanups.push(() => log.close());
      return log;
    };
    return { em, file, aLog };
  };
}

export const draft = (type: string, subject = 'thing') => ({ type, subject, actor: 'system' });
