import { rm } from 'node:fs/promises';

/** Nothing of a run is there for the next. */
export default async function forgetRun() {
  await rm(process.env['TEST_RUN_DIR'], { recursive: true, force: true });
}
