/**
 * Writes what is made of `protos/`: the types in src/grpc/generated, and `protos/baseline.binpb`, the
 * contract that clients were given. Refuses a contract that lints badly or breaks them, unless the
 * break is meant (`--break`). `--check` changes nothing and fails when something is not what it
 * would write.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const types = join(root, 'src/grpc/generated');
const baseline = join(root, 'protos/baseline.binpb');

const fresh = mkdtempSync(join(tmpdir(), 'tollgate-protos-'));
process.on('exit', () => rmSync(fresh, { recursive: true }));

run('buf', ['lint', 'protos']);
if (!process.argv.includes('--break')) {
  run('buf', ['breaking', 'protos', '--against', 'protos/baseline.binpb']);
}
const madeTypes = join(fresh, 'types');
makeTypes(madeTypes);
const madeBaseline = join(fresh, 'baseline.binpb');
// Without its comments: they may be mended at any time.
run('buf', ['build', 'protos', '--exclude-source-info', '-o', madeBaseline]);
if (process.argv.includes('--check')) {
  if (isStale()) {
    console.error('what is made of protos/ is stale: run `npm run generate:protos`');
    process.exit(1);
  }
} else {
  rmSync(types, { recursive: true, force: true });
  cpSync(madeTypes, types, { recursive: true });
  cpSync(madeBaseline, baseline);
  console.log('wrote src/grpc/generated and protos/baseline.binpb');
}

function run(program: string, args: string[]): void {
  try {
    execFileSync(join(root, 'node_modules/.bin', program), args, { cwd: root, stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: Buffer; stderr: Buffer };
    console.error(Buffer.concat([stdout, stderr]).toString());
    console.error(`${program} finds fault with protos/: see docs/grpc.md, "The contract"`);
    process.exit(1);
  }
}

/** For messages as src/grpc/protos.ts loads them. */
function makeTypes(folder: string): void {
  const shape = ['--longs=String', '--enums=String', '--defaults', '--oneofs'];
  const files = ['--targetFileExtension=.ts', '--importFileExtension=.ts'];
  run('proto-loader-gen-types', [
    // Takes several values, so that it cannot be the last of the options.
    '--includeDirs=protos',
    ...shape,
    ...files,
    '--grpcLib=@grpc/grpc-js',
    `--outDir=${folder}`,
    ...globSync('**/*.proto', { cwd: join(root, 'protos') }).toSorted(),
  ]);
}

function isStale(): boolean {
  const names = new Set([madeTypes, types].flatMap((cwd) => globSync('**/*.ts', { cwd })));
  return (
    [...names].some((name) => text(join(madeTypes, name)) !== text(join(types, name))) ||
    text(madeBaseline) !== text(baseline)
  );
}

/** Null when there is no such file. */
function text(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
