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
  reporters: ['default', '<rootDir>/tests/support/totals-reporter.js'],
  // The suites wait more than they compute: two at a time also on two cores.
  maxWorkers: 2,
  testTimeout: 30_000,
};
