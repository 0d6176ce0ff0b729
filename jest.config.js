import { tmpdir } from 'node:os';
import { join } from 'node:path';

// What the tests of one run make once for all; workers have it by their environment.
process.env['TEST_RUN_DIR'] ??= join(tmpdir(), `tollgate-run-${process.pid}`);
// The threads and programs of all tests load the same modules: what they compile to is kept.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'tollgate-compiled');

// The suites run as ES modules on the pinned Node (see package.json, "test").
export const suite = (name, extra = {}) => ({
  displayName: name,
  testMatch: [`<rootDir>/tests/${name}/**/*.test.ts`],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: false,
          },
          target: 'es2023',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  ...extra,
});

export default {
  projects: [suite('unit'), suite('integration'), suite('e2e')],
  globalTeardown: '<rootDir>/tests/support/forget-run.js',
  reporters: ['default', '<rootDir>/tests/support/totals-reporter.js'],
  // The suites wait a good part of their time: three at a time also on two cores.
  maxWorkers: 3,
  // ES modules of a test file stay in memory after it: a worker that has gathered many makes room.
  workerIdleMemoryLimit: '1GB',
  // No test is judged by how long it takes: this ends what hangs.
  testTimeout: 120_000,
};
