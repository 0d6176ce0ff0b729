import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Above the sources, and one further up above what is built of them. */
const MANIFESTS = ['../package.json', '../../package.json'];

/** Of Tollgate, as its package says. */
export const version: string = (() => {
  const file = MANIFESTS.map((path) => join(import.meta.dirname, path)).find((path) =>
    existsSync(path),
  );
  if (file === undefined) throw new Error('package.json is missing');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
})();
