/**
 * Fails when the lockfile could not be installed elsewhere: npm drops an optional dependency that
 * its registry lacked at the time, and `npm ci` then refuses; addresses would tie it to one registry.
 */
import { readFileSync } from 'node:fs';

interface Entry {
  resolved?: string;
  link?: boolean;
  integrity?: string;
  optionalDependencies?: Record<string, string>;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, Entry>;
};
const mistakes: string[] = [];
for (const [path, entry] of Object.entries(packages)) {
  if (entry.resolved !== undefined) mistakes.push(`${path}: names an address`);
  if (path !== '' && entry.integrity === undefined) mistakes.push(`${path}: has no integrity hash`);
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    if (!isFound(path, name)) mistakes.push(`${path || '(root)'}: optional ${name} is missing`);
  }
}

/** As Node resolves a package: beside the one that wants it, then in every folder above. */
function isFound(from: string, name: string): boolean {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`] !== undefined) return true;
    if (at === '') return false;
  }
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
  string,
  Record<string, string>
>;
for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
  for (const [name, version] of Object.entries(manifest[kind] ?? {})) {
    if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      mistakes.push(`${name}: ${version} is no exact version`);
  }
}

for (const mistake of mistakes) console.error(mistake);
process.exit(mistakes.length === 0 ? 0 : 1);
