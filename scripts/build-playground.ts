/**
 * Builds the playground (`playground/`) into `dist/playground`, compressed as the server keeps it.
 * Does nothing when what is there was built from the same sources and versions.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const root = join(import.meta.dirname, '..');
const sources = join(root, 'playground');
const target = join(root, 'dist/playground');
const stamp = join(target, 'built-from');

/** Packages whose versions show in what is built. */
const PACKAGES = ['vite', 'graphiql', '@graphiql/react', 'monaco-editor', 'react', 'graphql-ws'];

/**
 * GraphiQL brings half a megabyte of fonts inside its styles: for its texts, where the page uses those
 * of the system, and the editor's icons, which the editor brings as well.
 */
const withoutFonts: Plugin = {
  name: 'without-fonts',
  enforce: 'pre',
  transform: (code, id) =>
    id.endsWith('/graphiql/dist/style.css') ? code.replaceAll(/@font-face\s*\{[^}]*\}/g, '') : null,
};

const wanted = fingerprint();
if (!existsSync(join(root, 'node_modules/vite'))) {
  // As after `npm ci --omit=dev`: what is there serves, whatever it was built from.
  if (!existsSync(stamp)) console.error('The playground is left out: vite is not installed.');
} else if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  await build();
}

function fingerprint(): string {
  const hash = createHash('sha256');
  const manifests = PACKAGES.map((name) => join(root, 'node_modules', name, 'package.json'));
  for (const file of [import.meta.filename, ...filesIn(sources), ...manifests]) {
    hash.update(`${file.slice(root.length)}\0`);
    if (existsSync(file)) hash.update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** Built aside and then moved into place: a server that starts meanwhile finds all of it, or nothing. */
async function build(): Promise<void> {
  // React checks far more, slowly, in any other.
  process.env['NODE_ENV'] = 'production';
  const vite = await import('vite');
  const made = join(root, 'dist', `playground-${process.pid}`);
  try {
    await vite.build({
      configFile: false,
      root: sources,
      // Also under a path that a proxy puts before ours.
      base: './',
      // Packages bring directives for other bundlers along, and each would be told of.
      logLevel: 'error',
      oxc: { jsx: { runtime: 'automatic' } },
      worker: { format: 'es' },
      plugins: [withoutFonts],
      build: {
        outDir: made,
        emptyOutDir: true,
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
        // The editor itself has 3 MB.
        chunkSizeWarningLimit: 4000,
      },
    });
    filesIn(made).forEach(compress);
    writeFileSync(join(made, 'built-from'), wanted);
    rmSync(target, { recursive: true, force: true });
    renameSync(made, target);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

function compress(file: string): void {
  writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
  rmSync(file);
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name)).toSorted();
}
