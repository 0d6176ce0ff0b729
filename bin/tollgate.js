#!/usr/bin/env node
// Starts Tollgate on a Node that can run it. An older host Node hands over to the pinned one that
// was installed along; this file must therefore load on any Node with ES modules.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const MAJOR_MIN = 26;
/** MiB. What a call allocates is gone when it ends; with little room it would be copied first. */
const NURSERY = ['--max-semi-space-size=32', '--min-semi-space-size=16'];
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const compiled = here('../dist/src/cli/main.js');

if (!existsSync(compiled)) {
  console.error('Tollgate is not built yet: run `npm run build` first.');
  process.exit(1);
}

const args = process.argv.slice(2);

if (Number(process.versions.node.split('.')[0]) < MAJOR_MIN) {
  handOver();
} else if (args[0] === 'serve' && needsRoom() && typeof process.execve === 'function') {
  const words = [process.execPath, ...NURSERY, ...process.execArgv, here('./tollgate.js'), ...args];
  process.execve(process.execPath, words, process.env);
} else {
  // Compiled code is kept between starts: every command loads the same modules.
  module.enableCompileCache?.();
  await import('../dist/src/cli/main.js');
}

/** Node sizes the nursery of its heap when it starts, so the server starts itself anew with room. */
function needsRoom() {
  return !process.execArgv.some((word) => word.startsWith('--max-semi-space-size'));
}

function handOver() {
  const suffix = process.platform === 'win32' ? 'node.exe' : 'bin/node';
  const names = ['node', 'node-bin'].map((name) => `${name}-${process.platform}-${process.arch}`);
  const roots = ['../node_modules', '../..'];
  const paths = roots.flatMap((root) => names.map((name) => here(`${root}/${name}/${suffix}`)));
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) {
    console.error(`Tollgate needs Node ${MAJOR_MIN} or later; this is ${process.version}.`);
    process.exit(1);
  }
  const child = spawn(found, [here('./tollgate.js'), ...args], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
